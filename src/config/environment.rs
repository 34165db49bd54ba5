//! The options that environment variables set.

use super::error::{Findings, Origin, nearest, question};
use super::kind::Given;
use super::options::{OPTIONS, may_protect, removed};
use super::settings::Layer;
use super::spec::Spec;

use crate::environment::REMOVED;
pub use crate::environment::{Environment, PREFIX, process};

/// Forces one of the two ways into Nx; JavaScript acts on it.
const ROUTE: &str = "NX_S3_CACHE_ROUTE";
const ROUTES: [&str; 3] = ["auto", "direct", "server"];

/// Variables with our prefix that are no options.
const OTHERS: [&str; 5] = [
    "NX_S3_CACHE_LIBRARY_PATH",
    "NX_S3_CACHE_LOG",
    ROUTE,
    "NX_S3_CACHE_STATS",
    REMOVED,
];

/// Whether this process is a task, or started by one, and lacks the variable of `option` for that reason alone.
pub(super) fn was_removed(environment: &Environment, option: &Spec) -> bool {
    let variable = option.variable();
    let removed = environment.get(REMOVED).unwrap_or_default();
    environment.get(&variable).is_none() && removed.split(',').any(|name| name == variable)
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
    if let Some(route) = environment.get(ROUTE).filter(|route| !ROUTES.contains(route)) {
        let problem = format!("{route:?} is not one of {}.", ROUTES.join(", "));
        findings.problem(ROUTE, Origin::Variable(ROUTE.to_owned()), problem);
    }
    for name in environment.prefixed().filter(|name| !is_known(name)) {
        let unknown = || format!("no option has this environment variable.{}", did_you_mean(name));
        let problem = removed(name).map_or_else(unknown, str::to_owned);
        let origin = Origin::Variable(name.to_owned());
        findings.unknown(name, may_protect(name), origin, problem);
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
    fn a_route_that_is_none_is_refused() {
        let none: [&str; 0] = [];
        assert_eq!(problems([("NX_S3_CACHE_ROUTE", "server")]), none);
        assert_eq!(
            problems([("NX_S3_CACHE_ROUTE", "http")]),
            ["NX_S3_CACHE_ROUTE: \"http\" is not one of auto, direct, server."]
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
