//! Settings: options with their types, and the value of each with its origin.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::{Error as Unknown, StrDeserializer};

use super::error::{Findings, Origin};
use super::kind::{Given, Kind, Value};
use super::options::{Fallback, OPTIONS, Spec};
use super::{Compression, ConditionalWrites, Mode, OnBadSignature, ResolvedOption, TrustPolicy};
use crate::secret::Secret;

/// An option whose values are a `T`; whether it always has one, since it has a default.
pub(super) struct Opt<T, const DEFAULT: bool = false> {
    pub spec: Spec,
    values: PhantomData<fn() -> T>,
}

/// An option that always has a value.
pub(super) type Defaulted<T> = Opt<T, true>;

impl<T, const DEFAULT: bool> Opt<T, DEFAULT> {
    pub(super) const fn new(kind: Typed<T>, spec: Spec) -> Self {
        assert!(
            DEFAULT != matches!(spec.fallback, Fallback::Unset(_)),
            "`Defaulted` and `fallback` differ"
        );
        Self {
            spec: Spec { kind: kind.0, ..spec },
            values: PhantomData,
        }
    }
}

#[cfg(test)]
impl<T: FromValue, const DEFAULT: bool> Opt<T, DEFAULT> {
    /// Whether `value` can be read as this option's.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        T::from_value(value).is_some()
    }
}

impl<T, const DEFAULT: bool> Deref for Opt<T, DEFAULT> {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        &self.spec
    }
}

/// A kind of values that are a `T` in the configuration.
pub(super) struct Typed<T>(Kind, PhantomData<fn() -> T>);

impl<T> Typed<T> {
    const fn new(kind: Kind) -> Self {
        Self(kind, PhantomData)
    }
}

pub(super) const STRING: Typed<String> = Typed::new(Kind::String);
pub(super) const STRINGS: Typed<Vec<String>> = Typed::new(Kind::Strings);
pub(super) const SECRET: Typed<Secret> = Typed::new(Kind::Secret);
pub(super) const FLAG: Typed<bool> = Typed::new(Kind::Flag);
pub(super) const LEVEL: Typed<Compression> = Typed::new(Kind::Compression);

pub(super) const fn integer(min: u16, max: u16) -> Typed<u16> {
    Typed::new(Kind::Integer(min, max))
}
pub(super) const fn duration(min: Duration, max: Duration) -> Typed<Duration> {
    Typed::new(Kind::Duration(min, max))
}
pub(super) const fn size(min: u64, max: u64) -> Typed<u64> {
    Typed::new(Kind::Size(min, max))
}
pub(super) const fn choice<T>(what: &'static str, allowed: &'static [&'static str]) -> Typed<T> {
    Typed::new(Kind::Choice(what, allowed))
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub value: Value,
    pub origin: Origin,
}

/// What one source sets.
#[derive(Default)]
pub(super) struct Layer(BTreeMap<&'static str, Setting>);

impl Layer {
    /// Sets `option` to what was given, or notes what is wrong with that.
    pub(super) fn read(&mut self, option: &Spec, given: Given<'_>, origin: Origin, findings: &mut Findings) {
        match option.kind.parse(given) {
            Ok(value) => self.set(option, value, origin),
            Err(problem) => findings.problem(option.name, origin, problem),
        }
    }

    pub(super) fn set(&mut self, option: &Spec, value: Value, origin: Origin) {
        self.0.insert(option.name, Setting { value, origin });
    }

    pub(super) fn get(&self, option: &Spec) -> Option<&Setting> {
        self.0.get(option.name)
    }

    pub(super) fn remove(&mut self, option: &Spec) -> Option<Setting> {
        self.0.remove(option.name)
    }
}

/// What applies to every option.
pub(super) struct Settings(Layer);

impl Settings {
    /// Puts `stronger` over `weaker` over the defaults.
    pub(super) fn resolve(weaker: Layer, stronger: Layer, ci: bool) -> Self {
        let mut settings = Layer::default();
        for option in OPTIONS {
            let text = match option.fallback {
                Fallback::Unset(_) => continue,
                Fallback::Value(text) => text,
                Fallback::ByEnvironment { ci: text, .. } if ci => text,
                Fallback::ByEnvironment { local, .. } => local,
            };
            if let Ok(value) = option.kind.parse(Given::Text(text)) {
                settings.set(option, value, Origin::Default);
            }
        }
        settings.0.extend(weaker.0);
        settings.0.extend(stronger.0);
        Self(settings)
    }

    /// Where the value of `option` comes from.
    pub(super) fn origin(&self, option: &Spec) -> Origin {
        let setting = self.0.get(option);
        setting.map_or(Origin::Default, |setting| setting.origin.clone())
    }

    /// Whether somebody set `option`, and not to `false`.
    pub(super) fn is_on(&self, option: &Spec) -> bool {
        let setting = self.0.get(option);
        setting.is_some_and(|s| s.origin != Origin::Default && s.value != Value::Flag(false))
    }

    /// The value of `option`, if there is one.
    pub(super) fn find<T: FromValue, const D: bool>(&self, option: &Opt<T, D>) -> Option<T> {
        T::from_value(&self.0.get(option)?.value)
    }

    /// The value of `option`, which its default provides at least.
    pub(super) fn get<T: FromValue + Default>(&self, option: &Defaulted<T>) -> T {
        self.find(option).unwrap_or_default()
    }

    /// Every option with its value, in the table's order.
    pub(super) fn resolved(&self) -> Vec<ResolvedOption> {
        let resolved = OPTIONS.iter().map(|option| ResolvedOption {
            name: option.name,
            value: self.0.get(option).map(|setting| setting.value.show()),
            origin: self.origin(option),
        });
        resolved.collect()
    }
}

/// A type that an option's value has in the configuration.
pub(super) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty: $kind:ident($value:ident) => $result:expr;)*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$kind($value) => $result,
                    _ => None,
                }
            }
        }
    )*};
}

from_value! {
    String: String(text) => Some(text.clone());
    Vec<String>: Strings(texts) => Some(texts.clone());
    Secret: Secret(secret) => Some(secret.clone());
    bool: Flag(flag) => Some(*flag);
    u16: Integer(number) => Some(*number);
    Duration: Duration(duration) => Some(*duration);
    u64: Size(bytes) => Some(*bytes);
    Compression: Compression(compression) => Some(*compression);
    Mode: String(text) => named(text);
    ConditionalWrites: String(text) => named(text);
    OnBadSignature: String(text) => named(text);
    TrustPolicy: String(text) => named(text);
}

fn named<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    T::deserialize(StrDeserializer::<Unknown>::new(text)).ok()
}
