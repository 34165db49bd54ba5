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

mod candidate;
mod cause;
mod chain;
mod container;
mod context;
mod ec2;
mod environment;
mod error;
mod identity;
mod keys;
#[cfg(unix)]
mod process;
mod profile;
mod profile_kind;
mod region;
mod renewing;
mod role;
mod sso;
mod web_identity;

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::config::CredentialsConfig;

pub use error::{Error, PassedOver};
pub use identity::{caller, has_sts, key_id};
pub use region::resolve_region;
pub use renewing::Renewing;

/// How long one search for credentials, or one renewal, may take. Long enough for a `credential_process` that
/// starts a command line tool and for three attempts at STS; short enough for a build that goes on without.
pub const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The credentials of a run, and where they come from.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What signs the requests; `None` when the option `anonymous` says that nothing does.
    ///
    /// It already holds credentials, so that the first request waits for nothing. Asked again when they are
    /// about to expire, it renews them from the same source.
    pub provider: Option<SharedCredentialsProvider>,
    /// The same, to be told when a server calls its credentials expired.
    pub renewing: Option<Arc<Renewing>>,
    /// The source in a few words, such as `environment`, `profile ci (credential_process)` or `nx.json`.
    pub source: String,
}

/// Finds the run's credentials.
///
/// `region` is where STS is called, as [`resolve_region`] found it; `http` makes every request; `limit`
/// (usually [`TIME_LIMIT`]) bounds the whole search, and later every renewal.
pub async fn resolve(
    config: &CredentialsConfig,
    region: &str,
    http: SharedHttpClient,
    limit: Duration,
) -> Result<Credentials, Error> {
    if config.anonymous {
        return Ok(Credentials {
            provider: None,
            renewing: None,
            source: "anonymous".to_owned(),
        });
    }
    let context = context::Context::load(config, Some(region), http).await;
    let found = chain::first(&context, limit).await?;
    let found = match &config.assume_role {
        Some(role) => role::assume(role, found, &context, limit).await?,
        None => found,
    };
    let source = found.source().to_owned();
    let renewing = Arc::new(found);
    let provider: Arc<dyn ProvideCredentials> = renewing.clone();
    Ok(Credentials {
        source,
        provider: Some(provider.into()),
        renewing: Some(renewing),
    })
}
