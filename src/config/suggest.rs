//! Suggestions: the valid names nearest to one that isn't.

/// Below this likeness a name is no typo of the other, but another word.
const ALIKE: f64 = 0.6;
/// More names than this are a list, not a suggestion.
const AT_MOST: usize = 4;

/// `Did you mean "a" or "b"?` with a leading space, or nothing.
pub(super) fn did_you_mean<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    question(
        nearest(given, valid)
            .iter()
            .map(|name| format!("{name:?}"))
            .collect(),
    )
}

/// The same for these names.
pub(super) fn question(names: Vec<String>) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(" Did you mean {}?", names.join(" or "))
    }
}

/// The names that differ from `given` in case and punctuation only; else those it is a part of; else the most alike.
pub(super) fn nearest<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = plain(given);
    let names: Vec<(&str, String)> = valid.into_iter().map(|name| (name, plain(name))).collect();
    let named = |matches: &dyn Fn(&str) -> bool| -> Vec<&'a str> {
        names
            .iter()
            .filter(|(_, plain)| matches(plain))
            .map(|(name, _)| *name)
            .collect()
    };
    let same = named(&|plain| plain == wanted);
    if !same.is_empty() {
        return same;
    }
    let whole = named(&|plain| wanted.len() > 2 && plain.contains(&wanted));
    if (1..=AT_MOST).contains(&whole.len()) {
        return whole;
    }
    let likeness = |plain: &str| strsim::normalized_damerau_levenshtein(plain, &wanted);
    let best = names
        .iter()
        .map(|(name, plain)| (likeness(plain), *name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score >= ALIKE)
        .map(|(_, name)| name)
        .into_iter()
        .collect()
}

/// `name` without case and punctuation.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = [
        "bucket",
        "localMode",
        "ciMode",
        "cacheKeyPrefix",
        "forcePathStyle",
    ];

    #[test]
    fn finds_the_name_behind_a_typo_another_case_or_other_punctuation() {
        for (given, meant) in [
            ("buckt", "bucket"),
            ("forcepathstyle", "forcePathStyle"),
            ("force-path-style", "forcePathStyle"),
            ("locaMode", "localMode"),
        ] {
            assert_eq!(nearest(given, NAMES), [meant], "{given}");
        }
        assert_eq!(did_you_mean("buckt", NAMES), r#" Did you mean "bucket"?"#);
    }

    #[test]
    fn offers_every_name_that_a_short_one_may_stand_for() {
        assert_eq!(
            did_you_mean("mode", NAMES),
            r#" Did you mean "localMode" or "ciMode"?"#
        );
        assert_eq!(nearest("prefix", NAMES), ["cacheKeyPrefix"]);
    }

    #[test]
    fn says_nothing_when_nothing_is_near() {
        for given in ["", "é", "colour", "e"] {
            assert_eq!(did_you_mean(given, NAMES), "", "{given}");
        }
    }
}
