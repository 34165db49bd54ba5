//! Looking on while requests are made: what was asked for, how it ended, how long it took. Secrets travel in headers of
//! requests and in the bodies of answers; neither is looked at.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use parking_lot::Mutex;

use super::answer::complete;
use super::error::MAX_DETAIL;
use super::throughput::MinThroughput;
use super::wrapped::wrapped;
use crate::cause;
use crate::config::BucketConfig;
use crate::plain;

/// Headers of answers that help to find out what answered. Names in lower case.
const TELLING: [&str; 8] = [
    "server",
    "date",
    "content-type",
    "retry-after",
    "x-amz-request-id",
    "x-amz-id-2",
    "x-amz-bucket-region",
    "via",
];
/// What the headers with checksums of objects begin with.
const CHECKSUM: &str = "x-amz-checksum-";

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Objects.
    Bucket,
    /// Credentials, or the region.
    Credentials,
}

/// One attempt at a request, after it ended.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What it is about.
    pub about: About,
    /// Such as `GET`.
    pub method: String,
    /// Where it went: `https://host/path?query`.
    pub url: String,
    /// 1 for the first attempt, 2 after one that came to nothing, and so on.
    pub attempt: u32,
    /// Bytes of the request's body.
    pub sent: u64,
    /// From the request to the end of the answer.
    pub took: Duration,
    /// When it ended, by this machine's clock.
    pub ended: SystemTime,
    /// The answer, or why there is none.
    pub answer: Result<Answer, String>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Bytes of its body.
    pub received: u64,
    /// Those headers that tell who answered, names in lower case, values safe for a terminal.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// The value of the header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(other, _)| other == name);
        header.map(|(_, value)| value.as_str())
    }

    /// Whether there is no point in asking again.
    fn settles_it(&self) -> bool {
        !matches!(self.status, 408 | 429 | 500..)
    }

    /// Whether the server sent a checksum of the object along.
    pub fn has_checksum(&self) -> bool {
        self.headers.iter().any(|(name, _)| name.starts_with(CHECKSUM))
    }
}

/// Called with each attempt when it has ended, by the task that makes the request, so it must be quick.
pub type Watcher = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// The same client, watched, with the patience that `bucket` has.
pub fn watched(
    client: SharedHttpClient,
    bucket: &BucketConfig,
    about: About,
    watcher: Watcher,
) -> SharedHttpClient {
    // Answers are read to their end first, so that their size and time are known.
    let client = complete(client, MinThroughput::of(bucket));
    let witness = Witness {
        about,
        watcher,
        failed: Arc::default(),
    };
    wrapped(client, move |connector| {
        SharedHttpConnector::new(WatchedConnector {
            connector,
            witness: witness.clone(),
        })
    })
}

#[derive(Debug)]
struct WatchedConnector {
    connector: SharedHttpConnector,
    witness: Witness,
}

impl HttpConnector for WatchedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let method = request.method().to_owned();
        let url = without_operation(request.uri());
        let sent = request.body().content_length().unwrap_or(0);
        let witness = self.witness.clone();
        let (began, call) = (Instant::now(), self.connector.call(request));
        HttpConnectorFuture::new(async move {
            let answer = call.await;
            let seen = seen(&answer);
            (witness.watcher)(&Exchange {
                about: witness.about,
                attempt: witness.attempt(&method, &url, &seen),
                method,
                url,
                sent,
                took: began.elapsed(),
                ended: SystemTime::now(),
                answer: seen,
            });
            answer
        })
    }
}

/// Who watches what.
#[derive(Clone)]
struct Witness {
    about: About,
    watcher: Watcher,
    /// How often requests came to nothing since one that didn't, by method and address.
    failed: Arc<Mutex<HashMap<String, u32>>>,
}

impl Witness {
    /// Which attempt in a row this was.
    fn attempt(&self, method: &str, url: &str, answer: &Result<Answer, String>) -> u32 {
        let request = format!("{method} {url}");
        let mut failed = self.failed.lock();
        let before = failed.remove(&request).unwrap_or(0);
        if !answer.as_ref().is_ok_and(Answer::settles_it) {
            failed.insert(request, before + 1);
        }
        before + 1
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Witness({:?})", self.about)
    }
}

fn seen(answer: &Result<HttpResponse, ConnectorError>) -> Result<Answer, String> {
    let response = answer.as_ref().map_err(|error| cause::line(error, MAX_DETAIL))?;
    let telling = |name: &str| TELLING.contains(&name) || name.starts_with(CHECKSUM);
    let headers = response.headers().iter();
    Ok(Answer {
        status: response.status().as_u16(),
        received: response.body().content_length().unwrap_or(0),
        headers: headers
            .filter(|(name, _)| telling(name))
            .map(|(name, value)| (name.to_owned(), plain::line(value, MAX_DETAIL)))
            .collect(),
    })
}

/// The address without `x-id`, the SDK's note of the operation's name, which the method tells.
fn without_operation(uri: &str) -> String {
    let Some((path, query)) = uri.split_once('?') else {
        return uri.to_owned();
    };
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("x-id="))
        .collect();
    if rest.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", rest.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_the_name_of_the_operation() {
        for (uri, shown) in [
            ("http://h/b/k?x-id=GetObject", "http://h/b/k"),
            ("http://h/b/k", "http://h/b/k"),
            (
                "http://h/b?list-type=2&x-id=L&prefix=a%2F",
                "http://h/b?list-type=2&prefix=a%2F",
            ),
        ] {
            assert_eq!(without_operation(uri), shown);
        }
    }
}
