//! Small documents over HTTP, from servers that are no object store.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::http::Caller;
use crate::cause;

/// To an open connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For a whole attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// For all of them.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts at one document.
const ATTEMPTS: u32 = 3;
/// Before the second attempt; then twice as long each time.
const PAUSE: Duration = Duration::from_millis(200);

/// Characters of why there is no answer.
const QUOTED: usize = 200;

/// Gets documents. https trusts the system's certificate authorities and those of `NODE_EXTRA_CA_CERTS`; proxies are those of
/// the bucket's client. Redirects are not followed.
#[derive(Debug)]
pub struct Documents(Caller);

/// Why a document can't be had. Contains nothing of request or answer but the status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The server refused, with this status.
    #[error("the server answers {0}")]
    Status(u16),
    /// The answer is longer than it may be.
    #[error("the answer is too long")]
    TooLong,
    /// No answer in time.
    #[error("no answer within {} s", ATTEMPT_TIMEOUT.as_secs())]
    Silent,
    /// No answer at all, and why.
    #[error("{0}")]
    Failed(String),
}

impl Documents {
    /// A client with connections of its own.
    pub fn open() -> Self {
        Self(Caller::beyond_bucket(CONNECT_TIMEOUT, ATTEMPT_TIMEOUT))
    }

    /// The document at `url`, of at most `limit` bytes. A `bearer` token is sent along. What may be different the next time
    /// is tried three times.
    pub async fn get(&self, url: &str, bearer: Option<&str>, limit: usize) -> Result<Vec<u8>, Missing> {
        let tried = tokio::time::timeout(TIMEOUT, self.try_often(url, bearer, limit));
        tried.await.unwrap_or(Err(Missing::Silent))
    }

    async fn try_often(&self, url: &str, bearer: Option<&str>, limit: usize) -> Result<Vec<u8>, Missing> {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match self.attempt(url, bearer, limit).await {
                Err(Missing::Status(408 | 429 | 500..) | Missing::Silent | Missing::Failed(_)) => {}
                settled => return settled,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.attempt(url, bearer, limit).await
    }

    async fn attempt(&self, url: &str, bearer: Option<&str>, limit: usize) -> Result<Vec<u8>, Missing> {
        let read = tokio::time::timeout(ATTEMPT_TIMEOUT, self.read(url, bearer, limit));
        read.await.unwrap_or(Err(Missing::Silent))
    }

    async fn read(&self, url: &str, bearer: Option<&str>, limit: usize) -> Result<Vec<u8>, Missing> {
        let failed = |what: &str| Missing::Failed(what.to_owned());
        let mut request = HttpRequest::new(SdkBody::empty());
        request
            .set_uri(url)
            .map_err(|_| failed("the address is not valid"))?;
        request.headers_mut().insert("accept", "application/json");
        request
            .headers_mut()
            .insert("user-agent", concat!("nx-s3-cache/", env!("CARGO_PKG_VERSION")));
        if let Some(bearer) = bearer {
            let header = request
                .headers_mut()
                .try_insert("authorization", format!("Bearer {bearer}"));
            header.map_err(|_| failed("the request token is not valid"))?;
        }
        let answer = self.0.call(request).await;
        let answer = answer.map_err(|error| Missing::Failed(cause::line(&error, QUOTED)))?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(Missing::Status(status));
        }
        let mut body = ByteStream::new(answer.into_body());
        let mut document = Vec::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| failed("the answer breaks off"))?;
            if document.len() + piece.len() > limit {
                return Err(Missing::TooLong);
            }
            document.extend_from_slice(&piece);
        }
        Ok(document)
    }
}
