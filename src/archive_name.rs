//! Archive names: what `rebuild` stores archives under, and `restore` asks for.

use crate::checked_text::checked_text;

checked_text! {
    /// The name of an archive, safe as the end of an object key: parts of ASCII letters, digits, `.`, `_`, `-`, `+`, `@` and
    /// `=`, separated by `/`, none of them `.` or `..`; 1 to 300 bytes together, so that a key with prefix and scope stays
    /// below S3's 1024.
    pub struct ArchiveName, at most 300 bytes: |name| {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@=".contains(&byte);
        let plain = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(safe);
        name.split('/').all(plain)
    };

    /// A text that can't name an archive.
    #[error(
        "{0:?} can't name an archive: 1 to 300 letters, digits, '.', '_', '-', '+', '@' or '=', with '/' between names"
    )]
    pub struct InvalidArchiveName;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_pipelines_use() {
        let path = "acme/shop/main/gradle-8.1+jdk@21";
        for name in [
            "node_modules",
            "org/repo/archive.tgz",
            "a",
            path,
            &"a".repeat(300),
        ] {
            assert_eq!(ArchiveName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn refuses_what_could_leave_its_key() {
        let paths = ["/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b"];
        let letters = ["", "a b", "a\\b", "é", "a\0", "a?", "a%2e", &"a".repeat(301)];
        for name in paths.into_iter().chain(letters) {
            assert!(ArchiveName::parse(name).is_err(), "{name:?}");
        }
    }
}
