//! The environment: its variables, and the options they set. Nothing else reads the variables of this process.

use std::collections::BTreeMap;

use super::error::{Findings, Origin, nearest, question};
use super::kind::Given;
use super::options::{OPTIONS, Spec, removed};
use super::settings::Layer;

/// What every variable that sets an option begins with.
pub const PREFIX: &str = "NX_S3_CACHE_";

/// Names the variables that a run of Nx removed from the environment of its tasks.
const REMOVED: &str = "NX_S3_CACHE_KEYS_REMOVED";

/// Variables with our prefix that are no options.
const OTHERS: [&str; 4] = [
    "NX_S3_CACHE_LIBRARY_PATH",
    "NX_S3_CACHE_LOG",
    "NX_S3_CACHE_STATS",
    REMOVED,
];

/// Environment variables at one moment, so that tests never touch those of their process.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. Bytes that aren't UTF-8 become `U+FFFD`, which no option accepts.
    pub fn of_process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self(
            std::env::vars_os()
                .map(|(name, value)| (lossy(name), lossy(value)))
                .collect(),
        )
    }

    /// The value of `name`. Empty counts as not set: CI systems pass a secret that a run may not see as "".
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Sets `name`, as far as we look at it here.
    pub fn set(&mut self, name: String, value: String) {
        self.0.insert(name, value);
    }

    /// Whether `name` is there without a value.
    pub fn is_empty(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(String::is_empty)
    }

    /// The names of all variables that begin with [`PREFIX`], empty ones too.
    pub fn prefixed(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with(PREFIX))
    }

    /// Whether this process is a task, or started by one, and lacks the variable of `option` for that reason alone.
    pub(super) fn was_removed(&self, option: &Spec) -> bool {
        let variable = option.variable();
        let removed = self.get(REMOVED).unwrap_or_default();
        self.get(&variable).is_none() && removed.split(',').any(|name| name == variable)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        let owned = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(owned.collect())
    }
}

/// The value of one variable of this process; empty counts as not set.
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What the variables set. One with our prefix that is no option is a typo, or meant for another version.
pub(super) fn read(environment: &Environment, findings: &mut Findings) -> Layer {
    let mut layer = Layer::default();
    for option in OPTIONS {
        let other = option.other_variable.map(str::to_owned);
        for name in other.into_iter().chain([option.variable()]) {
            if environment.is_empty(&name) {
                let notice = format!("{name} is empty and counts as not set.");
                findings.notices.push(notice);
            } else if let Some(text) = environment.get(&name) {
                layer.read(option, Given::Text(text), Origin::Variable(name), findings);
            }
        }
    }
    for name in environment.prefixed().filter(|name| !is_known(name)) {
        let unknown = || format!("no option has this environment variable.{}", did_you_mean(name));
        let problem = removed(name).map_or_else(unknown, str::to_owned);
        findings.unknown(name, Origin::Variable(name.to_owned()), problem);
    }
    layer
}

/// Whether a variable with our prefix means something.
pub(super) fn is_known(name: &str) -> bool {
    OTHERS.contains(&name) || OPTIONS.iter().any(|option| option.variable() == name)
}

/// Compares without the prefix, which would make everything look alike.
fn did_you_mean(name: &str) -> String {
    let given = name.strip_prefix(PREFIX).unwrap_or(name);
    let variables: Vec<String> = OPTIONS.iter().map(Spec::variable).collect();
    let valid = variables.iter().map(String::as_str).chain(OTHERS);
    let nearest = nearest(given, valid.map(|name| &name[PREFIX.len()..]));
    question(nearest.iter().map(|name| format!("{PREFIX}{name}")).collect())
}

#[cfg(test)]
mod tests {
    use super::super::options;
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let environment = Environment::from([("NX_S3_CACHE_BUCKET", ""), ("NX_S3_CACHE_REGION", "eu")]);
        assert_eq!(environment.get("NX_S3_CACHE_BUCKET"), None);
        assert!(environment.is_empty("NX_S3_CACHE_BUCKET"));
        assert_eq!(environment.get("NX_S3_CACHE_REGION"), Some("eu"));
        assert!(!environment.is_empty("NX_S3_CACHE_REGION") && !environment.is_empty("OTHER"));
    }

    #[test]
    fn lists_only_variables_with_the_prefix() {
        let environment = Environment::from([("NX_S3_CACHE_BUCKET", ""), ("PATH", "/bin"), ("NX_S3", "x")]);
        assert_eq!(environment.prefixed().collect::<Vec<_>>(), ["NX_S3_CACHE_BUCKET"]);
    }

    #[test]
    fn reads_the_process() {
        let path = process("PATH").unwrap();
        assert_eq!(Environment::of_process().get("PATH"), Some(path.as_str()));
    }

    fn problems<const N: usize>(variables: [(&str, &str); N]) -> Vec<String> {
        let mut findings = Findings::default();
        read(&Environment::from(variables), &mut findings);
        let found = findings.problems.iter().chain(&findings.unknown);
        found.map(ToString::to_string).collect()
    }

    #[test]
    fn a_variable_that_is_no_option_is_ignored_with_the_nearest_name() {
        assert_eq!(
            problems([("NX_S3_CACHE_BUCKT", "a"), ("NX_S3_CACHE_TIMEOUT_CONNECT", "5")]),
            [
                "NX_S3_CACHE_BUCKT: no option has this environment variable. Did you mean NX_S3_CACHE_BUCKET?",
                "NX_S3_CACHE_TIMEOUT_CONNECT: no option has this environment variable. Did you mean NX_S3_CACHE_TIMEOUTS_CONNECT?",
            ]
        );
        assert_eq!(
            problems([("NX_S3_CACHE_COLOUR", "a")]),
            ["NX_S3_CACHE_COLOUR: no option has this environment variable."]
        );
        let mut findings = Findings::default();
        read(&Environment::from([("NX_S3_CACHE_COLOUR", "a")]), &mut findings);
        assert!(findings.problems.is_empty());
    }

    #[test]
    fn a_variable_that_may_be_meant_to_protect_the_cache_is_refused() {
        for name in [
            "ENCRIPTION_KEY",
            "TRUST_DEV_WRITES",
            "SIGN_KEY",
            "TRUST_PUBLIC_KEY",
        ] {
            let mut findings = Findings::default();
            let name = format!("{PREFIX}{name}");
            read(&Environment::from([(&*name, "a")]), &mut findings);
            assert!(
                findings.unknown.is_empty() && findings.problems.len() == 1,
                "{name}"
            );
        }
    }

    #[test]
    fn other_variables_are_left_alone() {
        let none: [&str; 0] = [];
        assert_eq!(
            problems([("NX_S3_CACHE_LOG", "x"), ("NX_S3", "y"), ("AWS_REGION", "z")]),
            none
        );
    }

    #[test]
    fn a_bad_value_names_its_variable() {
        assert_eq!(
            problems([("NX_S3_CACHE_RETRIES", "many")]),
            ["retries (NX_S3_CACHE_RETRIES): \"many\" is not an integer from 0 to 10."]
        );
    }

    #[test]
    fn an_empty_variable_sets_nothing_and_is_noticed() {
        let mut findings = Findings::default();
        let layer = read(&Environment::from([("NX_S3_CACHE_REGION", "")]), &mut findings);
        assert!(layer.get(&options::REGION).is_none() && findings.problems.is_empty());
        assert_eq!(
            findings.notices,
            ["NX_S3_CACHE_REGION is empty and counts as not set."]
        );
    }
}
