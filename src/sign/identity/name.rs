//! Names of identities: `github:acme/shop`, and where the tokens of each are issued.

use std::fmt;

use super::claims::{Claims, Facts, Provenance};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const BUILDKITE: &str = "https://agent.buildkite.com";
const CIRCLECI: &str = "https://oidc.circleci.com/org/";

/// A repository, pipeline or project whose CI runs may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// `github:owner/repository`, with `#id` where the repository's number is pinned.
    GitHub(Repository),
    /// `github-enterprise:host/owner/repository`: a server of one's own, or `name.ghe.com`.
    GitHubEnterprise {
        /// The server, with its port where it has another than 443.
        host: String,
        /// The repository on it.
        repository: Repository,
    },
    /// `buildkite:organization/pipeline`, by their slugs.
    Buildkite {
        /// The organization's slug.
        organization: String,
        /// The pipeline's slug.
        pipeline: String,
    },
    /// `circleci:organization-id/project-id`, both UUIDs.
    CircleCi {
        /// The organization's id.
        organization: String,
        /// The project's id.
        project: String,
    },
}

/// A repository on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// `owner/repository`.
    pub(super) name: String,
    /// GitHub's number of it, which stays when it is renamed, and which nobody else ever gets.
    pub(super) id: Option<u64>,
}

/// Why a text names no identity; a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidIdentity(String);

/// Who issues the tokens of an identity, and where its key set is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub url: String,
    /// The address of its key set (JWKS).
    pub key_set: String,
}

impl Identity {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentity> {
        let invalid = |why: &str| InvalidIdentity(format!("{text:?} {why}"));
        // It may be a secret key that somebody put in the wrong place.
        let unknown = || InvalidIdentity(FORMS.to_owned());
        let (system, name) = text.split_once(':').ok_or_else(unknown)?;
        match system {
            "github" => Repository::parse(name)
                .map(Self::GitHub)
                .ok_or_else(|| invalid("is not github:owner/repository.")),
            "github-enterprise" => name
                .split_once('/')
                .filter(|(host, _)| is_host(host))
                .and_then(|(host, name)| {
                    let repository = Repository::parse(name)?;
                    let host = host.to_ascii_lowercase();
                    Some(Self::GitHubEnterprise { host, repository })
                })
                .ok_or_else(|| invalid("is not github-enterprise:host/owner/repository.")),
            "buildkite" => pair(name, is_slug)
                .map(|(organization, pipeline)| Self::Buildkite {
                    organization,
                    pipeline,
                })
                .ok_or_else(|| invalid("is not buildkite:organization/pipeline, by their slugs.")),
            "circleci" => pair(&name.to_ascii_lowercase(), is_uuid)
                .map(|(organization, project)| Self::CircleCi {
                    organization,
                    project,
                })
                .ok_or_else(|| {
                    invalid(
                        "is not circleci:organization-id/project-id, both UUIDs of the project's settings.",
                    )
                }),
            "gitlab" => Err(invalid(
                "can't be used: GitLab fixes a token's audience in the pipeline file, so that no run can have one for \
                 its own key. Sign with a key there: trust.publicKeys.",
            )),
            _ => Err(unknown()),
        }
    }

    /// Who issues its tokens.
    pub fn issuer(&self) -> Issuer {
        let (url, path) = match self {
            Self::GitHub(_) => (GITHUB.to_owned(), "/.well-known/jwks"),
            Self::GitHubEnterprise { host, .. } if host.ends_with(".ghe.com") => {
                (format!("https://token.actions.{host}"), "/.well-known/jwks")
            }
            Self::GitHubEnterprise { host, .. } => {
                let scheme = if is_loopback(host) { "http" } else { "https" };
                (format!("{scheme}://{host}/_services/token"), "/.well-known/jwks")
            }
            Self::Buildkite { .. } => (BUILDKITE.to_owned(), "/.well-known/jwks"),
            Self::CircleCi { organization, .. } => {
                (format!("{CIRCLECI}{organization}"), "/.well-known/jwks-pub.json")
            }
        };
        let key_set = format!("{url}{path}");
        Issuer { url, key_set }
    }

    /// The claims that make a token one about it.
    pub fn claims(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::GitHub(repository) | Self::GitHubEnterprise { repository, .. } => vec![
                ("repository", repository.name.clone()),
                ("repository_id", repository.id.unwrap_or(1).to_string()),
            ],
            Self::Buildkite {
                organization,
                pipeline,
            } => vec![
                ("organization_slug", organization.clone()),
                ("pipeline_slug", pipeline.clone()),
            ],
            Self::CircleCi { project, .. } => vec![("oidc.circleci.com/project-id", project.clone())],
        }
    }

    /// Whether its tokens name the deployment environment of a job.
    pub fn has_environments(&self) -> bool {
        matches!(self, Self::GitHub(_) | Self::GitHubEnterprise { .. })
    }

    /// Whether these claims of its issuer are about it.
    pub(super) fn covers(&self, claims: &Claims) -> bool {
        let is = |claim: &Option<String>, name: &str| claim.as_deref() == Some(name);
        match self {
            Self::GitHub(repository) | Self::GitHubEnterprise { repository, .. } => repository.covers(claims),
            Self::Buildkite {
                organization,
                pipeline,
            } => is(&claims.organization_slug, organization) && is(&claims.pipeline_slug, pipeline),
            // The organization is in the issuer's address.
            Self::CircleCi { project, .. } => is(&claims.circle_project, project),
        }
    }

    /// Whom these claims of its issuer are about, for messages.
    pub(super) fn subject(&self, claims: &Claims) -> String {
        let (parts, separator) = match self {
            Self::GitHub(_) | Self::GitHubEnterprise { .. } => {
                ([&claims.repository, &claims.repository_id], "#")
            }
            Self::Buildkite { .. } => ([&claims.organization_slug, &claims.pipeline_slug], "/"),
            Self::CircleCi { .. } => ([&claims.circle_project, &None], ""),
        };
        parts
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(separator)
    }

    /// What these claims of its issuer say of the run, whoever it is.
    pub(super) fn facts(&self, claims: &Claims) -> Facts {
        match self {
            Self::GitHub(_) | Self::GitHubEnterprise { .. } => claims.of_github(),
            Self::Buildkite { .. } => claims.of_buildkite(),
            Self::CircleCi { .. } => claims.of_circleci(),
        }
    }

    /// The same for people, with a link to the run.
    pub(super) fn provenance(&self, claims: &Claims) -> Provenance {
        match self {
            Self::GitHub(_) => claims.github_provenance("https://github.com"),
            Self::GitHubEnterprise { host, .. } => claims.github_provenance(&format!("https://{host}")),
            Self::Buildkite { .. } => claims.buildkite_provenance(),
            Self::CircleCi { .. } => claims.circleci_provenance(),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GitHub(repository) => write!(f, "github:{repository}"),
            Self::GitHubEnterprise { host, repository } => write!(f, "github-enterprise:{host}/{repository}"),
            Self::Buildkite {
                organization,
                pipeline,
            } => write!(f, "buildkite:{organization}/{pipeline}"),
            Self::CircleCi {
                organization,
                project,
            } => write!(f, "circleci:{organization}/{project}"),
        }
    }
}

impl Repository {
    fn parse(text: &str) -> Option<Self> {
        let (name, id) = match text.split_once('#') {
            Some((name, id)) => (name, Some(id.parse().ok().filter(|_| is_number(id))?)),
            None => (text, None),
        };
        pair(name, is_repository_part)?;
        let name = name.to_owned();
        Some(Self { name, id })
    }

    /// GitHub takes names that differ in case for the same.
    fn covers(&self, claims: &Claims) -> bool {
        let name = claims.repository.as_deref().unwrap_or_default();
        let id = claims.repository_id.as_deref();
        name.eq_ignore_ascii_case(&self.name) && self.id.is_none_or(|pinned| id == Some(&pinned.to_string()))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.id.map_or(Ok(()), |id| write!(f, "#{id}"))
    }
}

const FORMS: &str = "this is not an identity: github:owner/repository, github-enterprise:host/owner/repository, \
                     buildkite:organization/pipeline or circleci:organization-id/project-id.";

/// Two parts with a slash between them, each of this form.
fn pair(text: &str, fits: fn(&str) -> bool) -> Option<(String, String)> {
    let (one, other) = text.split_once('/')?;
    (fits(one) && fits(other)).then(|| (one.to_owned(), other.to_owned()))
}

fn is_repository_part(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=100).contains(&text.len()) && text.bytes().all(fits) && !matches!(text, "." | "..")
}

fn is_slug(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=100).contains(&text.len()) && text.bytes().all(fits)
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_number(text: &str) -> bool {
    !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `name` or `name:port`.
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "443"));
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && name.split('.').all(label) && is_number(port) && port.parse::<u16>().is_ok()
}

/// Whether nothing but this machine can answer under this name, so that it needs no TLS.
fn is_loopback(host: &str) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUIDS: &str = "circleci:8a9f0d3c-1111-2222-3333-444455556666/0A9f0d3c-1111-2222-3333-444455556666";

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [
            "github:acme/shop",
            "github:Acme-1/shop.web_2",
            "github:acme/shop#724198237",
            "github-enterprise:git.acme.example/acme/shop",
            "github-enterprise:git.acme.example:8443/acme/shop#7",
            "buildkite:acme-inc/shop-web",
        ] {
            assert_eq!(Identity::parse(name).unwrap().to_string(), name);
        }
        assert_eq!(Identity::parse(UUIDS).unwrap().to_string(), UUIDS.to_lowercase());
    }

    #[test]
    fn what_names_nothing_is_quoted_with_the_form_it_should_have() {
        for (name, expected) in [
            ("github:acme", "is not github:owner/repository."),
            ("github:acme/shop/web", "is not github:owner/repository."),
            ("github:acme/*", "is not github:owner/repository."),
            ("github:/shop", "is not github:owner/repository."),
            ("github:acme/..", "is not github:owner/repository."),
            ("github:acme/shop#", "is not github:owner/repository."),
            ("github:acme/shop#+7", "is not github:owner/repository."),
            ("github:acme/shop#07", "is not github:owner/repository."),
            ("github-enterprise:acme/shop", "is not github-enterprise:host"),
            (
                "github-enterprise:https://git/acme/shop",
                "is not github-enterprise:host",
            ),
            ("github-enterprise:a@b/acme/shop", "is not github-enterprise:host"),
            (
                "github-enterprise:git:99999/acme/shop",
                "is not github-enterprise:host",
            ),
            (
                "github-enterprise:a..b/acme/shop",
                "is not github-enterprise:host",
            ),
            ("buildkite:Acme/shop", "by their slugs"),
            ("circleci:acme/shop", "both UUIDs"),
            ("gitlab:acme/shop", "Sign with a key there: trust.publicKeys."),
        ] {
            let error = Identity::parse(name).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(name), "{error}");
        }
    }

    #[test]
    fn what_may_be_a_secret_key_is_not_quoted() {
        for name in ["hush/hush", "hush:hush=="] {
            let error = Identity::parse(name).unwrap_err().to_string();
            assert!(
                error.starts_with("this is not an identity: github:owner/repository,"),
                "{error}"
            );
        }
    }

    #[test]
    fn each_system_has_its_issuer_and_only_this_machine_is_asked_without_tls() {
        for (name, issuer) in [
            ("github:acme/shop", "https://token.actions.githubusercontent.com"),
            (
                "github-enterprise:git.acme.example/a/b",
                "https://git.acme.example/_services/token",
            ),
            (
                "github-enterprise:acme.ghe.com/a/b",
                "https://token.actions.acme.ghe.com",
            ),
            (
                "github-enterprise:127.0.0.1:9/a/b",
                "http://127.0.0.1:9/_services/token",
            ),
            (
                "github-enterprise:localhost.evil.example/a/b",
                "https://localhost.evil.example/_services/token",
            ),
            (
                "github-enterprise:127.0.0.1.evil.example/a/b",
                "https://127.0.0.1.evil.example/_services/token",
            ),
            ("buildkite:acme/shop", "https://agent.buildkite.com"),
            (
                UUIDS,
                "https://oidc.circleci.com/org/8a9f0d3c-1111-2222-3333-444455556666",
            ),
        ] {
            let Issuer { url, key_set } = Identity::parse(name).unwrap().issuer();
            assert!(url == issuer && key_set.starts_with(&format!("{issuer}/.well-known/jwks")));
        }
    }
}
