//! Who made an entry.

use serde::{Deserialize, Serialize};

use crate::config::environment::Environment;

/// Where CI systems name the run: GitHub Actions, GitLab, CircleCI, Azure Pipelines, Buildkite, Jenkins.
const RUN_VARIABLES: [&str; 6] = [
    "GITHUB_RUN_ID",
    "CI_PIPELINE_ID",
    "CIRCLE_WORKFLOW_ID",
    "BUILD_BUILDID",
    "BUILDKITE_BUILD_ID",
    "BUILD_TAG",
];
/// Where they name the commit, in the same order.
const COMMIT_VARIABLES: [&str; 6] = [
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "CIRCLE_SHA1",
    "BUILD_SOURCEVERSION",
    "BUILDKITE_COMMIT",
    "GIT_COMMIT",
];

/// Who made an entry, for people who look into the bucket. Nothing is decided by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The CI run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The commit the CI run was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

impl Producer {
    /// This process, driven by Nx `nx`.
    pub fn here(nx: Option<String>, environment: &Environment) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| environment.get(name))
                .map(str::to_owned)
        };
        Self {
            plugin: env!("CARGO_PKG_VERSION").into(),
            nx,
            os: std::env::consts::OS.into(),
            arch: std::env::consts::ARCH.into(),
            run: first(&RUN_VARIABLES),
            commit: first(&COMMIT_VARIABLES),
        }
    }
}
