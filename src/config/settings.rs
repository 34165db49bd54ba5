//! Settings: the value of each option with its origin.

use std::collections::BTreeMap;

use super::error::{Findings, Origin};
use super::kind::{Given, Value};
use super::options::OPTIONS;
use super::spec::{Defaulted, Fallback, FromValue, Opt, Spec};
use super::types::ResolvedOption;

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

/// Settings whose values are checked as they are read.
pub(super) struct Checked<'a> {
    pub settings: &'a Settings,
    pub findings: &'a mut Findings,
}

impl Checked<'_> {
    /// The value of `option` as `check` returns it.
    pub(super) fn value<V: FromValue, const D: bool, T>(
        &mut self,
        option: &Opt<V, D>,
        check: impl Fn(&V) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.settings.find(option)?;
        self.passed(option, check(&value))
    }

    /// The string of `option` as `check` returns it.
    pub(super) fn text<const D: bool, T>(
        &mut self,
        option: &Opt<String, D>,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.value(option, |text| check(text))
    }

    pub(super) fn passed<T>(&mut self, option: &Spec, result: Result<T, String>) -> Option<T> {
        result.map_err(|problem| self.refuse(option, problem)).ok()
    }

    /// Notes what is wrong with `option`.
    pub(super) fn refuse(&mut self, option: &Spec, problem: impl Into<String>) {
        let origin = self.settings.origin(option);
        self.findings.problem(option.name, origin, problem);
    }
}
