//! Everything about the object stores.

mod faults;
mod https;
mod many;
mod progress;
mod promises;
mod refusals;
mod requests;
mod survey;
mod watching;

use crate::support::bucket;
use crate::support::scripted::{Reply, Scripted};
use nx_s3_cache::config::BucketConfig;
use nx_s3_cache::object_store::retry::RetryingStore;
use nx_s3_cache::object_store::s3::S3Store;

/// A store whose server answers with `replies`.
async fn scripted(replies: impl IntoIterator<Item = Reply>) -> (Scripted, RetryingStore<S3Store>) {
    scripted_with(replies, |_| {}).await
}

/// The same with another configuration.
async fn scripted_with(
    replies: impl IntoIterator<Item = Reply>,
    change: impl FnOnce(&mut BucketConfig),
) -> (Scripted, RetryingStore<S3Store>) {
    let server = Scripted::start(replies).await;
    let mut config = bucket::at(&server.endpoint());
    change(&mut config);
    (server, bucket::open(&config))
}
