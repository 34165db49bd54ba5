//! Objects in memory, behind the same S3 front as the development server: signatures are checked, bodies
//! hashed, but no disk decides how fast the answers are.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::StreamExt;
use s3s::dto::*;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use crate::shared::Shared;

/// Keys a listing's page has at most.
const PAGE: usize = 1000;

/// One server's objects, `bucket/key` → bytes.
#[derive(Clone, Default)]
pub struct Memory {
    objects: Shared<BTreeMap<String, Object>>,
    uploads: Shared<BTreeMap<String, BTreeMap<i32, Bytes>>>,
    replaced: Arc<AtomicU64>,
    ids: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    tag: String,
    modified: SystemTime,
}

impl Memory {
    /// Forgets all objects.
    pub fn clear(&self) {
        self.objects.lock().clear();
        self.uploads.lock().clear();
    }

    /// How many puts replaced an object, since the last call.
    pub fn take_replaced(&self) -> u64 {
        self.replaced.swap(0, Ordering::Relaxed)
    }

    fn unique(&self) -> String {
        format!("{:032x}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn find(&self, bucket: &str, key: &str) -> S3Result<Object> {
        let objects = self.objects.lock();
        objects
            .get(&path(bucket, key))
            .cloned()
            .ok_or_else(|| s3_error!(NoSuchKey))
    }

    fn keep(&self, bucket: &str, key: &str, bytes: Bytes, only_new: bool) -> S3Result<ETag> {
        let (path, tag) = (path(bucket, key), self.unique());
        let mut objects = self.objects.lock();
        if only_new && objects.contains_key(&path) {
            return Err(s3_error!(PreconditionFailed));
        }
        let object = Object {
            bytes,
            tag: tag.clone(),
            modified: SystemTime::now(),
        };
        if objects.insert(path, object).is_some() {
            self.replaced.fetch_add(1, Ordering::Relaxed);
        }
        Ok(ETag::Strong(tag))
    }
}

fn path(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}

async fn read(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let Some(mut body) = body else {
        return Ok(Bytes::new());
    };
    let incomplete = |_| s3_error!(IncompleteBody);
    let first = body
        .next()
        .await
        .transpose()
        .map_err(incomplete)?
        .unwrap_or_default();
    let Some(second) = body.next().await.transpose().map_err(incomplete)? else {
        return Ok(first); // arrived in one piece: no copy
    };
    let mut bytes = [first, second].concat();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.map_err(incomplete)?);
    }
    Ok(bytes.into())
}

fn is_any(condition: Option<&ETagCondition>) -> bool {
    condition.is_some_and(ETagCondition::is_any)
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let GetObjectInput {
            bucket, key, range, ..
        } = request.input;
        let Object { bytes, tag, modified } = self.find(&bucket, &key)?;
        let total = bytes.len();
        let (bytes, content_range) = match range {
            None => (bytes, None),
            Some(range) => {
                let range = range.check(total as u64)?;
                let described = format!("bytes {}-{}/{total}", range.start, range.end - 1);
                (
                    bytes.slice(range.start as usize..range.end as usize),
                    Some(described),
                )
            }
        };
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(bytes.len() as i64),
            content_range,
            body: Some(Body::from(bytes).into()),
            e_tag: Some(ETag::Strong(tag)),
            last_modified: Some(modified.into()),
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let Object { bytes, tag, modified } = self.find(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(bytes.len() as i64),
            e_tag: Some(ETag::Strong(tag)),
            last_modified: Some(modified.into()),
            ..Default::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput {
            bucket,
            key,
            body,
            if_none_match,
            ..
        } = request.input;
        let bytes = read(body).await?;
        let tag = self.keep(&bucket, &key, bytes, is_any(if_none_match.as_ref()))?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(tag),
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.objects
            .lock()
            .remove(&path(&request.input.bucket, &request.input.key));
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let bucket = path(&input.bucket, "");
        let prefix = path(&input.bucket, input.prefix.as_deref().unwrap_or_default());
        let after = input.continuation_token.or(input.start_after);
        let start = after.map_or(Bound::Included(prefix.clone()), |after| {
            Bound::Excluded(path(&input.bucket, &after))
        });
        let objects = self.objects.lock();
        let mut found = objects
            .range((start, Bound::Unbounded))
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, object)| s3s::dto::Object {
                key: Some(path[bucket.len()..].to_owned()),
                size: Some(object.bytes.len() as i64),
                last_modified: Some(object.modified.into()),
                e_tag: Some(ETag::Strong(object.tag.clone())),
                ..Default::default()
            });
        let page: Vec<_> = found.by_ref().take(PAGE).collect();
        let truncated = found.next().is_some();
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: Some(page.len() as i32),
            max_keys: Some(PAGE as i32),
            is_truncated: Some(truncated),
            next_continuation_token: page
                .last()
                .filter(|_| truncated)
                .and_then(|last| last.key.clone()),
            contents: Some(page),
            ..Default::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let id = self.unique();
        self.uploads.lock().insert(id.clone(), BTreeMap::new());
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(request.input.bucket),
            key: Some(request.input.key),
            upload_id: Some(id),
            ..Default::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let UploadPartInput {
            body,
            part_number,
            upload_id,
            ..
        } = request.input;
        let bytes = read(body).await?;
        let mut uploads = self.uploads.lock();
        let parts = uploads
            .get_mut(&upload_id)
            .ok_or_else(|| s3_error!(NoSuchUpload))?;
        parts.insert(part_number, bytes);
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(self.unique())),
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let parts = self.uploads.lock().remove(&input.upload_id);
        let parts: Vec<_> = parts
            .ok_or_else(|| s3_error!(NoSuchUpload))?
            .into_values()
            .collect();
        let tag = self.keep(
            &input.bucket,
            &input.key,
            parts.concat().into(),
            is_any(input.if_none_match.as_ref()),
        )?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(tag),
            ..Default::default()
        }))
    }
}
