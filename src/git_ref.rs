//! Branches and tags, and patterns that list them.

use std::fmt;

use regex_lite::Regex;

const HEADS: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";

/// A branch or a tag. They are never mistaken for each other, whatever they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitRef {
    /// `refs/heads/<name>`.
    Branch(String),
    /// `refs/tags/<name>`.
    Tag(String),
}

impl GitRef {
    /// Reads a full name, `refs/heads/…` or `refs/tags/…`; others, such as `refs/pull/1/merge`, are neither.
    pub fn parse(full: &str) -> Option<Self> {
        match (full.strip_prefix(HEADS), full.strip_prefix(TAGS)) {
            (Some(name), _) => Self::branch(name),
            (_, Some(name)) => Self::tag(name),
            _ => None,
        }
    }

    /// The branch called `name`, if git takes that for a name.
    pub fn branch(name: &str) -> Option<Self> {
        is_name(name).then(|| Self::Branch(name.to_owned()))
    }

    /// The tag called `name`, if git takes that for a name.
    pub fn tag(name: &str) -> Option<Self> {
        is_name(name).then(|| Self::Tag(name.to_owned()))
    }

    /// `refs/heads/…` or `refs/tags/…`.
    pub fn full_name(&self) -> String {
        match self {
            Self::Branch(name) => format!("{HEADS}{name}"),
            Self::Tag(name) => format!("{TAGS}{name}"),
        }
    }
}

impl fmt::Display for GitRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(name) => write!(f, "branch {name}"),
            Self::Tag(name) => write!(f, "tag {name}"),
        }
    }
}

/// The rules of git-check-ref-format that keep a name on one line and unambiguous.
fn is_name(name: &str) -> bool {
    let refused = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    !name.contains(refused)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && name
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.'))
}

/// Lists branches (`main`, `release/*`) or tags (`refs/tags/v*`). A `*` stands for any characters but `/`.
#[derive(Clone, Debug)]
pub struct RefPattern {
    tags: bool,
    name: Regex,
    /// A name that matches.
    example: String,
}

impl RefPattern {
    /// Reads a pattern, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (tags, name) = match (text.strip_prefix(TAGS), text.strip_prefix(HEADS)) {
            (Some(name), _) => (true, name),
            (_, Some(name)) => (false, name),
            _ if text.starts_with("refs/") => {
                return Err(format!(
                    "{text:?} is neither a branch (refs/heads/…) nor a tag (refs/tags/…)."
                ));
            }
            _ => (false, text),
        };
        let example = name.replace('*', "x");
        if !is_name(&example) {
            return Err(format!(
                "{text:?} can't be a branch or a tag. Write \"main\", \"release/*\" or \"refs/tags/v*\"; \
                 a * stands for any characters but /."
            ));
        }
        // Every other character stands for itself, also those that have a meaning in shells and regular expressions.
        let literals: Vec<String> = name.split('*').map(regex_lite::escape).collect();
        let name = Regex::new(&format!("^{}$", literals.join("[^/]*")))
            .map_err(|error| format!("{text:?} can't be used as a pattern: {error}."))?;
        Ok(Self { tags, name, example })
    }

    /// A branch or a tag that it lists.
    pub fn example(&self) -> Option<GitRef> {
        if self.tags {
            GitRef::tag(&self.example)
        } else {
            GitRef::branch(&self.example)
        }
    }

    /// Whether it lists `git_ref`.
    pub fn matches(&self, git_ref: &GitRef) -> bool {
        match (git_ref, self.tags) {
            (GitRef::Branch(name), false) | (GitRef::Tag(name), true) => self.name.is_match(name),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, full: &str) -> bool {
        RefPattern::parse(pattern)
            .unwrap()
            .matches(&GitRef::parse(full).unwrap())
    }

    #[test]
    fn a_full_name_is_a_branch_or_a_tag_or_neither() {
        assert_eq!(GitRef::parse("refs/heads/a/b"), GitRef::branch("a/b"));
        assert_eq!(GitRef::parse("refs/tags/v1"), GitRef::tag("v1"));
        for other in [
            "",
            "main",
            "HEAD",
            "refs/pull/1/merge",
            "refs/heads/",
            "refs/tags/",
            "refs/heads//a",
            "refs/heads/a b",
            "refs/heads/a\nb",
            "refs/heads/a..b",
            "refs/heads/*",
            "refs/merge-requests/1/head",
            "heads/main",
            "refs/remotes/origin/main",
            "0123456789abcdef0123456789abcdef01234567",
            "refs/heads/a\u{a0}b",
        ] {
            assert_eq!(GitRef::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn patterns_list_branches_unless_they_say_tags() {
        for (pattern, full) in [
            ("main", "refs/heads/main"),
            ("refs/heads/main", "refs/heads/main"),
            ("release/*", "refs/heads/release/1.x"),
            ("*-stable", "refs/heads/1-stable"),
            ("v*.*", "refs/heads/v1.2.3"),
            ("a*b*c*", "refs/heads/abbc"),
            ("refs/tags/v*", "refs/tags/v1.0"),
            ("*", "refs/heads/main"),
            ("a**c", "refs/heads/abc"),
            ("{a,b}", "refs/heads/{a,b}"),
            ("v1.0+(b)|$", "refs/heads/v1.0+(b)|$"),
        ] {
            assert!(matches(pattern, full), "{pattern} {full}");
        }
    }

    #[test]
    fn a_pattern_lists_its_example() {
        for pattern in [
            "main",
            "release/*",
            "*",
            "a*b*c*",
            "refs/tags/v*",
            "refs/heads/v*.*",
        ] {
            let pattern = RefPattern::parse(pattern).unwrap();
            assert!(pattern.matches(&pattern.example().unwrap()), "{pattern:?}");
        }
    }

    #[test]
    fn patterns_list_nothing_else() {
        for (pattern, full) in [
            ("main", "refs/tags/main"),
            ("refs/tags/main", "refs/heads/main"),
            ("main", "refs/heads/main2"),
            ("main", "refs/heads/x/main"),
            ("main", "refs/heads/Main"),
            ("release/*", "refs/heads/release"),
            ("release/*", "refs/heads/release/a/b"),
            ("*", "refs/heads/a/b"),
            ("*", "refs/tags/v1"),
            ("v*.*", "refs/heads/v1"),
            ("ab*ba", "refs/heads/aba"),
            ("a*b*c", "refs/heads/acb"),
            // Two stars are no more than one, and all else is literal.
            ("**", "refs/heads/a/b"),
            ("release/**", "refs/heads/release/a/b"),
            ("**/main", "refs/heads/a/b/main"),
            ("v1.0", "refs/heads/v1x0"),
            ("a|main", "refs/heads/main"),
            ("{a,main}", "refs/heads/main"),
            ("(main)", "refs/heads/main"),
            ("mai.+", "refs/heads/main"),
            ("main$", "refs/heads/main"),
            // Branches with the names of tags and of full names.
            ("refs/tags/v*", "refs/heads/refs/tags/v1"),
            ("main", "refs/heads/refs/heads/main"),
        ] {
            assert!(!matches(pattern, full), "{pattern} {full}");
        }
    }

    #[test]
    fn patterns_that_could_never_match_are_refused() {
        for pattern in [
            "",
            "/main",
            "main/",
            "a//b",
            "a b",
            "refs/pull/*",
            "refs/*",
            "ma?n",
            "[ab]",
            "!main",
            "refs/heads/",
        ] {
            let valid = RefPattern::parse(pattern).is_ok();
            // git takes an exclamation mark.
            assert_eq!(valid, pattern == "!main", "{pattern}");
        }
        assert!(
            RefPattern::parse("refs/pull/*")
                .unwrap_err()
                .contains("neither a branch")
        );
    }
}
