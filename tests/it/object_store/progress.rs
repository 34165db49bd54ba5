//! Downloads that are followed while they go on.

use std::sync::Arc;
use std::time::Duration;

use nx_s3_cache::object_store::{Fetch, ObjectStore, Progress};
use tokio::time::{sleep, timeout};

use super::{scripted, scripted_with};
use crate::support::scripted::{Reply, object};

fn followed<'a>(key: &'a str, progress: &Arc<Progress>) -> Fetch<'a> {
    Fetch {
        progress: progress.clone(),
        ..Fetch::new(key, 100)
    }
}

#[tokio::test]
async fn bytes_count_when_they_arrive_not_when_the_body_is_complete() {
    let half = Reply::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst".to_vec());
    let (_server, store) = scripted([half]).await;
    let progress = Arc::new(Progress::default());
    let arrive = async {
        while progress.received() < 5 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let fetch = followed("key", &progress);
    tokio::select! {
        object = store.fetch(&fetch) => panic!("{object:?}"),
        () = arrive => {}
    }
    assert_eq!(progress.received(), 5);
}

#[tokio::test]
async fn what_arrives_is_counted_once() {
    let (_server, store) = scripted([object("body")]).await;
    let progress = Arc::new(Progress::default());
    let fetched = store.fetch(&followed("key", &progress)).await;
    assert_eq!(fetched.unwrap().unwrap().body, "body");
    assert_eq!((progress.received(), progress.received_by_all()), (4, 4));
}

#[tokio::test]
async fn a_request_that_waits_for_its_turn_has_not_begun() {
    let (_server, store) = scripted_with([Reply::Hang], |config| config.concurrency = 1).await;
    let [first, second] = [(); 2].map(|()| Arc::new(Progress::default()));
    let fetches = [followed("1", &first), followed("2", &second)];
    let both = async { tokio::join!(store.fetch(&fetches[0]), store.fetch(&fetches[1])) };
    let waited = timeout(Duration::from_millis(200), both).await;
    assert!(waited.is_err());
    assert!(first.elapsed() > Duration::ZERO);
    assert_eq!(second.elapsed(), Duration::ZERO);
}
