//! The text form of keys, which is Nix's: `name:base64`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::error::KeyError;
use super::name::KeyName;

/// Splits a key into its name and its bytes, which may be secret.
pub(super) fn read(text: &str) -> Result<(KeyName, Zeroizing<Vec<u8>>), KeyError> {
    let (name, base64) = text.trim().split_once(':').ok_or(KeyError::Form)?;
    let name = KeyName::parse(name)?;
    let bytes = STANDARD.decode(base64).map_err(|_| KeyError::Base64)?;
    Ok((name, Zeroizing::new(bytes)))
}

/// The text of a key.
pub(super) fn write(name: &KeyName, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(KeyName::MAX_LEN + 1 + bytes.len().div_ceil(3) * 4);
    text.push_str(name.as_str());
    text.push(':');
    STANDARD.encode_string(bytes, &mut text);
    text
}
