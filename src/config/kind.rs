//! Kinds of options: which values each takes, from JSON and from text.

use std::time::Duration;

use serde_json::Value as Json;

use super::Compression;
use super::suggest::did_you_mean;
use super::units;
use crate::secret::Secret;

/// The levels zstd is used with; those above need far more memory for little.
pub(super) const LEVELS: std::ops::RangeInclusive<u64> = 1..=19;
/// Longer values are cut in messages.
const SHOWN: usize = 80;

/// Which values an option takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// Texts, at least one; in one text, commas or white space between them. No message shows them, since who
    /// mistakes a secret key for a public one puts it here.
    Texts,
    /// Any text, which no message ever shows.
    Secret,
    /// `true` or `false`; in texts `1` and `0` too.
    Flag,
    /// A whole number between the two.
    Whole(u64, u64),
    /// One of these texts; the first word says what they are.
    Choice(&'static str, &'static [&'static str]),
    /// Seconds, or a text with a unit; between the two.
    Duration(Duration, Duration),
    /// Bytes, or a text with a unit; between the two.
    Size(u64, u64),
    /// A level of zstd, or `none`.
    Compression,
}

/// A value that its option takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Secret(Secret),
    Flag(bool),
    Whole(u64),
    Duration(Duration),
    Size(u64),
    Compression(Compression),
}

/// A value as it was given.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// In nx.json, where kinds of values are told apart.
    Json(&'a Json),
    /// In the environment, in a store URL or in the table of options: text, whatever it means.
    Text(&'a str),
}

impl Kind {
    /// The value that was given, or what is wrong with it.
    pub(super) fn parse(self, given: Given<'_>) -> Result<Value, String> {
        let value = match given {
            Given::Json(json) if self == Self::Texts => texts(json),
            Given::Json(Json::String(text)) => self.text(text).filter(|value| !value.needs_no_quotes()),
            Given::Json(Json::Bool(flag)) if self == Self::Flag => Some(Value::Flag(*flag)),
            Given::Json(Json::Number(number)) => self.number(number),
            Given::Json(_) => None,
            Given::Text(text) => self.text(text),
        };
        value.ok_or_else(|| self.complaint(given))
    }

    fn text(self, text: &str) -> Option<Value> {
        match self {
            Self::Text | Self::Secret if text != text.trim() => None,
            Self::Text => Some(Value::Text(text.to_owned())),
            Self::Texts => {
                let separator = |c: char| c == ',' || c.is_whitespace();
                let texts = text.split(separator).filter(|text| !text.is_empty());
                some_texts(texts.map(str::to_owned).collect())
            }
            Self::Secret => Some(Value::Secret(Secret::new(text.to_owned()))),
            Self::Flag => match text {
                "true" | "1" => Some(Value::Flag(true)),
                "false" | "0" => Some(Value::Flag(false)),
                _ => None,
            },
            Self::Whole(..) => self.whole(text.trim().parse().ok()?),
            Self::Choice(_, allowed) => allowed.contains(&text).then(|| Value::Text(text.to_owned())),
            Self::Duration(..) => self.duration(units::duration(text)?),
            Self::Size(..) => self.size(units::size(text)?),
            Self::Compression if text == "none" => Some(Value::Compression(Compression::None)),
            Self::Compression => self.whole(text.trim().parse().ok()?),
        }
    }

    fn number(self, number: &serde_json::Number) -> Option<Value> {
        match self {
            Self::Whole(..) | Self::Compression => self.whole(number.as_u64()?),
            Self::Duration(..) => self.duration(units::seconds(number.as_f64()?)?),
            Self::Size(..) => self.size(number.as_u64()?),
            _ => None,
        }
    }

    fn whole(self, number: u64) -> Option<Value> {
        match self {
            Self::Whole(min, max) => (min..=max).contains(&number).then_some(Value::Whole(number)),
            _ if LEVELS.contains(&number) => {
                Some(Value::Compression(Compression::Zstd(i32::try_from(number).ok()?)))
            }
            _ => None,
        }
    }

    fn duration(self, duration: Duration) -> Option<Value> {
        let Self::Duration(min, max) = self else {
            return None;
        };
        (min..=max)
            .contains(&duration)
            .then_some(Value::Duration(duration))
    }

    fn size(self, bytes: u64) -> Option<Value> {
        let Self::Size(min, max) = self else { return None };
        (min..=max).contains(&bytes).then_some(Value::Size(bytes))
    }

    /// What the kind takes, as a part of a sentence.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Text | Self::Secret => "text".into(),
            Self::Texts => "a list of texts".into(),
            Self::Flag => "true or false".into(),
            Self::Whole(min, max) => format!("a whole number from {min} to {max}"),
            Self::Choice(what, allowed) => format!("{what} ({})", allowed.join(", ")),
            Self::Duration(min, max) => format!(
                "a duration from {} to {}: seconds, or a text such as \"500ms\", \"30s\" or \"2m\"",
                units::show_duration(min),
                units::show_duration(max)
            ),
            Self::Size(min, max) => format!(
                "a size from {} to {}: bytes, or a text such as \"500MiB\" or \"2GB\"",
                units::show_size(min),
                units::show_size(max)
            ),
            Self::Compression => format!("a level from {} to {}, or \"none\"", LEVELS.start(), LEVELS.end()),
        }
    }

    fn complaint(self, given: Given<'_>) -> String {
        let text = match given {
            Given::Json(json) => json.as_str(),
            Given::Text(text) => Some(text),
        };
        let shown = match self {
            Self::Secret | Self::Texts => "what is given".into(),
            // An address, perhaps, and a password before the @, which is %40 within a URL.
            _ if text.is_some_and(|text| text.contains('@') || text.contains("%40")) => {
                "what is given".into()
            }
            _ => quote(given),
        };
        let remedy = match (self, text) {
            (Self::Text | Self::Secret, Some(_)) => {
                return format!("{shown} begins or ends with white space. Remove that.");
            }
            (Self::Texts, Some(_)) => " Write [\"…\"].".into(),
            (Self::Choice(_, allowed), Some(text)) => did_you_mean(text, allowed.iter().copied()),
            // Of a text, only its quotes can be wrong when its content is right.
            (_, Some(text)) if self.text(text).is_some() => {
                format!(" Write {} without the quotes.", text.trim())
            }
            _ => String::new(),
        };
        format!("{shown} is not {}.{remedy}", self.expected())
    }
}

impl Value {
    /// Whether nx.json should hold this as a number or a boolean, so that a text is a mistake.
    fn needs_no_quotes(&self) -> bool {
        matches!(
            self,
            Self::Flag(_) | Self::Whole(_) | Self::Compression(Compression::Zstd(_))
        )
    }

    /// The value for people; a secret stays one.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Texts(texts) => texts.join(", "),
            Self::Secret(_) => "(set, not shown)".into(),
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Duration(duration) => units::show_duration(*duration),
            Self::Size(bytes) => units::show_size(*bytes),
            Self::Compression(Compression::None) => "none".into(),
            Self::Compression(Compression::Zstd(level)) => level.to_string(),
        }
    }
}

/// The texts of a JSON array.
fn texts(json: &Json) -> Option<Value> {
    let text = |item: &Json| {
        let text = item.as_str()?;
        (!text.is_empty() && text == text.trim()).then(|| text.to_owned())
    };
    some_texts(json.as_array()?.iter().map(text).collect::<Option<_>>()?)
}

/// An empty list would take back what a default or another place says, without saying what holds then.
fn some_texts(texts: Vec<String>) -> Option<Value> {
    (!texts.is_empty()).then_some(Value::Texts(texts))
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
mod tests;
