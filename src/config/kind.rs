//! Kinds of options: which values each accepts, from JSON and from text.

use std::time::Duration;

use serde_json::Value as Json;

use super::error::did_you_mean;
use super::types::Compression;
use super::units;
use crate::secret::Secret;

/// The levels zstd is used with; those above need far more memory for little.
pub(super) const LEVELS: std::ops::RangeInclusive<i32> = 1..=19;
/// Longer values are cut in messages.
const SHOWN: usize = 80;
/// Stands in messages for a value that may be a secret.
const HIDDEN: &str = "the given value";

/// Which values an option accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    String,
    /// At least one string; in text, separated by commas or white space. No message shows them, since somebody who
    /// mistakes a secret key for a public one puts it here.
    Strings,
    /// A string that no message ever shows.
    Secret,
    /// `true` or `false`; in text also `1` and `0`.
    Flag,
    /// An integer between the two.
    Integer(u16, u16),
    /// One of these strings; the first field names what they are.
    Choice(&'static str, &'static [&'static str]),
    /// Seconds, or text with a unit; between the two.
    Duration(Duration, Duration),
    /// Bytes, or text with a unit; between the two.
    Size(u64, u64),
    /// A level of zstd, or `none`.
    Compression,
}

/// A value that its option accepts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    String(String),
    Strings(Vec<String>),
    Secret(Secret),
    Flag(bool),
    Integer(u16),
    Duration(Duration),
    Size(u64),
    Compression(Compression),
}

/// A value as it was given.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// In nx.json, which distinguishes strings, numbers and booleans.
    Json(&'a Json),
    /// In the environment, in a store URL or in the table of options: always text.
    Text(&'a str),
}

impl Kind {
    /// The value that was given, or what is wrong with it.
    pub(super) fn parse(self, given: Given<'_>) -> Result<Value, String> {
        let value = match given {
            Given::Json(json) if self == Self::Strings => strings(json).map(Value::Strings),
            Given::Json(Json::String(text)) => self.read(text).filter(|value| !value.needs_no_quotes()),
            Given::Json(Json::Bool(flag)) if self == Self::Flag => Some(Value::Flag(*flag)),
            Given::Json(Json::Number(number)) if self.is_number() => self.read(&number.to_string()),
            Given::Json(_) => None,
            Given::Text(text) => self.read(text),
        };
        value
            .filter(|value| self.allows(value))
            .ok_or_else(|| self.complaint(given))
    }

    fn read(self, text: &str) -> Option<Value> {
        let value = match self {
            Self::String | Self::Choice(..) => Value::String(text.to_owned()),
            Self::Strings => {
                let separator = |c: char| c == ',' || c.is_whitespace();
                let texts = text.split(separator).filter(|text| !text.is_empty());
                Value::Strings(texts.map(str::to_owned).collect())
            }
            Self::Secret => Value::Secret(Secret::new(text.to_owned())),
            Self::Flag => match text {
                "true" | "1" => Value::Flag(true),
                "false" | "0" => Value::Flag(false),
                _ => return None,
            },
            Self::Integer(..) => Value::Integer(text.trim().parse().ok()?),
            Self::Duration(..) => Value::Duration(units::duration(text)?),
            Self::Size(..) => Value::Size(units::size(text)?),
            Self::Compression if text == "none" => Value::Compression(Compression::None),
            Self::Compression => Value::Compression(Compression::Zstd(text.trim().parse().ok()?)),
        };
        Some(value)
    }

    fn allows(self, value: &Value) -> bool {
        match (self, value) {
            (Self::String, Value::String(text)) => text == text.trim(),
            (Self::Choice(_, allowed), Value::String(text)) => allowed.contains(&text.as_str()),
            (Self::Secret, Value::Secret(secret)) => secret.expose() == secret.expose().trim(),
            // An empty list would take back what a default or nx.json says, without saying what applies then.
            (Self::Strings, Value::Strings(texts)) => !texts.is_empty(),
            (Self::Integer(min, max), Value::Integer(number)) => (min..=max).contains(number),
            (Self::Duration(min, max), Value::Duration(duration)) => (min..=max).contains(duration),
            (Self::Size(min, max), Value::Size(bytes)) => (min..=max).contains(bytes),
            (_, Value::Compression(Compression::Zstd(level))) => LEVELS.contains(level),
            _ => true,
        }
    }

    fn is_number(self) -> bool {
        matches!(
            self,
            Self::Integer(..) | Self::Duration(..) | Self::Size(..) | Self::Compression
        )
    }

    /// What the kind accepts, as a part of a sentence.
    fn expected(self) -> String {
        match self {
            Self::String | Self::Secret => "a string".into(),
            Self::Strings => "a list of strings".into(),
            Self::Flag => "true or false".into(),
            Self::Integer(min, max) => format!("an integer from {min} to {max}"),
            Self::Choice(what, allowed) => format!("{what} ({})", allowed.join(", ")),
            Self::Duration(min, max) => {
                let (min, max) = (units::show_duration(min), units::show_duration(max));
                format!(
                    "a duration from {min} to {max}: seconds, or a string such as \"500ms\", \"30s\" or \"2m\""
                )
            }
            Self::Size(min, max) => {
                let (min, max) = (units::show_size(min), units::show_size(max));
                format!("a size from {min} to {max}: bytes, or a string such as \"500MiB\" or \"2GB\"")
            }
            Self::Compression => format!("a level from {} to {}, or \"none\"", LEVELS.start(), LEVELS.end()),
        }
    }

    fn complaint(self, given: Given<'_>) -> String {
        let text = match given {
            Given::Json(json) => json.as_str(),
            Given::Text(text) => Some(text),
        };
        let shown = match self {
            Self::Secret | Self::Strings => HIDDEN.into(),
            // An address, perhaps, and a password before the @, which is %40 within a URL.
            _ if text.is_some_and(|text| text.contains('@') || text.contains("%40")) => HIDDEN.into(),
            _ => quote(given),
        };
        let remedy = match (self, text) {
            (Self::String | Self::Secret, Some(_)) => {
                return format!("{shown} begins or ends with white space. Remove that.");
            }
            (Self::Strings, Some(_)) => " Write [\"…\"].".into(),
            (Self::Choice(_, allowed), Some(text)) => did_you_mean(text, allowed.iter().copied()),
            // Of a string, only its quotes can be wrong when its content is right.
            (_, Some(text)) if self.read(text).is_some_and(|value| self.allows(&value)) => {
                format!(" Write {} without the quotes.", text.trim())
            }
            _ => String::new(),
        };
        format!("{shown} is not {}.{remedy}", self.expected())
    }
}

impl Value {
    /// Whether nx.json should hold this as a number or a boolean, so that a string is a mistake.
    fn needs_no_quotes(&self) -> bool {
        matches!(
            self,
            Self::Flag(_) | Self::Integer(_) | Self::Compression(Compression::Zstd(_))
        )
    }

    /// The value for people, without secrets.
    pub(super) fn show(&self) -> String {
        match self {
            Self::String(text) => format!("{text:?}"),
            Self::Strings(texts) => texts.join(", "),
            Self::Secret(_) => "(set, not shown)".into(),
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Duration(duration) => units::show_duration(*duration),
            Self::Size(bytes) => units::show_size(*bytes),
            Self::Compression(Compression::None) => "none".into(),
            Self::Compression(Compression::Zstd(level)) => level.to_string(),
        }
    }
}

/// The strings of a JSON array.
fn strings(json: &Json) -> Option<Vec<String>> {
    let text = |item: &Json| {
        let text = item.as_str()?;
        (!text.is_empty() && text == text.trim()).then(|| text.to_owned())
    };
    json.as_array()?.iter().map(text).collect()
}

/// A value as its author wrote it, cut when it is long.
pub(super) fn quote(given: Given<'_>) -> String {
    let whole = match given {
        Given::Json(json) => json.to_string(),
        Given::Text(text) => format!("{text:?}"),
    };
    match whole.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &whole[..end]),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RETRIES: Kind = Kind::Integer(0, 10);
    const TIMEOUT: Kind = Kind::Duration(Duration::from_millis(10), Duration::from_secs(600));
    const LIMIT: Kind = Kind::Size(1, 1_000_000_000_000);
    const WRITES: Kind = Kind::Choice("a setting", &["auto", "require", "off"]);

    fn json_problem(kind: Kind, value: Json) -> String {
        kind.parse(Given::Json(&value)).unwrap_err()
    }

    #[test]
    fn json_and_text_give_the_same_values() {
        for (kind, json, text) in [
            (Kind::String, json!("a"), "a"),
            (Kind::Strings, json!(["a", "b:c="]), " a,\n b:c= "),
            (Kind::Flag, json!(true), "true"),
            (Kind::Flag, json!(false), "0"),
            (RETRIES, json!(10), "10"),
            (WRITES, json!("off"), "off"),
            (TIMEOUT, json!(0.5), "500ms"),
            (TIMEOUT, json!("2m"), "120"),
            (LIMIT, json!(2_000_000_000), "2GB"),
            (LIMIT, json!("2GB"), "2000000000"),
            (LIMIT, json!(2e9), "2GB"),
            (Kind::Compression, json!(19), "19"),
            (Kind::Compression, json!("none"), "none"),
        ] {
            let value = kind.parse(Given::Json(&json)).unwrap();
            assert_eq!(value, kind.parse(Given::Text(text)).unwrap(), "{json}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_problem_quotes_the_value_and_says_what_is_allowed() {
        for (kind, given, problem) in [
            (Kind::String, json!(5), "5 is not a string."),
            (Kind::Strings, json!("hunter2"), "the given value is not a list of strings. Write [\"…\"]."),
            (Kind::Strings, json!(["hunter2", 5]), "the given value is not a list of strings."),
            (Kind::Strings, json!([""]), "the given value is not a list of strings."),
            (Kind::Strings, json!([]), "the given value is not a list of strings."),
            (Kind::Flag, json!("yes"), "\"yes\" is not true or false."),
            (Kind::Flag, json!("true"), "\"true\" is not true or false. Write true without the quotes."),
            (RETRIES, json!(11), "11 is not an integer from 0 to 10."),
            (RETRIES, json!(-1), "-1 is not an integer from 0 to 10."),
            (RETRIES, json!(1.5), "1.5 is not an integer from 0 to 10."),
            (WRITES, json!("Of"), "\"Of\" is not a setting (auto, require, off). Did you mean \"off\"?"),
            (Kind::Compression, json!(0), "0 is not a level from 1 to 19, or \"none\"."),
            (Kind::Compression, json!(null), "null is not a level from 1 to 19, or \"none\"."),
            (Kind::Secret, json!(["hunter2"]), "the given value is not a string."),
        ] {
            assert_eq!(json_problem(kind, given), problem);
        }
        assert!(json_problem(TIMEOUT, json!(601)).contains("is not a duration from 10ms to 10m: seconds"));
        assert!(json_problem(TIMEOUT, json!(-1)).starts_with("-1 is not a duration"));
        assert!(json_problem(LIMIT, json!(0)).contains("is not a size from 1B to 1TB: bytes"));
    }

    #[test]
    fn white_space_around_a_string_is_a_slip_and_not_a_part_of_it() {
        for (kind, text, shown) in [
            (Kind::String, "eu-central-1\n", "\"eu-central-1\\n\""),
            (Kind::Secret, " hunter2", "the given value"),
        ] {
            let problem = format!("{shown} begins or ends with white space. Remove that.");
            assert_eq!(kind.parse(Given::Text(text)), Err(problem.clone()));
            assert_eq!(kind.parse(Given::Json(&json!(text))), Err(problem));
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Value::Secret(Secret::new("hunter2".into()));
        assert_eq!(secret.show(), "(set, not shown)");
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let problem = json_problem(Kind::Flag, json!("é".repeat(500)));
        assert!(problem.contains("…") && problem.len() < 250, "{problem}");
    }
}
