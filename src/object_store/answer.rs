//! HTTP answers, read to their end, and what broke where there is none.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::{Bytes, BytesMut};

use super::Progress;
use super::proxy::Proxy;
use super::throughput::{MinThroughput, Watch};
use super::wrapped::wrapped;

/// The most bytes that the answer to one request may have. An extension of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyLimit(pub u64);

/// For requests without a limit of their own: what they ask for is a few kilobytes of XML or JSON.
const OTHERWISE: BodyLimit = BodyLimit(1 << 20);

/// An answer has more bytes than its request allows.
#[derive(Debug)]
pub(super) struct TooLong {
    /// The size in bytes, as far as known.
    pub size: u64,
    /// What was allowed.
    pub limit: u64,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the answer has at least {} bytes, more than expected",
            self.size
        )
    }
}

impl StdError for TooLong {}

/// No connection came about: DNS, TCP, TLS or a proxy.
#[derive(Debug)]
pub(super) struct NotConnected {
    /// What requests there go through.
    pub proxy: Option<Proxy>,
    pub cause: Box<dyn StdError + Send + Sync>,
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection")?;
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

impl StdError for NotConnected {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.cause)
    }
}

/// `client` with answers that are complete when they are handed on, and not longer than their request allows, so that a
/// body that breaks off or stops coming is a failure of its request. The bytes of objects are counted by the [`Progress`]
/// that is an extension of the request.
pub(super) fn complete(client: SharedHttpClient, min_throughput: MinThroughput) -> SharedHttpClient {
    wrapped(client, move |connector| {
        SharedHttpConnector::new(Completing {
            connector,
            min_throughput,
        })
    })
}

#[derive(Debug)]
struct Completing {
    connector: SharedHttpConnector,
    min_throughput: MinThroughput,
}

impl HttpConnector for Completing {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (limit, progress) = (request.extension().copied(), request.extension().cloned());
        let (response, min_throughput) = (self.connector.call(request), self.min_throughput);
        HttpConnectorFuture::new(
            async move { with_body(response.await?, limit, progress, min_throughput).await },
        )
    }
}

/// Waits for `work`, at most as long as `timeout` allows.
pub(super) async fn within<F: Future>(
    timeout: Option<Duration>,
    what: &str,
    work: F,
) -> Result<F::Output, ConnectorError> {
    match timeout {
        None => Ok(work.await),
        Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| {
            ConnectorError::timeout(format!("no {what} within {:.1} s", limit.as_secs_f32()).into())
        }),
    }
}

/// The same response with its body in memory.
async fn with_body(
    mut response: HttpResponse,
    limit: Option<BodyLimit>,
    progress: Option<Arc<Progress>>,
    min_throughput: MinThroughput,
) -> Result<HttpResponse, ConnectorError> {
    let BodyLimit(most) = limit
        .filter(|_| response.status().is_success())
        .unwrap_or(OTHERWISE);
    let length = response
        .headers()
        .get("content-length")
        .and_then(|length| length.parse().ok());
    if let (Some(_), Some(size)) = (limit, length.filter(|size| *size > most)) {
        return Err(ConnectorError::user(Box::new(TooLong { size, limit: most })));
    }
    let success = response.status().is_success();
    let body = read(
        response.take_body(),
        length,
        most,
        progress.filter(|_| success),
        min_throughput,
    )
    .await?;
    if let Some(status) = meant(&response, &body).filter(|_| success) {
        *response.status_mut() = status;
    }
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}

/// Reads a body of at most `most` bytes, of which the answer has announced `length`.
async fn read(
    body: SdkBody,
    length: Option<u64>,
    most: u64,
    progress: Option<Arc<Progress>>,
    min_throughput: MinThroughput,
) -> Result<Bytes, ConnectorError> {
    // What is in memory already was counted when it arrived there.
    let progress = progress.filter(|_| body.bytes().is_none());
    let mut parts = ByteStream::new(body);
    let mut body = Body::default();
    let mut watch = Watch::new(min_throughput);
    while let Some(part) = watch.next(parts.next(), body.len()).await? {
        let part = part.map_err(|error| ConnectorError::io(error.into()))?;
        if let Some(progress) = &progress {
            progress.receive(part.len() as u64);
        }
        body.push(part, length.unwrap_or(0).min(most));
        if body.len() > most {
            return Err(ConnectorError::user(Box::new(TooLong {
                size: body.len(),
                limit: most,
            })));
        }
    }
    Ok(body.whole())
}

/// The status that an answer should have had, by its body: none of ours looks like these.
fn meant(response: &HttpResponse, body: &[u8]) -> Option<StatusCode> {
    let begin = body.trim_ascii_start();
    let begin = begin[..begin.len().min(14)].to_ascii_lowercase();
    let is_page = begin.starts_with(b"<!doctype html") || begin.starts_with(b"<html");
    // With such a page Swift tells the slower of two writers that the other's object is there.
    let is_of_s3 = response.headers().contains_key("x-amz-request-id");
    match (is_page && !is_of_s3, is_error_document(body)) {
        // A captive portal's, or a gateway's.
        (true, _) => 404.try_into().ok(),
        (_, true) => 500.try_into().ok(),
        _ => None,
    }
}

/// Whether a body is S3's error document: servers and gateways that have sent a status of 200 already can't take
/// it back.
fn is_error_document(body: &[u8]) -> bool {
    let mut rest = body.trim_ascii_start();
    if rest.starts_with(b"<?xml") {
        let end = rest.iter().position(|byte| *byte == b'>').unwrap_or(0);
        rest = rest[end + 1..].trim_ascii_start();
    }
    rest.starts_with(b"<Error>") || rest.starts_with(b"<Error ")
}

/// A body as it arrives; one that arrives in one piece is never copied.
#[derive(Default)]
struct Body {
    first: Bytes,
    rest: BytesMut,
}

impl Body {
    fn push(&mut self, part: Bytes, announced: u64) {
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = part;
            return;
        }
        if self.rest.is_empty() {
            let announced = usize::try_from(announced).unwrap_or(0);
            self.rest.reserve(announced.max(self.first.len() + part.len()));
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&part);
    }

    fn len(&self) -> u64 {
        self.rest.len().max(self.first.len()) as u64
    }

    fn whole(self) -> Bytes {
        if self.rest.is_empty() {
            self.first
        } else {
            self.rest.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(parts: &[&'static str], announced: u64) -> Bytes {
        let mut body = Body::default();
        for part in parts {
            body.push(Bytes::from_static(part.as_bytes()), announced);
        }
        assert_eq!(body.len(), parts.concat().len() as u64);
        body.whole()
    }

    #[test]
    fn parts_become_one_body() {
        assert_eq!(body_of(&[], 0), "");
        for announced in [0, 3, 6] {
            assert_eq!(body_of(&["abc", "", "de", "f"], announced), "abcdef");
        }
    }

    #[test]
    fn a_body_in_one_part_is_not_copied() {
        let part = "the whole body";
        assert_eq!(body_of(&[part], 14).as_ptr(), part.as_ptr());
    }
}
