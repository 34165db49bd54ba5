//! What an option is: its name, its kind of values, its type in the configuration.

use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::{Error as Unknown, StrDeserializer};

use super::kind::{Kind, Value};
use super::types::{Compression, ConditionalWrites, Mode, OnBadSignature, TrustPolicy};
use crate::environment::PREFIX;
use crate::secret::Secret;

/// One option.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "tests generate the schema and the documentation")
)]
pub(super) struct Spec {
    /// The name in nx.json; with a dot when it is in a nested object.
    pub name: &'static str,
    pub kind: Kind,
    pub fallback: Fallback,
    /// What it does, in one line.
    pub description: &'static str,
    /// A value that makes sense, as JSON.
    pub example: &'static str,
    /// Whether the query of a store URL may set it.
    pub in_url: bool,
    /// Whether only the environment may set it.
    pub only_environment: bool,
    /// Another variable that sets it, weaker than its own.
    pub other_variable: Option<&'static str>,
}

/// What applies when nobody sets an option.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "tests generate the schema and the documentation")
)]
pub(super) enum Fallback {
    /// No value; this says what happens then.
    Unset(&'static str),
    /// This value, as text.
    Value(&'static str),
    /// One value in CI, another elsewhere.
    ByEnvironment { ci: &'static str, local: &'static str },
}

impl Spec {
    /// The name of the variable that sets the option: `timeouts.connect` is `NX_S3_CACHE_TIMEOUTS_CONNECT`.
    pub(super) fn variable(&self) -> String {
        variable(self.name)
    }
}

pub(super) fn variable(option: &str) -> String {
    let mut name = PREFIX.to_owned();
    for c in option.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(if c == '.' { '_' } else { c.to_ascii_uppercase() });
    }
    name
}

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
