//! Archive names: what `rebuild` keeps directories under, and `restore` asks for.

use std::fmt;

/// The name of an archive, checked to be safe as the end of an object key: names of ASCII letters, digits, `.`, `_`, `-`,
/// `+`, `@` and `=`, separated by `/`, none of them `.` or `..`; 1 to 300 bytes together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArchiveName(String);

/// A text that can't name an archive.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} can't name an archive: 1 to 300 letters, digits, '.', '_', '-', '+', '@' or '=', with '/' between names"
)]
pub struct InvalidArchiveName(String);

impl ArchiveName {
    /// The longest name, in bytes: with prefix and scope it stays below S3's 1024.
    const MAX_LEN: usize = 300;

    /// Checks `name`.
    pub fn parse(name: &str) -> Result<Self, InvalidArchiveName> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@=".contains(&byte);
        let plain = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(safe);
        if name.len() > Self::MAX_LEN || !name.split('/').all(plain) {
            return Err(InvalidArchiveName(name.chars().take(Self::MAX_LEN).collect()));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArchiveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_pipelines_use() {
        for name in [
            "node_modules",
            "org/repo/archive.tgz",
            "a",
            "acme/shop/main/gradle-8.1+jdk@21",
        ] {
            assert_eq!(ArchiveName::parse(name).unwrap().as_str(), name);
        }
        assert!(ArchiveName::parse(&"a".repeat(300)).is_ok());
    }

    #[test]
    fn refuses_what_could_leave_its_key() {
        for name in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a/./b",
            "a b",
            "a\\b",
            "é",
            "a\0",
            "a?",
            "a%2e",
            &"a".repeat(301),
        ] {
            assert!(ArchiveName::parse(name).is_err(), "{name:?}");
        }
    }
}
