//! Sealing: AES-256-GCM with a key of its own for every object.
//!
//! A sealed message is `salt (32) ‖ ciphertext ‖ tag (16)`. The object's key is HKDF-SHA-256 (RFC 5869) of
//! the master key with that random salt, so the nonce can be constant: no key is ever used twice.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hkdf::Hkdf;
use nx_s3_cache_aes::{Cipher, TAG_LEN};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::secret::Secret;

/// Bytes of the random salt in front of each sealed message.
pub const SALT_LEN: usize = 32;
/// How much longer a sealed message is than the plain one.
pub const OVERHEAD: usize = SALT_LEN + TAG_LEN;

/// What Argon2id costs: 19 MiB, two passes, one lane (the OWASP baseline); about 35 ms, once a process.
const ARGON2_MEMORY_KIB: u32 = 19 * 1024;
const ARGON2_PASSES: u32 = 2;

const PASSPHRASE_SALT: &[u8] = b"nx-s3-cache v1 passphrase";
const SEAL_INFO: &[u8] = b"nx-s3-cache v1 seal";
const CHUNK_ID_INFO: &[u8] = b"nx-s3-cache v1 chunk id";

/// Sealing, opening or deriving a key failed. It deliberately says no more: a wrong key, another namespace and damaged bytes
/// look the same.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system has no randomness, or the key could not be derived.
    #[error("could not seal: {0}")]
    Seal(&'static str),
    /// The message was not sealed with this key for this purpose, or is damaged.
    #[error("could not be opened: sealed with another encryptionKey, or damaged")]
    Open,
}

/// What all objects are sealed with, derived from the `encryptionKey` option.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey {
    master: [u8; 32],
    chunk_ids: [u8; 32],
}

impl MasterKey {
    /// Derives the key: 32 bytes in base64 or hexadecimal are the key itself; anything else is a passphrase
    /// and goes through Argon2id (RFC 9106), which takes tens of milliseconds.
    pub fn derive(secret: &Secret) -> Result<Self, SealError> {
        let master = match key_bytes(secret.expose()) {
            Some(key) => key,
            None => stretch(secret.expose())?,
        };
        let mut chunk_ids = [0; 32];
        expand(&master, None, CHUNK_ID_INFO, &mut chunk_ids)?;
        Ok(Self {
            master: *master,
            chunk_ids,
        })
    }

    /// The key for chunk ids.
    pub fn chunk_id_key(&self) -> &[u8; 32] {
        &self.chunk_ids
    }

    /// Seals `object` from `start` on, where it begins with [`SALT_LEN`] unused bytes: room for the salt. The message is bound
    /// to `context`: only the same context opens it.
    pub fn seal(&self, context: &[u8], object: &mut Vec<u8>, start: usize) -> Result<(), SealError> {
        let message = &mut object[start..];
        let (salt, plain) = message
            .split_first_chunk_mut::<SALT_LEN>()
            .ok_or(SealError::Seal("there is no room for a salt"))?;
        getrandom::fill(salt).map_err(|_| SealError::Seal("the system gives no random bytes"))?;
        let tag = self
            .cipher(salt)?
            .encrypt(context, plain)
            .ok_or(SealError::Seal("the message is too long"))?;
        object.extend_from_slice(&tag);
        Ok(())
    }

    /// The plain bytes of what [`MasterKey::seal`] made for the same `context`.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (salt, rest) = sealed.split_first_chunk::<SALT_LEN>().ok_or(SealError::Open)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(SealError::Open)?;
        let mut plain = ciphertext.to_vec();
        self.cipher(salt)?
            .decrypt(context, &mut plain, tag)
            .ok_or(SealError::Open)?;
        Ok(plain)
    }

    fn cipher(&self, salt: &[u8; SALT_LEN]) -> Result<Cipher, SealError> {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.master, Some(salt), SEAL_INFO, &mut key)?;
        Ok(Cipher::new(&key))
    }
}

/// The key that `text` encodes, if that is 32 bytes in hexadecimal or in base64 of either alphabet.
fn key_bytes(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.trim();
    let mut key = Zeroizing::new([0; 32]);
    if hex::decode_to_slice(text, key.as_mut_slice()).is_ok() {
        return Some(key);
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE].iter().find_map(|alphabet| {
        let bytes = Zeroizing::new(GeneralPurpose::new(alphabet, config).decode(text).ok()?);
        bytes.as_slice().try_into().ok().map(Zeroizing::new)
    })
}

/// The key of a passphrase. The salt is a constant since every machine must derive the same key.
fn stretch(passphrase: &str) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let failed = SealError::Seal("the passphrase could not be stretched");
    let mut key = Zeroizing::new([0; 32]);
    let derived = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, 1, Some(key.len())).and_then(|params| {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
            passphrase.as_bytes(),
            PASSPHRASE_SALT,
            key.as_mut_slice(),
        )
    });
    derived.map(|()| key).map_err(|_| failed)
}

fn expand(key: &[u8; 32], salt: Option<&[u8]>, info: &[u8], out: &mut [u8; 32]) -> Result<(), SealError> {
    Hkdf::<Sha256>::new(salt, key)
        .expand(info, out)
        .map_err(|_| SealError::Seal("the key could not be derived"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn seal(key: &MasterKey, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut sealed = [&[0; SALT_LEN], plain].concat();
        key.seal(context, &mut sealed, 0).unwrap();
        sealed
    }

    fn key(text: &str) -> MasterKey {
        MasterKey::derive(&Secret::new(text.into())).unwrap()
    }

    #[test]
    fn hex_and_base64_of_one_key_are_the_same_key() {
        let sealed = seal(&key(HEX), b"context", b"plain");
        for text in [
            BASE64,
            BASE64.trim_end_matches('='),
            &HEX.to_uppercase(),
            &format!(" {BASE64}\n"),
        ] {
            assert_eq!(key(text).open(b"context", &sealed).unwrap(), b"plain", "{text:?}");
        }
    }

    #[test]
    fn any_other_text_is_a_passphrase_and_the_same_on_every_machine() {
        let sealed = seal(&key("correct horse battery staple"), b"", b"plain");
        assert_eq!(
            key("correct horse battery staple").open(b"", &sealed).unwrap(),
            b"plain"
        );
        assert_eq!(
            key("correct horse battery stable").open(b"", &sealed),
            Err(SealError::Open)
        );
        assert_ne!(key("a").chunk_id_key(), key("b").chunk_id_key());
    }

    #[test]
    fn one_plain_text_never_looks_the_same_twice() {
        let key = key(HEX);
        assert_ne!(seal(&key, b"", b"plain"), seal(&key, b"", b"plain"));
    }

    #[test]
    fn another_context_another_key_or_any_changed_byte_does_not_open() {
        let sealed = seal(&key(HEX), b"context", b"plain");
        assert_eq!(sealed.len(), b"plain".len() + OVERHEAD);
        assert_eq!(key(HEX).open(b"Context", &sealed), Err(SealError::Open));
        assert_eq!(
            key(&HEX.replace("00", "01")).open(b"context", &sealed),
            Err(SealError::Open)
        );
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(
                key(HEX).open(b"context", &changed),
                Err(SealError::Open),
                "byte {at}"
            );
            assert_eq!(
                key(HEX).open(b"context", &sealed[..at]),
                Err(SealError::Open),
                "cut at {at}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_sealed_opens(
            plain in prop::collection::vec(any::<u8>(), 0..5000),
            context in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let key = key(HEX);
            prop_assert_eq!(key.open(&context, &seal(&key, &context, &plain)).unwrap(), plain);
        }
    }
}
