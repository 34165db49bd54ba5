//! AES-256-GCM with keys that are used once, so that the nonce is constant.

#![forbid(unsafe_code)]

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};

/// Bytes of the authentication tag.
pub const TAG_LEN: usize = 16;

/// A cipher for one message.
pub struct Cipher(Aes256Gcm);

impl Cipher {
    /// The cipher with `key`, which must never be used for another message.
    #[inline(never)]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Encrypts `bytes` in place, bound to `context`, and returns their tag; `None` when there are too many.
    #[inline(never)]
    pub fn encrypt(&self, context: &[u8], bytes: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        let encrypted = self
            .0
            .encrypt_inout_detached(&Default::default(), context, bytes.into());
        encrypted.ok().map(Into::into)
    }

    /// Decrypts `bytes` in place; `None`, and nothing decrypted, when that is not what was encrypted for `context`.
    #[inline(never)]
    pub fn decrypt(&self, context: &[u8], bytes: &mut [u8], tag: &[u8; TAG_LEN]) -> Option<()> {
        let decrypted =
            self.0
                .decrypt_inout_detached(&Default::default(), context, bytes.into(), &(*tag).into());
        decrypted.ok()
    }
}
