//! Names of keys.

use std::fmt;

use super::error::KeyError;

/// A key's name: 1 to 64 ASCII letters, digits, `.`, `_` or `-`, so that it is safe in any message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Checks `name`.
    pub fn parse(name: &str) -> Result<Self, KeyError> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = (1..=Self::MAX_LEN).contains(&name.len()) && name.bytes().all(safe);
        fits.then(|| Self(name.to_owned())).ok_or(KeyError::Name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_safe_in_messages_up_to_its_limit() {
        for name in ["m", "main-2026", "cache.example.org-1", "A_b", &"a".repeat(64)] {
            assert_eq!(KeyName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "a b", "a/b", "é", "a\u{1b}", "a:b", &"a".repeat(65)] {
            assert_eq!(KeyName::parse(name), Err(KeyError::Name), "{name:?}");
        }
    }
}
