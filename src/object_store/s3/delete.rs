//! Deleting objects: many in one request, or one by one where the server can't do that.

use std::sync::atomic::Ordering;

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, TryStreamExt, stream};
use md5::{Digest, Md5};

use super::S3Store;
use crate::object_store::failure::Failure;
use crate::object_store::refusal::Refusal;
use crate::object_store::{DELETE_BATCH, Error};

/// Requests at once where each deletes one object.
const AT_ONCE: usize = 8;

impl S3Store {
    /// Deletes the objects of these keys.
    pub(super) async fn delete_all(&self, keys: &[String]) -> Result<(), Error> {
        for batch in keys.chunks(DELETE_BATCH) {
            if batch.len() > 1 && self.batches.load(Ordering::Relaxed) {
                match self.delete_batch(batch).await {
                    Err(Error::Refused { .. }) => self.batches.store(false, Ordering::Relaxed),
                    result => {
                        result?;
                        continue;
                    }
                }
            }
            self.delete_singly(batch).await?;
        }
        Ok(())
    }

    async fn delete_batch(&self, keys: &[String]) -> Result<(), Error> {
        let objects = keys
            .iter()
            .map(|key| ObjectIdentifier::builder().key(key).build());
        let misuse = |error: aws_sdk_s3::error::BuildError| Error::Misconfigured {
            detail: error.to_string(),
        };
        let objects = objects.collect::<Result<_, _>>().map_err(misuse)?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true);
        let request = self
            .client
            .delete_objects()
            .bucket(&self.config.name)
            .delete(delete.build().map_err(misuse)?)
            .customize()
            // Older servers want this one, and AWS takes it beside the checksum that the SDK sends.
            .mutate_request(|request| {
                let digest = request.body().bytes().map(Md5::digest);
                if let Some(digest) = digest {
                    request
                        .headers_mut()
                        .insert("content-md5", STANDARD.encode(digest));
                }
            });
        let answer = request.send().await.map_err(Failure::of);
        let answer = answer.map_err(|failure| self.meaning(failure))?;
        let mut refused = answer.errors.unwrap_or_default().into_iter();
        let refused = refused.find(|error| error.code.as_deref() != Some("NoSuchKey"));
        refused.map_or(Ok(()), |error| {
            let refusal = Refusal::of_one_object(error.code, error.message);
            Err(self.meaning(Failure::Refusal(refusal)))
        })
    }

    async fn delete_singly(&self, keys: &[String]) -> Result<(), Error> {
        let deletes: Vec<_> = keys.iter().map(|key| self.delete_one(key)).collect();
        stream::iter(deletes)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn delete_one(&self, key: &str) -> Result<(), Error> {
        let request = self.client.delete_object().bucket(&self.config.name).key(key);
        match request.send().await.map_err(Failure::of) {
            Ok(_) => Ok(()),
            Err(Failure::Refusal(refusal)) if refusal.is_missing_object() => Ok(()),
            Err(failure) => Err(self.meaning(failure)),
        }
    }
}
