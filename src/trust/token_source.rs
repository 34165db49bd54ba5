//! Where a run can get an identity token.

use super::system::System;
use crate::environment::Environment;
use crate::secret::Secret;

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
