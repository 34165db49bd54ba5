//! The settings of the S3 client.

use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, Builder, IdentityCache, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedHttpClient, StalledStreamProtectionConfig,
};

use crate::config::{BucketConfig, Timeouts};
use crate::object_store::answer::Whole;
use crate::object_store::retry::Busy;

/// What an upload gets at least, in bytes per second, before it counts as hanging: the read timeout starts with
/// the request, and a body needs its time.
const SLOWEST_UPLOAD: f64 = 64.0 * 1024.0;

/// Before the first retry; doubled each time, and a random part of it is taken.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// Everything about a client but its region and credentials.
pub(super) fn settings(config: &BucketConfig, http: SharedHttpClient) -> Builder {
    talk(transport(config, http), config)
}

/// How requests travel: timeouts, retries, who we are.
fn transport(config: &BucketConfig, http: SharedHttpClient) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(config.retries.saturating_add(1))
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF);
    // Answers are watched by the HTTP client, which has them complete before the SDK sees them.
    let stalled = StalledStreamProtectionConfig::enabled()
        .download_enabled(false)
        .grace_period(config.timeouts.read)
        .build();
    // Less than an attempt may take, so that slow credentials are told apart from a slow server.
    let patience = config.timeouts.attempt.mul_f32(0.8);
    let mut builder = Builder::new();
    builder.set_app_name(AppName::new("nx-s3-cache").ok());
    builder
        .behavior_version(BehaviorVersion::latest())
        .http_client(Whole::new(http))
        .retry_config(retries)
        .retry_classifier(Busy)
        .timeout_config(limits(config.timeouts))
        .stalled_stream_protection(stalled)
        .identity_cache(IdentityCache::lazy().load_timeout(patience).build())
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
