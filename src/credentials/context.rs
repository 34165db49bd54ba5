//! What every source looks at: options, environment, profile files, and the SDK's settings.

use std::time::Duration;

use aws_config::profile::ProfileSet;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};

use super::cause;
use crate::config::{CredentialsConfig, environment};

/// To an open connection to STS, the single sign-on portal or a local endpoint.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For one whole attempt; the SDK makes three.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// What every source looks at.
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
    /// Reads the profile files. `region` is not known yet when it is what is looked for.
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
        Self {
            options,
            profiles: load_profiles().await,
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

/// An environment variable; one of spaces counts as not set, as an empty one does.
pub(super) fn variable(name: &str) -> Option<String> {
    environment::process(name).filter(|value| !value.trim().is_empty())
}

/// The two profile files as a person would name them.
pub(super) fn profile_files() -> String {
    let config = variable("AWS_CONFIG_FILE").unwrap_or_else(|| "~/.aws/config".to_owned());
    let credentials =
        variable("AWS_SHARED_CREDENTIALS_FILE").unwrap_or_else(|| "~/.aws/credentials".to_owned());
    format!("{config} and {credentials}")
}

async fn load_profiles() -> Result<ProfileSet, String> {
    aws_config::profile::load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), None)
        .await
        .map_err(|error| cause::of(&error))
}
