//! Objects in an S3 bucket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, Builder, IdentityCache, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};
use bytes::Bytes;

use super::answer::{BodyLimit, Whole};
use super::cause::line;
use super::failure::{Failure, Refusal};
use super::retry::Busy;
use super::{Error, ObjectStore, PutMode, PutOutcome};
use crate::config::{BucketConfig, ConditionalWrites, Timeouts};

/// What an upload gets at least, in bytes per second, before it counts as hanging: the read timeout starts with
/// the request, and a body needs its time.
const SLOWEST_UPLOAD: f64 = 64.0 * 1024.0;

/// Before the first retry; doubled each time, and a random part of it is taken.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// A bucket.
#[derive(Debug)]
pub struct S3Store {
    client: Client,
    config: BucketConfig,
    region: String,
    /// Whether puts ask for `If-None-Match: *`; ends when the server says that it doesn't know it.
    conditional: AtomicBool,
}

impl S3Store {
    /// Gets ready to talk to the bucket. Sends nothing and waits for nothing.
    ///
    /// Without `credentials` requests are not signed. `region` is what `config` names, or what was found for it.
    pub fn open(
        config: &BucketConfig,
        credentials: Option<SharedCredentialsProvider>,
        http: SharedHttpClient,
        region: &str,
    ) -> Self {
        let builder = talk(transport(config, http), config).region(Region::new(region.to_owned()));
        let builder = match credentials {
            Some(credentials) => builder.credentials_provider(credentials),
            None => builder.allow_no_auth(),
        };
        Self {
            client: Client::from_conf(builder.build()),
            config: config.clone(),
            region: region.to_owned(),
            conditional: AtomicBool::new(config.conditional_writes != ConditionalWrites::Off),
        }
    }

    async fn send(&self, key: &str, body: &Bytes, conditional: bool) -> Result<(), Failure> {
        let config = &self.config;
        let request = self
            .client
            .put_object()
            .bucket(&config.name)
            .key(key)
            .body(body.clone().into())
            .set_if_none_match(conditional.then(|| "*".to_owned()))
            .set_server_side_encryption(
                config
                    .server_side_encryption
                    .as_deref()
                    .map(ServerSideEncryption::from),
            )
            .set_ssekms_key_id(config.kms_key_id.clone())
            .set_storage_class(config.storage_class.as_deref().map(StorageClass::from))
            .customize()
            .config_override(Builder::new().timeout_config(upload_limits(config.timeouts, body.len())));
        let encrypted = !config
            .endpoint
            .as_deref()
            .is_some_and(|endpoint| endpoint.starts_with("http:"));
        // Over TLS nobody can change the body, and leaving it out of the signature saves a SHA-256 of it.
        let request = if encrypted {
            request.disable_payload_signing()
        } else {
            request
        };
        request.send().await.map(drop).map_err(Failure::of)
    }

    /// What to do about a server that refused a put with a condition.
    async fn without_condition(
        &self,
        key: &str,
        body: &Bytes,
        refusal: Refusal,
    ) -> Result<PutOutcome, Error> {
        if self.config.conditional_writes == ConditionalWrites::Require {
            return Err(self.meaning(Failure::Refusal(refusal)));
        }
        self.send(key, body, false)
            .await
            .map_err(|failure| self.meaning(failure))?;
        // Only now it is sure that the condition was the trouble.
        self.conditional.store(false, Ordering::Relaxed);
        Ok(PutOutcome::Stored)
    }

    fn meaning(&self, failure: Failure) -> Error {
        failure.meaning(&self.region)
    }
}

#[async_trait]
impl ObjectStore for S3Store {
    async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        let request = self
            .client
            .get_object()
            .bucket(&self.config.name)
            .key(key)
            .customize();
        let request = request.mutate_request(move |request| request.add_extension(BodyLimit(limit)));
        match request.send().await.map_err(Failure::of) {
            Ok(output) => match output.body.collect().await {
                Ok(body) => Ok(Some(body.into_bytes())),
                // The body is in memory already: this is a checksum that doesn't match.
                Err(error) => Err(Error::Server { detail: line(&error) }),
            },
            Err(Failure::Refusal(refusal)) if refusal.is_missing_object() => Ok(None),
            Err(failure) => Err(self.meaning(failure)),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<u64>, Error> {
        match self
            .client
            .head_object()
            .bucket(&self.config.name)
            .key(key)
            .send()
            .await
            .map_err(Failure::of)
        {
            Ok(output) => Ok(Some(
                output
                    .content_length
                    .and_then(|size| size.try_into().ok())
                    .unwrap_or(0),
            )),
            Err(Failure::Refusal(refusal)) if refusal.is_not_found() => Ok(None),
            Err(failure) => Err(self.meaning(failure)),
        }
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        let conditional = mode == PutMode::Create && self.conditional.load(Ordering::Relaxed);
        match self.send(key, &body, conditional).await {
            Ok(()) => Ok(PutOutcome::Stored),
            Err(Failure::Refusal(refusal)) if conditional && refusal.is_already_there() => {
                Ok(PutOutcome::AlreadyThere)
            }
            Err(Failure::Refusal(refusal)) if conditional && refusal.is_unknown_condition() => {
                self.without_condition(key, &body, refusal).await
            }
            Err(failure) => Err(self.meaning(failure)),
        }
    }
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

fn upload_limits(timeouts: Timeouts, size: usize) -> TimeoutConfig {
    let sending = Duration::from_secs_f64(size as f64 / SLOWEST_UPLOAD);
    limits(Timeouts {
        read: timeouts.read + sending,
        ..timeouts
    })
}
