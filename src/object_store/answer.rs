//! HTTP answers, read to their end, and what broke where there is none.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::{Bytes, BytesMut};
use hyper_util::client::legacy;

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
pub(super) struct NotConnected(Box<dyn StdError + Send + Sync>);

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection")
    }
}

impl StdError for NotConnected {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

/// The first error of type `E` among `error` and its causes.
pub(super) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// `error` and its causes, from the outside in.
pub(super) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    // The source of an io::Error is the source of what it holds; what it holds is passed over.
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// Marks errors before there was a connection. A certificate that is refused now is refused the next time too,
/// so that such an error isn't retried.
pub(super) fn classified(error: ConnectorError) -> ConnectorError {
    let connecting = find::<legacy::Error>(&error).is_some_and(legacy::Error::is_connect);
    if find::<rustls::Error>(&error).is_some() {
        ConnectorError::other(NotConnected(error.into()).into(), None)
    } else if connecting && error.is_timeout() {
        ConnectorError::timeout(NotConnected(error.into()).into())
    } else if connecting {
        ConnectorError::io(NotConnected(error.into()).into())
    } else {
        error
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
            ConnectorError::timeout(format!("no {what} within {} s", limit.as_secs_f32()).into())
        }),
    }
}

/// The same response with its body in memory. Each further part of the body has `timeout` to arrive.
pub(super) async fn complete(
    mut response: HttpResponse,
    limit: Option<BodyLimit>,
    timeout: Option<Duration>,
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
    let mut parts = ByteStream::new(response.take_body());
    let mut body = Body::default();
    while let Some(part) = within(timeout, "more of the answer", parts.next()).await? {
        let part = part.map_err(|error| ConnectorError::io(error.into()))?;
        body.push(part, length.unwrap_or(0).min(most));
        if body.len() > most {
            return Err(ConnectorError::user(Box::new(TooLong {
                size: body.len(),
                limit: most,
            })));
        }
    }
    *response.body_mut() = SdkBody::from(body.whole());
    Ok(response)
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
