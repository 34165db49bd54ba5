//! CI systems.

use std::fmt;

use crate::environment::Environment;
use crate::sign::Identity;

/// Where a run takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// No CI system: a person's machine.
    Developer,
    /// A CI system that isn't known, or more than one at once.
    UnknownCi,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Buildkite.
    Buildkite,
    /// CircleCI.
    CircleCi,
    /// GitHub Actions, and those of Gitea and Forgejo, which tell the same.
    GitHub,
    /// GitLab CI/CD.
    GitLab,
    /// Jenkins.
    Jenkins,
    /// TeamCity.
    TeamCity,
    /// Travis CI.
    Travis,
}

impl System {
    /// Whether runs of this identity take place here.
    pub(super) fn runs(self, identity: &Identity) -> bool {
        match identity {
            Identity::GitHub(_) | Identity::GitHubEnterprise { .. } => self == Self::GitHub,
            Identity::Buildkite { .. } => self == Self::Buildkite,
            Identity::CircleCi { .. } => self == Self::CircleCi,
        }
    }

    /// What caused a run, in the words of its identity token.
    pub(super) fn event(self, environment: &Environment) -> Option<String> {
        let event = match self {
            Self::GitHub => environment.get("GITHUB_EVENT_NAME")?,
            Self::Buildkite => match environment.get("BUILDKITE_SOURCE")? {
                "webhook" => "push",
                other => other,
            },
            Self::CircleCi => "push",
            _ => return None,
        };
        Some(event.to_owned())
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Developer => "no CI",
            Self::UnknownCi => "an unknown CI system",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::Buildkite => "Buildkite",
            Self::CircleCi => "CircleCI",
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab",
            Self::Jenkins => "Jenkins",
            Self::TeamCity => "TeamCity",
            Self::Travis => "Travis CI",
        })
    }
}
