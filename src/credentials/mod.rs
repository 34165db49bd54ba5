//! Where credentials come from.
//!
//! The sources, in the order they are asked; the first that has credentials is kept for the run:
//!
//! 1. **environment**: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`
//! 2. **profile**: `~/.aws/credentials` and `~/.aws/config`, the profile of the option `profile`, of
//!    `AWS_PROFILE`, or `default`: keys, `role_arn`, `credential_process`, `sso_*`, `web_identity_token_file`
//! 3. **single sign-on**: the profile of the option `ssoProfile`
//! 4. **web identity**: `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN` (GitHub OIDC, EKS)
//! 5. **nx.json**: the options `accessKeyId`, `secretAccessKey`, `sessionToken`
//! 6. **container**: the ECS or EKS endpoint of `AWS_CONTAINER_CREDENTIALS_*`
//! 7. **EC2 metadata**: the instance's role, only on machines that are EC2 instances
//!
//! A source that isn't configured is passed over. One that is configured but fails ends the search: other
//! credentials than those the user means could belong to another account. The option `assumeRole` is then
//! applied to whatever was found.

mod container;
mod ec2;
mod error;
mod identity;
mod keys;
mod process;
mod profile;
mod refreshing;
mod region;
mod role;
mod source;

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::time::Instant;

use crate::config::CredentialsConfig;
use source::{Context, Source, Unavailable};

pub use error::{Error, PassedOver};
pub use identity::{caller, has_sts, key_id};
pub use refreshing::Refreshing;
pub use region::resolve_region;

/// How long one search for credentials, or one refresh, may take. Long enough for a `credential_process` that starts a
/// command line tool and for three attempts at STS; short enough for a build that goes on without.
pub const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The credentials of a run, and where they come from.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What signs the requests; `None` with the option `anonymous`.
    ///
    /// It already holds credentials, so that the first request waits for nothing. When they are about to expire, it refreshes
    /// them from the same source.
    pub provider: Option<SharedCredentialsProvider>,
    /// The same, to be notified when a server calls its credentials expired.
    pub refreshing: Option<Arc<Refreshing>>,
    /// The source in a few words, such as `environment`, `profile ci (credential_process)` or `nx.json`.
    pub source: String,
}

/// Finds the run's credentials.
///
/// `region` is where STS is called, as [`resolve_region`] found it; `http` makes every request; `limit`
/// (usually [`TIME_LIMIT`]) bounds the whole search, and later every refresh.
pub async fn resolve(
    config: &CredentialsConfig,
    region: &str,
    http: SharedHttpClient,
    limit: Duration,
) -> Result<Credentials, Error> {
    if config.anonymous {
        return Ok(Credentials {
            provider: None,
            refreshing: None,
            source: "anonymous".to_owned(),
        });
    }
    let context = Context::load(config, Some(region), http).await;
    let found = first(&context, limit).await?;
    let found = match &config.assume_role {
        Some(role) => role::assume(role, found, &context, limit).await?,
        None => found,
    };
    let source = found.source().to_owned();
    let refreshing = Arc::new(found);
    let provider: Arc<dyn ProvideCredentials> = refreshing.clone();
    Ok(Credentials {
        source,
        provider: Some(provider.into()),
        refreshing: Some(refreshing),
    })
}

type Look = fn(&Context<'_>) -> Result<Source, Unavailable>;

/// The sources in their order; the names are in the report of what was asked.
const SOURCES: [(&str, Look); 7] = [
    ("environment", keys::of_environment),
    ("profile", profile::selected),
    ("single sign-on", profile::single_sign_on),
    ("web identity", role::of_web_identity),
    ("nx.json", keys::of_options),
    ("container", container::source),
    ("EC2 metadata", ec2::source),
];

/// The credentials of the first source that has any. Together the sources may take `limit`.
async fn first(context: &Context<'_>, limit: Duration) -> Result<Refreshing, Error> {
    let deadline = Instant::now() + limit;
    let given: Option<(_, Look)> = context
        .options
        .keys_first
        .then_some(("command line", keys::of_options));
    let mut asked = Vec::new();
    for (name, look) in given.into_iter().chain(SOURCES) {
        let why = match look(context) {
            Err(Unavailable::NotConfigured(why)) => why,
            Err(Unavailable::Misconfigured(error)) => return Err(error),
            Ok(source) => match source
                .ask(deadline.saturating_duration_since(Instant::now()))
                .await
            {
                Ok(credentials) => return Ok(Refreshing::new(source, credentials, limit)),
                Err(error) if source.implied => error.cause(),
                Err(error) => return Err(error),
            },
        };
        asked.push(PassedOver { source: name, why });
    }
    Err(Error::NotFound { asked })
}
