//! Objects in an S3 bucket. With its parts the only module that names `aws_sdk_s3`.

mod client;
mod copy;
mod delete;
mod list;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Builder, Region, ResponseChecksumValidation, SharedCredentialsProvider, SharedHttpClient,
};
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};
use bytes::Bytes;

use super::answer::BodyLimit;
use super::failure::Failure;
use super::refusal::Refusal;
use super::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};
use crate::config::{BucketConfig, ConditionalWrites};

/// A bucket; each call is one attempt, see [`super::retry`].
pub struct S3Store {
    client: Client,
    config: BucketConfig,
    region: String,
    /// Whether puts ask for `If-None-Match: *`; ends when the server says that it doesn't know it.
    conditional: AtomicBool,
    /// Whether deletes are sent in batches; ends when the server refuses one.
    batches: AtomicBool,
    /// Told when the server calls the credentials expired.
    on_expired: Option<Box<dyn Fn() + Send + Sync>>,
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
        let builder = client::settings(config, http).region(Region::new(region.to_owned()));
        let builder = match credentials {
            Some(credentials) => {
                let patience = client::patience(config.timeouts);
                builder.credentials_provider(client::Bounded::new(credentials, patience))
            }
            None => builder.allow_no_auth(),
        };
        Self {
            client: Client::from_conf(builder.build()),
            config: config.clone(),
            region: region.to_owned(),
            conditional: AtomicBool::new(config.conditional_writes != ConditionalWrites::Off),
            batches: AtomicBool::new(true),
            on_expired: None,
        }
    }

    /// Has `hook` called when the server calls the credentials expired; the next request asks for others.
    pub fn on_expired(self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            on_expired: Some(Box::new(hook)),
            ..self
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
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(config.kms_key_id.clone())
            .set_storage_class(self.storage_class())
            .customize()
            .config_override(
                Builder::new().timeout_config(client::upload_limits(config.timeouts, body.len())),
            );
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

    /// What the server should encrypt new objects with.
    fn encryption(&self) -> Option<ServerSideEncryption> {
        let encryption = self.config.server_side_encryption.as_deref();
        encryption.map(ServerSideEncryption::from)
    }

    fn storage_class(&self) -> Option<StorageClass> {
        self.config.storage_class.as_deref().map(StorageClass::from)
    }

    fn meaning(&self, failure: Failure) -> Error {
        let error = failure.meaning(&self.region);
        if let (Error::Credentials { .. }, Some(hook)) = (&error, &self.on_expired) {
            hook();
        }
        error
    }
}

/// The size of the object in a `Content-Range`: `bytes 0-9/100`.
fn size_of_whole(range: &str) -> Option<u64> {
    range.rsplit_once('/')?.1.parse().ok()
}

/// A time as the SDK reads it from an answer.
fn time(time: DateTime) -> Option<SystemTime> {
    SystemTime::try_from(time).ok()
}

#[async_trait]
impl ObjectStore for S3Store {
    async fn probe(&self) -> Result<(), Error> {
        let request = self.client.head_bucket().bucket(&self.config.name);
        match request.send().await.map_err(Failure::of) {
            Ok(_) | Err(Failure::Refusal(_)) => Ok(()),
            Err(failure) => Err(self.meaning(failure)),
        }
    }

    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        let (limit, progress) = (fetch.limit, fetch.progress.clone());
        progress.begin();
        let range = fetch.range.as_ref();
        let mut request = self
            .client
            .get_object()
            .bucket(&self.config.name)
            .key(fetch.key)
            .set_range(range.map(|range| format!("bytes={}-{}", range.start, range.end - 1)))
            .customize()
            .mutate_request(move |request| {
                request.add_extension(BodyLimit(limit));
                request.add_extension(progress.clone());
            });
        if range.is_some() {
            // A checksum would be that of the whole.
            let never = ResponseChecksumValidation::WhenRequired;
            request = request.config_override(Builder::new().response_checksum_validation(never));
        }
        match request.send().await.map_err(Failure::of) {
            Ok(output) => {
                let whole = output.content_range.as_deref().and_then(size_of_whole);
                // The body is in memory already: this is a checksum that doesn't match.
                let body = output.body.collect().await;
                let body = body.map_err(|_| Error::ChecksumMismatch)?.into_bytes();
                Ok(Some(Object {
                    size: whole.unwrap_or(body.len() as u64),
                    body,
                    modified: output.last_modified.and_then(time),
                }))
            }
            Err(Failure::Refusal(refusal)) if refusal.is_missing_object() => Ok(None),
            Err(Failure::Refusal(refusal)) => match refusal.unreadable() {
                Some(error) => Err(error),
                None => Err(self.meaning(Failure::Refusal(refusal))),
            },
            Err(failure) => Err(self.meaning(failure)),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        match self
            .client
            .head_object()
            .bucket(&self.config.name)
            .key(key)
            .send()
            .await
            .map_err(Failure::of)
        {
            Ok(output) => Ok(Some(Head {
                size: output
                    .content_length
                    .and_then(|size| size.try_into().ok())
                    .unwrap_or(0),
                modified: output.last_modified.and_then(time),
                archived: output.archive_status.is_some()
                    || matches!(
                        output.storage_class,
                        Some(StorageClass::Glacier | StorageClass::DeepArchive)
                    ),
            })),
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

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        self.page(prefix, after).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        self.delete_all(keys).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        self.copy_object(from, to).await
    }
}
