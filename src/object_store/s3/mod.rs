//! Objects in an S3 bucket. With its parts the only module that names `aws_sdk_s3`.

mod client;
mod delete;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Builder, Region, ResponseChecksumValidation, SharedCredentialsProvider, SharedHttpClient,
};
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{MetadataDirective, Object as S3Object, ServerSideEncryption, StorageClass};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer::BodyLimit;
use super::failure::Failure;
use super::refusal::Refusal;
use super::{Error, Fetch, Head, ListPage, Listed, Object, ObjectStore, PutMode, PutOutcome};
use crate::config::{BucketConfig, ConditionalWrites};

/// A page of a listing has up to 1000 keys of up to 1024 bytes, and as much again around each.
const PAGE_LIMIT: u64 = 4 << 20;

/// What stays as it is in the name of an object to copy from.
const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A bucket; each call is one attempt, see [`super::retry`].
pub struct S3Store {
    client: Client,
    config: BucketConfig,
    region: String,
    /// Whether puts ask for `If-None-Match: *`; ends when the server says that it doesn't know it.
    conditional: AtomicBool,
    /// Whether deletes are sent in batches; ends when the server refuses one.
    batches: AtomicBool,
    /// Called when the server calls the credentials expired.
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

/// A size as the SDK reads it from an answer.
fn size(size: Option<i64>) -> u64 {
    size.and_then(|size| size.try_into().ok()).unwrap_or(0)
}

/// A time as the SDK reads it from an answer.
fn time(time: DateTime) -> Option<SystemTime> {
    SystemTime::try_from(time).ok()
}

/// An object of a listing.
fn listed(object: S3Object) -> Option<Listed> {
    Some(Listed {
        key: object.key?,
        size: size(object.size),
        modified: object.last_modified.and_then(time),
    })
}

/// The header that names an object to copy from: `bucket/key`, or `arn/object/key` for an access point.
fn source(bucket: &str, key: &str) -> String {
    let key = utf8_percent_encode(key, &PLAIN);
    if bucket.starts_with("arn:") {
        format!("{}/object/{key}", utf8_percent_encode(bucket, &PLAIN))
    } else {
        format!("{bucket}/{key}")
    }
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
        let request = self.client.head_object().bucket(&self.config.name).key(key);
        match request.send().await.map_err(Failure::of) {
            Ok(output) => Ok(Some(Head {
                size: size(output.content_length),
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
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.config.name)
            .prefix(prefix)
            .set_continuation_token(after.map(str::to_owned))
            .customize()
            .mutate_request(|request| request.add_extension(BodyLimit(PAGE_LIMIT)));
        let page = request.send().await.map_err(Failure::of);
        let page = page.map_err(|failure| self.meaning(failure))?;
        Ok(ListPage {
            objects: page
                .contents
                .unwrap_or_default()
                .into_iter()
                .filter_map(listed)
                .collect(),
            // Some servers send a token with the last page, too.
            next: page
                .next_continuation_token
                .filter(|_| page.is_truncated == Some(true)),
        })
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        self.delete_all(keys).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        let config = &self.config;
        let request = self
            .client
            .copy_object()
            .bucket(&config.name)
            .key(to)
            .copy_source(source(&config.name, from))
            // S3 refuses a copy onto itself that changes nothing; there is no metadata to be lost.
            .set_metadata_directive((from == to).then_some(MetadataDirective::Replace))
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(config.kms_key_id.clone())
            .set_storage_class(self.storage_class());
        match request.send().await.map_err(Failure::of) {
            Ok(_) => Ok(true),
            Err(Failure::Refusal(refusal)) if refusal.is_missing_object() => Ok(false),
            Err(failure) => Err(self.meaning(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_encoded_and_names_access_points_their_way() {
        assert_eq!(source("b", "team a/v1/t/e/1+2"), "b/team%20a/v1/t/e/1%2B2");
        assert_eq!(
            source("arn:aws:s3:eu-west-1:1:accesspoint/ap", "v1/x"),
            "arn%3Aaws%3As3%3Aeu-west-1%3A1%3Aaccesspoint/ap/object/v1/x"
        );
    }
}
