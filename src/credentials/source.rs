//! What a source of credentials looks at, and what it comes to.

use std::time::Duration;

use aws_config::profile::ProfileSet;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};

use super::error::{Error, cause};
use crate::config::{CredentialsConfig, environment};

/// For opening a connection to STS, the single sign-on portal or a local endpoint.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For one whole attempt; the SDK makes three.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// What every source looks at: options, profile files, and the SDK's settings.
pub(super) struct Context<'a> {
    /// The options.
    pub options: &'a CredentialsConfig,
    /// `~/.aws/config` and `~/.aws/credentials`, merged by the SDK, or why they can't be parsed.
    pub profiles: Result<ProfileSet, String>,
    /// What the SDK's providers make their requests with.
    pub sdk: ProviderConfig,
    /// What requests go through.
    pub http: SharedHttpClient,
    /// Where STS is called.
    pub region: Option<Region>,
}

impl<'a> Context<'a> {
    /// Reads the profile files. `region` is unknown while it is being looked for.
    pub(super) async fn load(
        options: &'a CredentialsConfig,
        region: Option<&str>,
        http: SharedHttpClient,
    ) -> Self {
        let region = region.map(|name| Region::new(name.to_owned()));
        let sdk = ProviderConfig::without_region()
            .with_region(region.clone())
            .with_http_client(http.clone())
            .with_behavior_version(Some(BehaviorVersion::latest()))
            .with_timeout_config(timeouts());
        let files = EnvConfigFiles::default();
        let profiles = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None).await;
        Self {
            options,
            profiles: profiles.map_err(|error| cause(&error)),
            sdk,
            http,
            region,
        }
    }

    /// The profile to use, and what named it; nothing named `default`.
    pub(super) fn selected_profile(&self) -> (String, Option<&'static str>) {
        if let Some(name) = &self.options.profile {
            return (name.clone(), Some("the option `profile`"));
        }
        match variable("AWS_PROFILE") {
            Some(name) => (name, Some("AWS_PROFILE")),
            None => ("default".to_owned(), None),
        }
    }
}

/// The SDK's own limits on single requests.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}

/// An environment variable; a blank one counts as not set, like an empty one.
pub(super) fn variable(name: &str) -> Option<String> {
    environment::process(name).filter(|value| !value.trim().is_empty())
}

/// The two profile files, as a person would name them.
pub(super) fn profile_files() -> String {
    let config = variable("AWS_CONFIG_FILE").unwrap_or_else(|| "~/.aws/config".to_owned());
    let credentials =
        variable("AWS_SHARED_CREDENTIALS_FILE").unwrap_or_else(|| "~/.aws/credentials".to_owned());
    format!("{config} and {credentials}")
}

/// Why a source can't be asked.
pub(super) enum Unavailable {
    /// It isn't configured, and why.
    NotConfigured(String),
    /// Its configuration can't work.
    Misconfigured(Error),
}

impl Unavailable {
    pub(super) fn misconfigured(
        source: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Misconfigured(Error::Failed {
            source_name: source.into(),
            cause: cause.into(),
            remedy: remedy.into(),
        })
    }
}

/// A configured source.
#[derive(Debug)]
pub(super) struct Source {
    /// The source in a few words, for people.
    pub name: String,
    /// Asks the source each time.
    pub provider: SharedCredentialsProvider,
    /// What to do when it fails.
    pub remedy: String,
    /// Nobody configured this source, so its failure doesn't end the search.
    pub implied: bool,
}

impl Source {
    /// A source that the user configured.
    pub(super) fn new(
        name: impl Into<String>,
        provider: impl ProvideCredentials + 'static,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            provider: SharedCredentialsProvider::new(provider),
            remedy: remedy.into(),
            implied: false,
        }
    }

    /// Asks the source, for `limit` at most.
    pub(super) async fn ask(&self, limit: Duration) -> Result<Credentials, Error> {
        let (source_name, remedy) = (self.name.clone(), self.remedy.clone());
        match tokio::time::timeout(limit, self.provider.provide_credentials()).await {
            Ok(Ok(credentials)) => Ok(credentials),
            Ok(Err(error)) => Err(Error::Failed {
                source_name,
                cause: cause(&error),
                remedy,
            }),
            Err(_) => Err(Error::TimedOut {
                source_name,
                limit,
                remedy,
            }),
        }
    }
}
