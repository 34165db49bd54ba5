//! Listing the objects below a prefix.

use aws_sdk_s3::types::Object;

use super::{S3Store, time};
use crate::object_store::answer::BodyLimit;
use crate::object_store::failure::Failure;
use crate::object_store::{Error, ListPage, Listed};

/// A page has up to 1000 keys of up to 1024 bytes, and as much again around each.
const PAGE_LIMIT: u64 = 4 << 20;

impl S3Store {
    /// One page of the keys that begin with `prefix`.
    pub(super) async fn page(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
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
}

fn listed(object: Object) -> Option<Listed> {
    Some(Listed {
        key: object.key?,
        size: object.size.and_then(|size| size.try_into().ok()).unwrap_or(0),
        modified: object.last_modified.and_then(time),
    })
}
