//! A token for this run: from GitHub's token endpoint, or from the agent of the CI system.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::command;
use crate::object_store::documents::{Documents, Missing};
use crate::secret::Secret;
use crate::sign::identity::{MAX_TOKEN, accepts, claims};
use crate::sign::{CertifiedKey, IdentityError, Rules, Vouched};
use crate::trust::TokenSource;

/// Why this run has no certificate, so that it stores nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCertificate {
    /// The CI system gives no token. What is said contains nothing of a token.
    #[error("{from} gives no identity token: {why}")]
    NoToken {
        /// Who was asked.
        from: &'static str,
        /// Why not.
        why: String,
    },
    /// There is a token, but nobody would believe it.
    #[error("nobody would believe this run's identity token: {0}")]
    Refused(#[from] IdentityError),
    /// The system gives no random bytes.
    #[error("no key could be made: the system gives no random bytes")]
    Random,
}

/// Who is asked for tokens on GitHub.
pub const GITHUB: &str = "GitHub";

/// Makes a key pair, and has the CI system certify it for entries under `namespace`. Takes a minute at most.
pub async fn certify(
    source: &TokenSource,
    rules: &Rules,
    namespace: &str,
    http: &Documents,
) -> Result<CertifiedKey, NoCertificate> {
    let key = CertifiedKey::generate(namespace).ok_or(NoCertificate::Random)?;
    let token = request(source, key.audience(), http).await?;
    accepts(token.expose(), rules)?;
    Ok(key.certify(token.expose()).ok_or(IdentityError::Malformed)?)
}

/// What a token of this run claims, to be shown, and what others would say of it.
pub async fn preview(
    source: &TokenSource,
    rules: &Rules,
    http: &Documents,
) -> Result<(Map<String, Value>, Result<Vouched, NoCertificate>), NoCertificate> {
    let token = request(source, PREVIEW, http).await?;
    let claims = claims(token.expose()).ok_or(IdentityError::Malformed)?;
    Ok((
        claims,
        accepts(token.expose(), rules).map_err(NoCertificate::Refused),
    ))
}

/// An audience of tokens that certify nothing.
const PREVIEW: &str = "nx-s3-cache doctor";

/// A token with this audience.
async fn request(source: &TokenSource, audience: &str, http: &Documents) -> Result<Secret, NoCertificate> {
    let (from, token) = match source {
        TokenSource::GitHub { url, bearer } => (GITHUB, of_github(url, bearer, audience, http).await),
        TokenSource::Buildkite => {
            let arguments = ["oidc", "request-token", "--audience", audience];
            (
                "buildkite-agent",
                command::printed("buildkite-agent", &arguments).await,
            )
        }
        TokenSource::CircleCi => {
            let claims = serde_json::json!({ "aud": audience }).to_string();
            (
                "circleci",
                command::printed("circleci", &["run", "oidc", "get", "--claims", &claims]).await,
            )
        }
    };
    token.map_err(|why| NoCertificate::NoToken { from, why })
}

/// The answer of GitHub's token endpoint.
#[derive(Deserialize)]
struct Answer {
    value: String,
}

async fn of_github(url: &str, bearer: &Secret, audience: &str, http: &Documents) -> Result<Secret, String> {
    let mut address =
        url::Url::parse(url).map_err(|_| "ACTIONS_ID_TOKEN_REQUEST_URL is not an address".to_owned())?;
    let local = matches!(address.host_str(), Some("127.0.0.1" | "localhost"));
    if address.scheme() != "https" && !local {
        return Err("ACTIONS_ID_TOKEN_REQUEST_URL is not an https address".to_owned());
    }
    address.query_pairs_mut().append_pair("audience", audience);
    let answer = http
        .get(address.as_str(), Some(bearer.expose()), 2 * MAX_TOKEN)
        .await;
    let answer = answer.map_err(|missing| match missing {
        Missing::Status(401 | 403) => format!("{missing}, so the job may not have one"),
        _ => missing.to_string(),
    })?;
    let answer: Answer = serde_json::from_slice(&answer).map_err(|_| "its answer has no token".to_owned())?;
    Ok(Secret::new(answer.value))
}
