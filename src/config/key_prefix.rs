//! The prefix of all object keys.

/// Keys have 1024 bytes at most; this leaves room for what comes after the prefix.
const MAX_LEN: usize = 200;

/// Checks a prefix and returns it without slashes at its ends.
pub(super) fn check(text: &str) -> Result<String, String> {
    let prefix = text.trim_matches('/');
    let safe = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()/".contains(c);
    if prefix.len() > MAX_LEN {
        return Err(format!(
            "this has {} bytes; at most {MAX_LEN} are allowed.",
            prefix.len()
        ));
    }
    if let Some(c) = prefix.chars().find(|c| !safe(*c)) {
        return Err(format!(
            "{text:?} has {c:?}. Letters, digits, / and !-_.*'() are safe in keys."
        ));
    }
    if !prefix.is_empty() && prefix.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!(
            "{text:?} has an empty part, \".\" or \"..\" between slashes."
        ));
    }
    Ok(prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_ends_are_dropped() {
        for (given, prefix) in [
            ("team/web", "team/web"),
            ("/team/", "team"),
            ("/", ""),
            ("a!-_.*'()", "a!-_.*'()"),
        ] {
            assert_eq!(check(given).unwrap(), prefix);
        }
        assert!(check(&"a".repeat(200)).is_ok());
    }

    #[test]
    fn refuses_what_servers_and_tools_would_change() {
        let too_long = "a".repeat(201);
        for text in [
            "a//b", "a/./b", "..", "a/..", "a b", "a\\b", "é", "a?b", "a%2fb", &too_long,
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
