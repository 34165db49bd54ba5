//! Copying an object within the bucket.

use aws_sdk_s3::types::MetadataDirective;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::S3Store;
use crate::object_store::Error;
use crate::object_store::failure::Failure;

/// What stays as it is in the name of a source.
const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl S3Store {
    /// Copies `from` to `to`; `false` when there is no `from`. A copy onto itself makes the object new.
    pub(super) async fn copy_object(&self, from: &str, to: &str) -> Result<bool, Error> {
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

/// The header that names an object to copy from: `bucket/key`, or `arn/object/key` for an access point.
fn source(bucket: &str, key: &str) -> String {
    let key = utf8_percent_encode(key, &PLAIN);
    if bucket.starts_with("arn:") {
        format!("{}/object/{key}", utf8_percent_encode(bucket, &PLAIN))
    } else {
        format!("{bucket}/{key}")
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
