//! Whether Nx loads this package at all, by what JavaScript found out.

use std::ops::RangeInclusive;

use super::report::{Report, Step};
use crate::cli::nx_facts::{NxFacts, NxRoute};
use crate::config::environment::Environment;

/// The major versions of Nx that this package works with; the same as its peer dependency.
const SUPPORTED: RangeInclusive<u32> = 20..=24;
/// The name by which Nx looks for a cache like this one.
const NAME: &str = "@nx/s3-cache";
/// This package's own name.
const OWN: &str = "nx-s3-cache";
/// Variables that switch the remote cache, or all caches, off.
const SWITCHES: [&str; 4] = [
    "NX_SKIP_REMOTE_CACHE",
    "NX_DISABLE_REMOTE_CACHE",
    "NX_SKIP_NX_CACHE",
    "NX_DISABLE_NX_CACHE",
];

/// Reports what the facts mean. Without facts this is the standalone binary.
pub(super) fn examine(facts: Option<&NxFacts>, environment: &Environment, report: &mut Report) {
    let Some(facts) = facts else {
        let why = "not looked at: only `npx nx-s3-cache doctor`, in the workspace, can tell what Nx loads";
        return report.add(Step::skipped("nx", why));
    };
    report.add(version(facts));
    let route = facts.route.as_ref().filter(|route| route.listed || !route.served);
    if !route.is_some_and(|route| route.served) {
        report.add(package(facts));
    }
    if let Some(route) = route {
        report.add(way(route));
    }
    report.add(cloud(facts));
    for step in switched_off(environment) {
        report.add(step);
    }
    report.add(binary(facts));
}

fn version(facts: &NxFacts) -> Step {
    const STEP: &str = "nx";
    let Some(nx) = &facts.nx else {
        return Step::bad(STEP, "there is no Nx here")
            .with("Run this in the workspace, after its packages are installed.");
    };
    let detail = format!("Nx {nx} on Node.js {}", facts.node.trim_start_matches('v'));
    let major = nx.split('.').next().and_then(|major| major.parse().ok());
    if major.is_some_and(|major| SUPPORTED.contains(&major)) {
        return Step::good(STEP, detail);
    }
    let (first, last) = (SUPPORTED.start(), SUPPORTED.end());
    Step::bad(
        STEP,
        format!("{detail}, which this version of nx-s3-cache was not made for"),
    )
    .with(format!(
        "Use Nx {first} to {last}, or a version of nx-s3-cache that knows this Nx."
    ))
}

/// Nx takes the first name under which something is installed that can be imported.
fn package(facts: &NxFacts) -> Step {
    const STEP: &str = "package";
    let install = format!(
        "`npx nx g {OWN}:init` does it: package.json needs \"{NAME}\": \"npm:{OWN}@^{}\", and then an installation.",
        facts.package_version
    );
    let found = facts
        .candidates
        .iter()
        .filter_map(|candidate| Some((candidate, candidate.found.as_ref()?)));
    let (mut broken, mut loaded) = (None, None);
    for (candidate, package) in found {
        match &package.problem {
            Some(problem) => broken = broken.or(Some((candidate, package, problem))),
            None => loaded = loaded.or(Some((candidate, package))),
        }
    }
    match (broken, loaded) {
        (Some((candidate, package, problem)), _) => Step::bad(
            STEP,
            format!(
                "{} {} can't be loaded as {}: {problem}",
                package.name, package.version, candidate.asked
            ),
        )
        .with(format!(
            "Nx says nothing of it and goes on. Install the packages again; {} has to be complete.",
            package.directory
        )),
        (None, None) => Step::bad(
            STEP,
            format!("nothing is installed under the name {NAME}, by which Nx looks for its cache"),
        )
        .with(install),
        (None, Some((candidate, package))) if package.name == OWN => Step::good(
            STEP,
            format!(
                "Nx loads {OWN} {} as {}, from {}",
                package.version, candidate.asked, package.directory
            ),
        ),
        (None, Some((candidate, package))) => Step::bad(
            STEP,
            format!(
                "under the name {} Nx loads another package, {} {}",
                candidate.asked, package.name, package.version
            ),
        )
        .with(install),
    }
}

/// One that takes the plugin is none where nx.json doesn't list it.
fn way(route: &NxRoute) -> Step {
    let way = if route.served {
        "a server for Nx's own client"
    } else {
        "direct"
    };
    Step::good("way", format!("{way}, since {}", route.why))
}

fn cloud(facts: &NxFacts) -> Step {
    const STEP: &str = "nx cloud";
    let named_by = facts.cloud_named_by.join(" and ");
    match (facts.cloud_used, named_by.is_empty()) {
        (true, _) => Step::bad(
            STEP,
            format!("is in use ({named_by}), so Nx never asks this cache"),
        )
        .with("Remove that, or set \"neverConnectToCloud\": true in nx.json, or NX_NO_CLOUD=true."),
        (false, false) => Step::good(STEP, format!("switched off, in spite of {named_by}")),
        (false, true) => Step::good(STEP, "not in use"),
    }
}

fn switched_off(environment: &Environment) -> impl Iterator<Item = Step> {
    let on = SWITCHES
        .iter()
        .filter(|name| environment.get(name) == Some("true"));
    on.map(|name| {
        Step::bad("switches", format!("{name} is set, so Nx uses no remote cache"))
            .with("Remove the variable from this environment.")
    })
}

/// The native module runs this very code, so it is there; an old one may have been left behind.
fn binary(facts: &NxFacts) -> Step {
    const STEP: &str = "binary";
    let version = env!("CARGO_PKG_VERSION");
    let file = facts.binary.as_deref().unwrap_or("in an unknown place");
    if version == facts.package_version {
        return Step::good(STEP, format!("{version}, {file}"));
    }
    Step::poor(
        STEP,
        format!("{version}, but the package is {}: {file}", facts.package_version),
    )
    .with("Install the packages again; without a lockfile that was made for another version.")
}

#[cfg(test)]
mod tests {
    use super::super::report::State;
    use super::*;
    use crate::cli::nx_facts::{NxCandidate, NxPackage};

    fn installed(asked: &str, name: &str) -> NxCandidate {
        NxCandidate {
            asked: asked.into(),
            found: Some(NxPackage {
                name: name.into(),
                version: "1.2.3".into(),
                directory: "/w/node_modules/x".into(),
                problem: None,
            }),
        }
    }

    fn missing(asked: &str) -> NxCandidate {
        NxCandidate {
            asked: asked.into(),
            found: None,
        }
    }

    fn good() -> NxFacts {
        NxFacts {
            node: "v20.20.0".into(),
            nx: Some("24.0.6".into()),
            package_version: env!("CARGO_PKG_VERSION").into(),
            binary: Some("/w/x.node".into()),
            candidates: vec![installed(NAME, OWN), missing("@nx/powerpack-s3-cache")],
            ..NxFacts::default()
        }
    }

    /// What is not good, with cause and remedy.
    fn findings(facts: &NxFacts, variables: &[(&str, &str)]) -> Vec<String> {
        let environment: Environment = variables.iter().copied().collect();
        let mut report = Report::new(true);
        examine(Some(facts), &environment, &mut report);
        report.texts(|state| state != State::Good)
    }

    #[track_caller]
    fn finds(facts: &NxFacts, parts: &[&str]) {
        let findings = findings(facts, &[]);
        assert!(
            findings.len() == 1 && parts.iter().all(|part| findings[0].contains(part)),
            "{findings:?}"
        );
    }

    #[test]
    fn an_alias_that_leads_here_is_good_under_either_name() {
        assert_eq!(findings(&good(), &[]), [""; 0]);
        let candidates = vec![missing(NAME), installed("@nx/powerpack-s3-cache", OWN)];
        assert_eq!(findings(&NxFacts { candidates, ..good() }, &[]), [""; 0]);
    }

    #[test]
    fn what_keeps_nx_from_loading_this_package_is_found() {
        let alias = "\"@nx/s3-cache\": \"npm:nx-s3-cache@";
        let candidates = vec![missing(NAME), missing("@nx/powerpack-s3-cache")];
        finds(
            &NxFacts { candidates, ..good() },
            &["nothing is installed", alias],
        );
        let candidates = vec![installed(NAME, NAME)];
        finds(
            &NxFacts { candidates, ..good() },
            &["another package, @nx/s3-cache 1.2.3", alias],
        );
        let mut facts = good();
        if let Some(package) = &mut facts.candidates[0].found {
            package.problem = Some("Cannot find module 'ci-info'".into());
        }
        finds(
            &facts,
            &["can't be loaded", "ci-info", "Install the packages again"],
        );
    }

    #[test]
    fn a_package_that_nx_does_not_import_is_good_where_it_serves_nx() {
        let route = |served, listed| NxFacts {
            candidates: vec![missing(NAME), missing("@nx/powerpack-s3-cache")],
            route: Some(NxRoute {
                served,
                why: "it is so".into(),
                listed,
            }),
            ..good()
        };
        assert_eq!(findings(&route(true, true), &[]), [""; 0]);
        finds(&route(true, false), &["nothing is installed", "nx-s3-cache:init"]);
        finds(&route(false, true), &["nothing is installed"]);
        let message = |served| way(route(served, true).route.as_ref().unwrap()).text();
        assert!(message(true).contains("a server for Nx's own client, since it is so"));
        assert!(message(false).contains("direct, since it is so"));
    }

    #[test]
    fn an_nx_that_is_missing_or_unknown_is_found() {
        finds(
            &NxFacts { nx: None, ..good() },
            &["no Nx here", "Run this in the workspace"],
        );
        for nx in ["19.8.0", "25.0.0-beta.1", "nonsense"] {
            finds(
                &NxFacts {
                    nx: Some(nx.into()),
                    ..good()
                },
                &[nx, "Use Nx 20 to 24"],
            );
        }
    }

    #[test]
    fn nx_cloud_is_found_where_it_is_used_and_mentioned_where_it_is_off() {
        let cloud_named_by = vec!["nxCloudId in nx.json".to_owned()];
        let facts = NxFacts {
            cloud_used: true,
            cloud_named_by,
            ..good()
        };
        finds(&facts, &["nxCloudId in nx.json", "neverConnectToCloud"]);
        let off = NxFacts {
            cloud_used: false,
            ..facts
        };
        assert_eq!(findings(&off, &[]), [""; 0]);
        assert!(cloud(&off).text().contains("switched off, in spite of nxCloudId"));
    }

    #[test]
    fn a_variable_that_switches_caching_off_and_an_old_binary_are_found() {
        let found = findings(
            &good(),
            &[("NX_SKIP_REMOTE_CACHE", "true"), ("NX_SKIP_NX_CACHE", "false")],
        );
        assert!(
            found.len() == 1 && found[0].contains("NX_SKIP_REMOTE_CACHE is set"),
            "{found:?}"
        );
        finds(
            &NxFacts {
                package_version: "9.9.9".into(),
                ..good()
            },
            &["the package is 9.9.9"],
        );
    }

    #[test]
    fn the_supported_versions_are_those_of_the_package() {
        let package: serde_json::Value = serde_json::from_str(include_str!("../../../package.json")).unwrap();
        let range = format!(">={} <{}", SUPPORTED.start(), SUPPORTED.end() + 1);
        assert_eq!(package["peerDependencies"]["nx"], range.as_str());
    }

    #[test]
    fn the_standalone_binary_says_that_it_can_not_tell() {
        let mut report = Report::new(true);
        examine(None, &Environment::default(), &mut report);
        assert!(report.texts(|state| state == State::Skipped)[0].contains("npx nx-s3-cache doctor"));
    }
}
