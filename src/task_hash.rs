//! The task hash: the name under which Nx asks for an artifact.

use std::fmt;

/// The longest task hash accepted, in bytes. Nx uses up to 20 decimal digits; other tools use hex digests.
const MAX_LEN: usize = 128;

/// A task hash as Nx computes it, checked to be safe as a file name and as part of an object key:
/// 1 to 128 ASCII letters, digits, `-` or `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskHash(String);

/// A string that can't be a task hash.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a task hash: expected 1 to 128 letters, digits, '-' or '_'")]
pub struct InvalidTaskHash(String);

impl TaskHash {
    /// Checks `hash`.
    pub fn parse(hash: &str) -> Result<Self, InvalidTaskHash> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if hash.is_empty() || hash.len() > MAX_LEN || !hash.bytes().all(safe) {
            return Err(InvalidTaskHash(hash.chars().take(MAX_LEN).collect()));
        }
        Ok(Self(hash.to_owned()))
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_nx_and_digests_produce() {
        for hash in [
            "0",
            "13784563425234523",
            "e3b0c44298fc1c149afbf4c8996fb924",
            "a-b_C",
        ] {
            assert_eq!(TaskHash::parse(hash).unwrap().as_str(), hash);
        }
        assert!(TaskHash::parse(&"a".repeat(128)).is_ok());
    }

    #[test]
    fn refuses_what_could_leave_its_directory_or_key() {
        for hash in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a b",
            "é",
            "a\0",
            "c:",
            &"a".repeat(129),
        ] {
            assert!(TaskHash::parse(hash).is_err(), "{hash:?} was accepted");
        }
    }
}
