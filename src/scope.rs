//! Scopes: who may read what a run wrote.

use std::fmt;

use crate::checked_text::checked_text;

/// The part of the bucket that a run reads or writes. Every object key and every sealed or signed object is bound to one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `t`: what trusted runs write and everybody reads.
    Trusted,
    /// `u/<name>`: what one pull request or unlisted branch writes, and nobody else reads.
    Untrusted(ScopeName),
}

impl fmt::Display for Scope {
    /// The scope as it is in object keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted => f.write_str("t"),
            Self::Untrusted(name) => write!(f, "u/{name}"),
        }
    }
}

checked_text! {
    /// The name of an untrusted scope, safe as part of an object key on every server: 1 to 80 ASCII letters, digits, `.`, `_`
    /// and `-`, with a letter or digit first and last.
    pub struct ScopeName, at most 80 bytes: |name| {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let end = |c: char| c.is_ascii_alphanumeric();
        name.starts_with(end) && name.ends_with(end) && name.bytes().all(safe)
    };

    /// A text that can't name a scope.
    #[error(
        "{0:?} can't name a scope: 1 to 80 letters, digits, '.', '_' or '-', a letter or a digit first and last"
    )]
    pub struct InvalidScopeName;
}

impl ScopeName {
    /// How much of a name that has to be altered is kept, for people.
    const KEPT: usize = 40;
    /// Hexadecimal digits of the hash that distinguishes altered names.
    const DIGITS: usize = 16;

    /// `pr-<number>`: of a pull or merge request.
    pub fn pull_request(number: &str) -> Self {
        Self::derive("pr", number)
    }

    /// `branch-<name>`.
    pub fn branch(name: &str) -> Self {
        Self::derive("branch", name)
    }

    /// `<kind>-<name>` if `name` is short and plain, so that it needn't be altered; otherwise `<kind>-<what is left of
    /// it>_<hash>`. A plain name has no `_`, so two names never become one, not even on servers that ignore case.
    fn derive(kind: &str, name: &str) -> Self {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        let ends = name.ends_with(|c: char| c.is_ascii_alphanumeric());
        if ends && name.len() <= Self::KEPT && name.chars().all(plain) {
            return Self(format!("{kind}-{name}"));
        }
        let kept: String = name
            .chars()
            .take(Self::KEPT)
            .map(|c| c.to_ascii_lowercase())
            .map(|c| if plain(c) { c } else { '-' })
            .collect();
        let hash = blake3::hash(name.as_bytes()).to_hex();
        Self(format!("{kind}-{kept}_{}", &hash[..Self::DIGITS]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scopes_are_the_prefixes_that_policies_name() {
        assert_eq!(Scope::Trusted.to_string(), "t");
        for (name, key) in [
            (ScopeName::pull_request("123"), "u/pr-123"),
            (ScopeName::branch("main"), "u/branch-main"),
            (ScopeName::branch("v1.2-rc.1"), "u/branch-v1.2-rc.1"),
        ] {
            assert_eq!(Scope::Untrusted(name).to_string(), key);
        }
    }

    #[test]
    fn names_that_need_altering_stay_apart() {
        let alike = [
            "feat/login",
            "feat-login",
            "Feat/Login",
            "feat_login",
            "feat login",
            "feat\\login",
            "feat/login/",
            "féat/login",
            "feat-login.",
            "feat-login_0123456789abcdef",
            "",
            ".",
            "..",
        ];
        let long = "x".repeat(41);
        let names: HashSet<String> = alike
            .into_iter()
            .chain([long.as_str(), &long[1..]])
            .map(|name| ScopeName::branch(name).to_string().to_lowercase())
            .collect();
        assert_eq!(names.len(), alike.len() + 2);
        assert!(
            ScopeName::branch("feat/login")
                .as_str()
                .starts_with("branch-feat-login_")
        );
    }

    #[test]
    fn any_safe_name_can_be_chosen_and_no_other() {
        for name in ["a", "team-a_1.x", "PR-5", &"a".repeat(80)] {
            assert_eq!(ScopeName::parse(name).unwrap().as_str(), name);
        }
        let long = "a".repeat(81);
        for name in ["", ".", "..", "a/b", "a b", "é", "-a", "a-", "a.", "a\0b", &long] {
            assert!(ScopeName::parse(name).is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_derived_name_is_a_safe_one(name in ".*") {
            let derived = ScopeName::branch(&name);
            prop_assert_eq!(ScopeName::parse(derived.as_str()).unwrap(), derived);
        }
    }
}
