//! What the requests to the bucket showed beside their answers.

use std::sync::Arc;
use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use parking_lot::Mutex;

use crate::object_store::watch::{About, Answer, Exchange, Watcher};

/// Keeps what it sees of the requests to the bucket.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<Exchange>>>);

impl Seen {
    pub(super) fn watcher(&self) -> Watcher {
        let exchanges = Arc::clone(&self.0);
        Arc::new(move |exchange| {
            if exchange.about == About::Bucket {
                exchanges.lock().push(exchange.clone());
            }
        })
    }

    fn exchanges(&self) -> Vec<Exchange> {
        self.0.lock().clone()
    }

    fn answers(&self) -> impl Iterator<Item = Answer> {
        self.exchanges()
            .into_iter()
            .filter_map(|exchange| exchange.answer.ok())
    }

    /// Where the first request went; `None` when none was sent.
    pub(super) fn address(&self) -> Option<String> {
        self.exchanges().into_iter().next().map(|exchange| exchange.url)
    }

    /// What the server calls itself.
    pub(super) fn server(&self) -> Option<String> {
        self.answers()
            .find_map(|answer| answer.header("server").map(str::to_owned))
    }

    /// Whether the server sent checksums of objects along.
    pub(super) fn has_checksums(&self) -> bool {
        self.answers().any(|answer| answer.has_checksum())
    }

    /// By how many seconds this machine's clock is ahead of the server's, which tells full seconds only.
    pub(super) fn clock_ahead(&self) -> Option<i64> {
        let exchanges = self.exchanges().into_iter().rev();
        exchanges
            .filter_map(|exchange| ahead(exchange.ended, &exchange.answer.ok()?))
            .next()
    }
}

fn ahead(ended: SystemTime, answer: &Answer) -> Option<i64> {
    let date = DateTime::from_str(answer.header("date")?, Format::HttpDate).ok()?;
    Some(DateTime::from(ended).secs() - date.secs())
}
