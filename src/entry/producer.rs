//! Who made an entry, as it says itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::sign::Provenance;

/// Who made an entry, for people who look into the bucket. No decision depends on it: whoever signed the entry could write
/// anything here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Producer {
    /// This project's version.
    pub plugin: String,
    /// Nx's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nx: Option<String>,
    /// The operating system, as Rust names it.
    pub os: String,
    /// The processor architecture, as Rust names it.
    pub arch: String,
    /// The task, such as `web:build`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The CI run, as its variables tell.
    #[serde(flatten)]
    pub claimed: Provenance,
}

/// The variables in which a CI system tells of a run. Where there are several, the first that is set counts.
struct Variables {
    commit: &'static str,
    branch: &'static [&'static str],
    tag: &'static [&'static str],
    event: &'static str,
    workflow: &'static [&'static str],
    run: &'static str,
    url: &'static str,
    actor: &'static str,
}

const SYSTEMS: [Variables; 6] = [
    // GitHub Actions, whose refs have their full names. The address is put together from several.
    Variables {
        commit: "GITHUB_SHA",
        branch: &["GITHUB_REF"],
        tag: &[],
        event: "GITHUB_EVENT_NAME",
        workflow: &["GITHUB_WORKFLOW_REF", "GITHUB_WORKFLOW"],
        run: "GITHUB_RUN_ID",
        url: "",
        actor: "GITHUB_ACTOR",
    },
    // GitLab
    Variables {
        commit: "CI_COMMIT_SHA",
        branch: &["CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"],
        tag: &["CI_COMMIT_TAG"],
        event: "CI_PIPELINE_SOURCE",
        workflow: &["CI_JOB_NAME"],
        run: "CI_PIPELINE_ID",
        url: "CI_PIPELINE_URL",
        actor: "GITLAB_USER_LOGIN",
    },
    // CircleCI
    Variables {
        commit: "CIRCLE_SHA1",
        branch: &["CIRCLE_BRANCH"],
        tag: &["CIRCLE_TAG"],
        event: "",
        workflow: &["CIRCLE_JOB"],
        run: "CIRCLE_WORKFLOW_ID",
        url: "CIRCLE_BUILD_URL",
        actor: "CIRCLE_USERNAME",
    },
    // Azure Pipelines
    Variables {
        commit: "BUILD_SOURCEVERSION",
        branch: &["BUILD_SOURCEBRANCH"],
        tag: &[],
        event: "BUILD_REASON",
        workflow: &["BUILD_DEFINITIONNAME"],
        run: "BUILD_BUILDID",
        url: "",
        actor: "BUILD_REQUESTEDFOR",
    },
    // Buildkite
    Variables {
        commit: "BUILDKITE_COMMIT",
        branch: &["BUILDKITE_BRANCH"],
        tag: &["BUILDKITE_TAG"],
        event: "BUILDKITE_SOURCE",
        workflow: &["BUILDKITE_PIPELINE_SLUG"],
        run: "BUILDKITE_BUILD_ID",
        url: "BUILDKITE_BUILD_URL",
        actor: "BUILDKITE_BUILD_CREATOR",
    },
    // Jenkins
    Variables {
        commit: "GIT_COMMIT",
        branch: &["BRANCH_NAME", "GIT_BRANCH"],
        tag: &["TAG_NAME"],
        event: "",
        workflow: &["JOB_NAME"],
        run: "BUILD_TAG",
        url: "BUILD_URL",
        actor: "",
    },
];

impl Producer {
    /// This process, driven by Nx `nx`.
    pub fn here(nx: Option<String>, environment: &Environment) -> Self {
        let system = SYSTEMS
            .iter()
            .find(|system| environment.get(system.run).is_some());
        Self {
            plugin: env!("CARGO_PKG_VERSION").into(),
            nx,
            os: std::env::consts::OS.into(),
            arch: std::env::consts::ARCH.into(),
            task: None,
            claimed: system
                .map(|system| system.provenance(environment))
                .unwrap_or_default(),
        }
    }
}

impl fmt::Display for Producer {
    /// The versions and the platform.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nx-s3-cache {}", self.plugin)?;
        if let Some(nx) = &self.nx {
            write!(f, ", Nx {nx}")?;
        }
        write!(f, ", {} {}", self.os, self.arch)
    }
}

impl Variables {
    fn provenance(&self, environment: &Environment) -> Provenance {
        let get = |name: &str| environment.get(name).map(str::to_owned);
        let first = |names: &[&str]| names.iter().find_map(|name| get(name));
        let full = |prefix: &str, name: String| match name.starts_with("refs/") {
            true => name,
            false => format!("{prefix}{name}"),
        };
        let tag = first(self.tag).map(|tag| full("refs/tags/", tag));
        let workflow = first(self.workflow);
        Provenance {
            commit: get(self.commit),
            git_ref: tag.or_else(|| first(self.branch).map(|branch| full("refs/heads/", branch))),
            event: get(self.event),
            workflow: workflow.map(|name| Provenance::workflow_path(&name).to_owned()),
            run: get(self.run),
            run_url: get(self.url).or_else(|| github_url(environment)),
            actor: get(self.actor),
        }
    }
}

fn github_url(environment: &Environment) -> Option<String> {
    let [server, repository, run] =
        ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|name| environment.get(name));
    Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_producer_names_the_version_and_what_ci_systems_say_of_the_run() {
        for system in SYSTEMS {
            let environment = Environment::from([
                (system.run, "7"),
                (system.commit, "abc"),
                (system.branch[0], "main"),
            ]);
            let producer = Producer::here(Some("24.0.6".into()), &environment);
            let expected = Producer {
                plugin: env!("CARGO_PKG_VERSION").into(),
                nx: Some("24.0.6".into()),
                os: std::env::consts::OS.into(),
                arch: std::env::consts::ARCH.into(),
                task: None,
                claimed: Provenance {
                    run: Some("7".into()),
                    commit: Some("abc".into()),
                    git_ref: Some("refs/heads/main".into()),
                    ..Provenance::default()
                },
            };
            assert_eq!(producer, expected, "{}", system.run);
        }
        assert_eq!(
            Producer::here(None, &Environment::default()).claimed,
            Provenance::default()
        );
    }

    #[test]
    fn a_run_on_github_claims_what_its_token_would_prove() {
        let environment = Environment::from([
            ("GITHUB_RUN_ID", "1001"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_REF", "refs/tags/v1"),
            ("GITHUB_EVENT_NAME", "push"),
            (
                "GITHUB_WORKFLOW_REF",
                "acme/shop/.github/workflows/ci.yml@refs/heads/main",
            ),
            ("GITHUB_ACTOR", "octocat"),
        ]);
        let claimed = Producer::here(None, &environment).claimed;
        let expected = Provenance {
            commit: None,
            git_ref: Some("refs/tags/v1".into()),
            event: Some("push".into()),
            workflow: Some(".github/workflows/ci.yml".into()),
            run: Some("1001".into()),
            run_url: Some("https://github.com/acme/shop/actions/runs/1001".into()),
            actor: Some("octocat".into()),
        };
        assert_eq!(claimed, expected);
    }

    #[test]
    fn what_is_claimed_is_beside_the_rest_in_json() {
        let json = r#"{"plugin":"1.0.0","os":"linux","arch":"x86_64","run":"7","later":1}"#;
        let producer: Producer = serde_json::from_str(json).unwrap();
        assert_eq!(producer.claimed.run.as_deref(), Some("7"));
        assert_eq!(
            serde_json::to_string(&producer).unwrap(),
            json.replace(",\"later\":1", "")
        );
    }
}
