//! The task hash: the name under which Nx asks for an artifact.

use crate::checked_text::checked_text;

checked_text! {
    /// A task hash as Nx computes it, safe as a file name and as part of an object key: 1 to 128 ASCII letters, digits, `-`
    /// or `_`. Nx uses up to 20 decimal digits; other tools use hex digests.
    pub struct TaskHash, at most 128 bytes: |hash| {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !hash.is_empty() && hash.bytes().all(safe)
    };

    /// A string that can't be a task hash.
    #[error("{0:?} is not a task hash: expected 1 to 128 letters, digits, '-' or '_'")]
    pub struct InvalidTaskHash;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_nx_and_digests_produce() {
        let digest = "e3b0c44298fc1c149afbf4c8996fb924";
        for hash in ["0", "13784563425234523", digest, "a-b_C", &"a".repeat(128)] {
            assert_eq!(TaskHash::parse(hash).unwrap().as_str(), hash);
        }
    }

    #[test]
    fn refuses_what_could_leave_its_directory_or_key() {
        let long = "a".repeat(129);
        for hash in ["", ".", "..", "a/b", "a\\b", "a b", "é", "a\0", "c:", &long] {
            assert!(TaskHash::parse(hash).is_err(), "{hash:?} was accepted");
        }
    }
}
