//! Which scopes of the bucket a command is about.

use std::fmt;
use std::str::FromStr;

use crate::scope::{Scope, ScopeName};

/// A scope, or several: `t`, `u/pr-123`, `u/pr-*`, `u/*` or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scopes {
    /// This one.
    One(Scope),
    /// All untrusted ones whose names begin so.
    Untrusted(String),
    /// Every scope.
    All,
}

impl Scopes {
    /// What the scopes' part of every key begins with, and no more than these scopes' keys do, as far as that is
    /// possible.
    pub(super) fn prefix(&self) -> String {
        match self {
            Self::One(scope) => format!("{scope}/"),
            Self::Untrusted(names) => format!("u/{names}"),
            Self::All => String::new(),
        }
    }

    /// Whether `scope` is one of these.
    pub(super) fn contain(&self, scope: &Scope) -> bool {
        match (self, scope) {
            (Self::All, _) => true,
            (Self::One(one), other) => one == other,
            (Self::Untrusted(names), Scope::Untrusted(name)) => name.as_str().starts_with(names.as_str()),
            (Self::Untrusted(_), Scope::Trusted) => false,
        }
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scopes = match (text, text.strip_prefix("u/")) {
            ("*", _) => Some(Self::All),
            ("t", _) => Some(Self::One(Scope::Trusted)),
            (_, Some(name)) => match name.strip_suffix('*') {
                // The beginning of a name ends anywhere, also behind a dash.
                Some(start) if start.is_empty() || ScopeName::parse(&format!("{start}x")).is_ok() => {
                    Some(Self::Untrusted(start.to_owned()))
                }
                Some(_) => None,
                None => ScopeName::parse(name)
                    .ok()
                    .map(|name| Self::One(Scope::Untrusted(name))),
            },
            _ => None,
        };
        scopes.ok_or_else(|| {
            format!(
                "invalid scope {text:?}: write t (trusted), u/pr-123 (one untrusted scope), u/pr-* or u/* (several), or *"
            )
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(scope) => scope.fmt(f),
            Self::Untrusted(names) => write!(f, "u/{names}*"),
            Self::All => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untrusted(name: &str) -> Scope {
        Scope::Untrusted(ScopeName::parse(name).unwrap())
    }

    #[test]
    fn scopes_are_written_as_they_stand_in_keys_or_with_a_star() {
        for (text, prefix, inside, outside) in [
            ("t", "t/", Scope::Trusted, untrusted("t")),
            ("u/pr-1", "u/pr-1/", untrusted("pr-1"), untrusted("pr-12")),
            ("u/pr-*", "u/pr-", untrusted("pr-12"), untrusted("dev-pr-1")),
            ("u/*", "u/", untrusted("x"), Scope::Trusted),
        ] {
            let scopes: Scopes = text.parse().unwrap();
            assert_eq!(scopes.prefix(), prefix);
            assert!(scopes.contain(&inside) && !scopes.contain(&outside), "{text}");
            assert_eq!(scopes.to_string(), text);
        }
        let all: Scopes = "*".parse().unwrap();
        assert!(all.prefix().is_empty() && all.contain(&Scope::Trusted) && all.contain(&untrusted("x")));
    }

    #[test]
    fn what_names_no_scope_is_refused_with_what_does() {
        for text in [
            "", "T", "trusted", "u", "u/", "t/", "pr-1", "u/a/b", "u/../t", "u/*x", "u/**", "u/a b*", "t*",
        ] {
            let problem = text.parse::<Scopes>().unwrap_err();
            assert!(problem.contains("u/pr-123"), "{text:?}: {problem}");
        }
    }
}
