//! The settings of the S3 client, and the time limit of its credentials.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, Builder, IdentityCache, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};

use crate::config::{BucketConfig, Timeouts};
use crate::object_store::answer::complete;
use crate::object_store::throughput::MinThroughput;

/// What an upload gets at least, in bytes per second, before it counts as hanging: the read timeout starts with
/// the request, and a body needs its time.
const SLOWEST_UPLOAD: f64 = 64.0 * 1024.0;

/// How long a request waits for credentials that are renewed: longer than their sources are given.
const RENEWAL: Duration = Duration::from_secs(25);

/// Everything about a client but its region and credentials.
pub(super) fn settings(config: &BucketConfig, http: SharedHttpClient) -> Builder {
    talk(transport(config, http), config)
}

/// How requests travel: timeouts, who we are. Each is one attempt: whoever calls decides about another.
fn transport(config: &BucketConfig, http: SharedHttpClient) -> Builder {
    let mut builder = Builder::new();
    builder.set_app_name(AppName::new("nx-s3-cache").ok());
    builder
        .behavior_version(BehaviorVersion::latest())
        .http_client(complete(http, MinThroughput::of(config)))
        .retry_config(RetryConfig::disabled())
        .timeout_config(limits(config.timeouts))
        // Bodies are in memory, where the SDK sees nothing move.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // The provider has them at hand, and knows better when they are over.
        .identity_cache(IdentityCache::no_cache())
}

/// How long a request waits for credentials: less than an attempt may take, so that slow credentials are told
/// apart from a slow server.
pub(super) fn patience(timeouts: Timeouts) -> Duration {
    timeouts.attempt.mul_f32(0.8).min(RENEWAL)
}

/// How the bucket is addressed, and which checksums travel.
fn talk(builder: Builder, config: &BucketConfig) -> Builder {
    let mut builder = builder
        .force_path_style(config.force_path_style)
        .accelerate(config.accelerate)
        .use_dual_stack(config.dualstack)
        .use_fips(config.fips);
    builder.set_endpoint_url(config.endpoint.clone());
    if config.disable_checksum {
        builder
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
    } else {
        builder
            .request_checksum_calculation(RequestChecksumCalculation::WhenSupported)
            .response_checksum_validation(ResponseChecksumValidation::WhenSupported)
    }
}

fn limits(timeouts: Timeouts) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .operation_attempt_timeout(timeouts.attempt)
        .build()
}

/// The limits for a request that sends `size` bytes.
pub(super) fn upload_limits(timeouts: Timeouts, size: usize) -> TimeoutConfig {
    let sending = Duration::from_secs_f64(size as f64 / SLOWEST_UPLOAD);
    limits(Timeouts {
        read: timeouts.read + sending,
        ..timeouts
    })
}

/// A provider with a time limit, so that slow credentials are told apart from a slow server.
#[derive(Debug)]
pub(super) struct Bounded {
    provider: SharedCredentialsProvider,
    limit: Duration,
}

impl Bounded {
    pub(super) fn new(provider: SharedCredentialsProvider, limit: Duration) -> Self {
        Self { provider, limit }
    }

    async fn credentials(&self) -> provider::Result {
        match tokio::time::timeout(self.limit, self.provider.provide_credentials()).await {
            Ok(answer) => answer,
            Err(_) => Err(CredentialsError::provider_timed_out(self.limit)),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl ProvideCredentials for Bounded {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.provider.fallback_on_interrupt()
    }
}
