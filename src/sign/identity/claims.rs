//! Claims of the tokens of each CI system.
//!
//! GitHub: <https://docs.github.com/actions/reference/security/oidc>; Buildkite:
//! <https://buildkite.com/docs/agent/v3/cli-oidc>; CircleCI: <https://circleci.com/docs/openid-connect-tokens/>.

use serde::{Deserialize, Serialize};

use crate::git_ref::GitRef;

/// The claims that matter. A claim that is there twice makes the token invalid.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: Audience,
    pub iat: u64,

    pub repository: Option<String>,
    pub repository_id: Option<String>,
    #[serde(rename = "ref")]
    full_ref: Option<String>,
    ref_protected: Option<String>,
    event_name: Option<String>,
    environment: Option<String>,
    sha: Option<String>,
    workflow_ref: Option<String>,
    run_id: Option<String>,
    run_attempt: Option<String>,
    actor: Option<String>,

    pub organization_slug: Option<String>,
    pub pipeline_slug: Option<String>,
    build_branch: Option<String>,
    build_tag: Option<String>,
    build_source: Option<String>,
    build_commit: Option<String>,
    build_number: Option<u64>,

    #[serde(rename = "oidc.circleci.com/project-id")]
    pub circle_project: Option<String>,
    #[serde(rename = "oidc.circleci.com/vcs-ref")]
    circle_ref: Option<String>,
    #[serde(rename = "oidc.circleci.com/ssh-rerun")]
    circle_ssh: bool,
    #[serde(rename = "oidc.circleci.com/pipeline-id")]
    circle_pipeline: Option<String>,
}

/// Whom a token is for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Audience {
    /// Whether it is `expected` and nobody else.
    pub(super) fn is(&self, expected: &str) -> bool {
        match self {
            Self::One(audience) => audience == expected,
            Self::Several(audiences) => *audiences == [expected],
        }
    }
}

/// What the rules of nx.json are about.
#[derive(Debug)]
pub(super) struct Facts {
    /// The branch or the tag; `None` where the token names none, or something else such as a pull request.
    pub git_ref: Option<GitRef>,
    /// The ref as the token names it, for messages.
    pub shown_ref: String,
    /// Whether the ref is protected, where the tokens of this system tell.
    pub protected: Option<bool>,
    /// What caused the run.
    pub event: String,
    /// The deployment environment of the job.
    pub environment: Option<String>,
}

impl Claims {
    pub(super) fn of_github(&self) -> Facts {
        let shown_ref = self.full_ref.clone().unwrap_or_default();
        Facts {
            git_ref: GitRef::parse(&shown_ref),
            shown_ref,
            protected: Some(self.ref_protected.as_deref() == Some("true")),
            event: self.event_name.clone().unwrap_or_default(),
            environment: self.environment.clone(),
        }
    }

    /// For a tag, both claims have its name. A webhook tells of a push; others name branch and commit as they like.
    pub(super) fn of_buildkite(&self) -> Facts {
        let branch = self.build_branch.as_deref();
        let git_ref = match self.build_tag.as_deref().filter(|tag| !tag.is_empty()) {
            Some(tag) => GitRef::tag(tag).filter(|_| branch.is_none_or(|branch| branch == tag)),
            None => branch.and_then(GitRef::branch),
        };
        let event = match self.build_source.as_deref() {
            Some("webhook") => "push",
            other => other.unwrap_or_default(),
        };
        Facts {
            shown_ref: git_ref.as_ref().map(GitRef::full_name).unwrap_or_default(),
            git_ref,
            protected: None,
            event: event.to_owned(),
            environment: None,
        }
    }

    /// These tokens don't name the event; but one of a job that somebody reached with SSH says so.
    pub(super) fn of_circleci(&self) -> Facts {
        let shown_ref = self.circle_ref.clone().unwrap_or_default();
        Facts {
            git_ref: GitRef::parse(&shown_ref),
            shown_ref,
            protected: None,
            event: if self.circle_ssh { "ssh-rerun" } else { "push" }.to_owned(),
            environment: None,
        }
    }

    /// The run of a token that may be of no identity that is known, without a link to it: anybody may have made it up.
    pub(super) fn claimed_provenance(&self) -> Provenance {
        let provenance = if self.circle_project.is_some() {
            self.circleci_provenance()
        } else if self.pipeline_slug.is_some() {
            self.buildkite_provenance()
        } else {
            self.github_provenance("")
        };
        Provenance {
            run_url: None,
            ..provenance
        }
    }

    pub(super) fn github_provenance(&self, server: &str) -> Provenance {
        let run = self.repository.as_ref().zip(self.run_id.as_ref());
        let attempt = self.run_attempt.as_ref();
        Provenance {
            commit: self.sha.clone(),
            git_ref: self.full_ref.clone(),
            event: self.event_name.clone(),
            // `owner/repository/.github/workflows/ci.yml@refs/heads/main`: the path says which.
            workflow: self
                .workflow_ref
                .as_ref()
                .map(|full| Provenance::workflow_path(full).to_owned()),
            run: self.run_id.clone(),
            run_url: run.map(|(repository, run)| {
                let attempt = attempt.map(|attempt| format!("/attempts/{attempt}"));
                format!(
                    "{server}/{repository}/actions/runs/{run}{}",
                    attempt.unwrap_or_default()
                )
            }),
            actor: self.actor.clone(),
        }
    }

    pub(super) fn buildkite_provenance(&self) -> Provenance {
        let facts = self.of_buildkite();
        let build = self.build_number.map(|number| number.to_string());
        let pipeline = self.organization_slug.as_ref().zip(self.pipeline_slug.as_ref());
        Provenance {
            commit: self.build_commit.clone(),
            git_ref: facts.git_ref.as_ref().map(GitRef::full_name),
            event: Some(facts.event),
            workflow: self.pipeline_slug.clone(),
            run_url: pipeline
                .zip(build.as_ref())
                .map(|((organization, pipeline), build)| {
                    format!("https://buildkite.com/{organization}/{pipeline}/builds/{build}")
                }),
            run: build,
            actor: None,
        }
    }

    pub(super) fn circleci_provenance(&self) -> Provenance {
        Provenance {
            git_ref: self.circle_ref.clone(),
            run: self.circle_pipeline.clone(),
            ..Provenance::default()
        }
    }
}

/// The run that made an entry, as far as it is known: from a token, whose issuer vouches for it, or from the variables of a
/// CI system, which whoever signed the entry claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The full name of the branch or the tag.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// What caused the run, such as `push`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The workflow or the pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The run's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The run's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// Who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl Provenance {
    /// `.github/workflows/ci.yml` of `owner/repository/.github/workflows/ci.yml@refs/heads/main`; other names as they are.
    pub fn workflow_path(full: &str) -> &str {
        let path = full.split_once('@').map(|(path, _)| path);
        path.and_then(|path| path.splitn(3, '/').nth(2)).unwrap_or(full)
    }

    /// The name of the branch or the tag, without what all have in common.
    pub fn ref_name(&self) -> Option<&str> {
        let full = self.git_ref.as_deref()?;
        let name = full
            .strip_prefix("refs/heads/")
            .or_else(|| full.strip_prefix("refs/tags/"));
        Some(name.unwrap_or(full))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_of_any_system_claims_its_run_and_no_link() {
        for (claims, run) in [
            (json!({ "repository": "acme/shop", "run_id": "1001" }), "1001"),
            (
                json!({ "organization_slug": "acme", "pipeline_slug": "shop", "build_number": 7 }),
                "7",
            ),
            (
                json!({ "oidc.circleci.com/project-id": "p", "oidc.circleci.com/pipeline-id": "5a" }),
                "5a",
            ),
        ] {
            let claims: Claims = serde_json::from_value(claims).unwrap();
            let claimed = claims.claimed_provenance();
            assert_eq!((claimed.run.as_deref(), claimed.run_url), (Some(run), None));
        }
    }
}
