//! CI systems, and what tokens of theirs a run can get.

use std::fmt;

use crate::environment::Environment;
use crate::secret::Secret;
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

/// Who gives a run an identity token. GitLab's have an audience that the pipeline file fixes, so they can't certify a run's
/// own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// GitHub's token endpoint, which a job may ask that has the permission `id-token: write`.
    GitHub {
        /// Its address, with a query.
        url: String,
        /// What is needed to ask it.
        bearer: Secret,
    },
    /// `buildkite-agent oidc request-token`.
    Buildkite,
    /// `circleci run oidc get`.
    CircleCi,
}

impl TokenSource {
    /// Who gives this run a token; `None` where nobody does.
    pub(super) fn detect(system: System, environment: &Environment) -> Option<Self> {
        match system {
            System::GitHub => Some(Self::GitHub {
                url: environment.get("ACTIONS_ID_TOKEN_REQUEST_URL")?.to_owned(),
                bearer: Secret::new(environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?.to_owned()),
            }),
            System::Buildkite => Some(Self::Buildkite),
            System::CircleCi => Some(Self::CircleCi),
            System::Developer
            | System::UnknownCi
            | System::Azure
            | System::Bitbucket
            | System::GitLab
            | System::Jenkins
            | System::TeamCity
            | System::Travis => None,
        }
    }
}
