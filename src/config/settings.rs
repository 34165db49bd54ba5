//! Settings: the value of every option, and where it comes from.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::Origin;
use super::kind::{Given, Value};
use super::options::{Fallback, OPTIONS};
use super::{Compression, ResolvedOption};
use crate::secret::Secret;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub value: Value,
    pub origin: Origin,
}

/// What one place sets, by the options' names.
pub(super) type Layer = BTreeMap<&'static str, Setting>;

/// What holds for every option.
pub(super) struct Settings(Layer);

impl Settings {
    /// Puts `stronger` over `weaker` over the defaults.
    pub(super) fn resolve(weaker: Layer, stronger: Layer, ci: bool) -> Self {
        let mut settings: Layer = OPTIONS
            .iter()
            .filter_map(|option| {
                let text = match option.default {
                    Fallback::Unset(_) => return None,
                    Fallback::Value(text) => text,
                    Fallback::ByPlace { ci: text, .. } if ci => text,
                    Fallback::ByPlace { local, .. } => local,
                };
                let value = option.kind.parse(Given::Text(text)).ok()?;
                Some((
                    option.name,
                    Setting {
                        value,
                        origin: Origin::Default,
                    },
                ))
            })
            .collect();
        settings.extend(weaker);
        settings.extend(stronger);
        Self(settings)
    }

    /// Where the value of `name` comes from.
    pub(super) fn origin(&self, name: &str) -> Origin {
        self.0
            .get(name)
            .map_or(Origin::Default, |setting| setting.origin.clone())
    }

    /// Whether somebody set `name`, and not to `false`.
    pub(super) fn is_on(&self, name: &str) -> bool {
        let setting = self.0.get(name);
        setting.is_some_and(|s| s.origin != Origin::Default && s.value != Value::Flag(false))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The texts of a list; none where it isn't set.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        match self.value(name)? {
            Value::Secret(secret) => Some(secret.clone()),
            _ => None,
        }
    }

    // The four below are for options with a default, whose value is therefore always there.

    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(&Value::Flag(true))
    }

    /// A number; for sizes, of bytes.
    pub(super) fn number(&self, name: &str) -> u64 {
        match self.value(name) {
            Some(Value::Whole(number) | Value::Size(number)) => *number,
            _ => 0,
        }
    }

    pub(super) fn duration(&self, name: &str) -> Duration {
        match self.value(name) {
            Some(Value::Duration(duration)) => *duration,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn compression(&self, name: &str) -> Compression {
        match self.value(name) {
            Some(Value::Compression(compression)) => *compression,
            _ => Compression::None,
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|setting| &setting.value)
    }

    /// Every option with its value, in the table's order.
    pub(super) fn resolved(&self) -> Vec<ResolvedOption> {
        let resolved = OPTIONS.iter().map(|option| ResolvedOption {
            name: option.name,
            value: self.value(option.name).map(Value::show),
            origin: self.origin(option.name),
        });
        resolved.collect()
    }
}
