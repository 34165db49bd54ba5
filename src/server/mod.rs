//! The second way into Nx: a server for the client of Nx's self-hosted cache, for one run, on this machine.
//!
//! Nx's client ends the run over most answers, so there are few: `GET` is answered with the artifact or 404, `PUT` with
//! 200, or with 403 where the run stores nothing. All trouble is one of these, and reported as on the direct way.
//! The one exception is what must end the run: 401, whose text the client shows.

mod body;
mod client;
mod request;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use crate::bucket::blocking;
use crate::cache::{RemoteCache, Warning};
use crate::code::Code;
use body::{Answer, Received};
use client::Client;

pub use request::{Asked, Token};

/// How long the server pauses when it can't accept connections.
const PAUSE: Duration = Duration::from_millis(50);
/// Connections at once; others wait. Far more than Nx has tasks at a time, and far less than any limit of open files.
const MAX_CONNECTIONS: usize = 256;
/// While there are more, each ends with its answer: Nx's client sends a request on a connection that is not accepted yet,
/// and those that are idle would keep it waiting.
const MAX_IDLE_CONNECTIONS: usize = MAX_CONNECTIONS / 2;
/// How long a connection may take to send the head of its next request. Nx's client keeps an idle one for 90 s: it is the
/// one to close it, since a request that meets the end of its connection fails the run.
const HEAD: Duration = Duration::from_secs(120);
/// How often it is looked whether the client is still there.
const LOOK: Duration = Duration::from_millis(200);

/// A server of one run's cache; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

struct Shared {
    cache: Arc<RemoteCache>,
    token: Token,
    /// Where bodies are on their way, in files without names.
    spool: PathBuf,
    address: SocketAddr,
    /// The process that asked first: Nx. Unknown where the system doesn't tell.
    client: OnceLock<Option<Client>>,
    last_request: Mutex<Instant>,
    /// Connections that were accepted and are open.
    connections: AtomicUsize,
}

impl Server {
    /// Serves `cache` on a free port of the loopback address. Bodies on their way are files without names in `spool`. Must
    /// be called within a tokio runtime.
    pub fn start(cache: Arc<RemoteCache>, spool: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&spool)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            cache,
            token: Token::random().map_err(|error| io::Error::other(error.to_string()))?,
            spool,
            address,
            client: OnceLock::new(),
            last_request: Mutex::new(Instant::now()),
            connections: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token that its client needs.
    pub fn token(&self) -> &str {
        self.shared.token.as_str()
    }

    /// Blocks this thread while there is a client, at most for `timeout`.
    pub fn wait_for_client(&self, idle: Duration, timeout: Duration) {
        let began = Instant::now();
        while self.has_client(idle) && began.elapsed() < timeout {
            std::thread::sleep(LOOK);
        }
    }

    /// Whether there is a client, other than this process, that may have further requests: until its process is gone or,
    /// where that can't be known, nothing was asked for `idle`.
    pub fn has_client(&self, idle: Duration) -> bool {
        match self.shared.client.get() {
            Some(Some(client)) => !client.is_self && client.is_alive(),
            _ => self.shared.last_request.lock().elapsed() < idle,
        }
    }

    /// Writes `text` to the terminal that the client has its errors on; `false` where there is none or none is known, and
    /// where the client shows what this process prints.
    pub fn tell(&self, text: &str) -> bool {
        let client = self.shared.client.get().and_then(Option::as_ref);
        client.is_some_and(|client| !client.is_near && client.tell(text))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // They end with this.
    let mut connections = JoinSet::new();
    loop {
        shared.connections.store(connections.len(), Relaxed);
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(converse(stream, peer, shared.clone()));
                }
                Err(_) => sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    // Small answers would wait for the client's acknowledgements, which it delays.
    let _ = stream.set_nodelay(true);
    let serve = service_fn(|request| {
        let shared = shared.clone();
        async move {
            let mut response = shared.clone().answer(request, peer).await;
            if shared.connections.load(Relaxed) > MAX_IDLE_CONNECTIONS {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok::<_, Infallible>(response)
        }
    });
    // The client sees its requests end; whoever broke the connection knows already.
    let _ = http(HEAD).serve_connection(TokioIo::new(stream), serve).await;
}

/// HTTP on a connection that ends when the head of a request takes longer than this.
fn http(head: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head);
    http
}

impl Shared {
    async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: SocketAddr) -> Response<Answer> {
        let (head, body) = request.into_parts();
        let authorization = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        match Asked::parse(&head.method, head.uri.path(), authorization, &self.token) {
            Asked::Unauthorized => plain(StatusCode::UNAUTHORIZED, "wrong token"),
            Asked::Other => plain(StatusCode::NOT_FOUND, ""),
            asked => {
                *self.last_request.lock() = Instant::now();
                self.clone().meet(peer);
                let answer = match asked {
                    Asked::Get(hash) => self.get(hash).await,
                    Asked::Put(hash) => self.put(hash, body).await,
                    Asked::Unauthorized | Asked::Other => plain(StatusCode::NOT_FOUND, ""),
                };
                *self.last_request.lock() = Instant::now();
                answer
            }
        }
    }

    async fn get(&self, hash: &str) -> Response<Answer> {
        match self.cache.retrieve_body(hash, &self.spool).await {
            Ok(Some(found)) => {
                let mut response = Response::new(body::of_file(found.file));
                let headers = response.headers_mut();
                headers.insert(CONTENT_LENGTH, found.size.into());
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
                response
            }
            Ok(None) => plain(StatusCode::NOT_FOUND, ""),
            Err(fatal) => plain(StatusCode::UNAUTHORIZED, fatal.to_string()),
        }
    }

    async fn put(&self, hash: &str, body: Incoming) -> Response<Answer> {
        match body::receive(body, self.spool.clone()).await {
            Received::All(file) if self.cache.stores() => {
                self.cache.clone().store_body(hash.to_owned(), file).await;
            }
            Received::All(_) => return plain(StatusCode::FORBIDDEN, "this run stores nothing"),
            Received::Unwritten(error) => self.cache.skip(Warning {
                code: Code::NoRoom,
                title: "An artifact is not stored in S3, since there is no room for it on the way".into(),
                body: vec![
                    format!("{}: {error}", self.spool.display()),
                    format!("Task {hash} is not stored; the build goes on."),
                    "Check the free space and the permissions of Nx's cache directory.".into(),
                ],
            }),
            Received::Part => return plain(StatusCode::BAD_REQUEST, "the body ended too early"),
        }
        plain(StatusCode::OK, "")
    }

    /// Finds out who asks, once, while the request is served.
    fn meet(self: Arc<Self>, peer: SocketAddr) {
        if self.client.get().is_none() {
            tokio::spawn(blocking(move || {
                self.client.get_or_init(|| Client::find(peer, self.address));
            }));
        }
    }
}

/// The client wants plain text where something is wrong.
fn plain(status: StatusCode, text: impl Into<String>) -> Response<Answer> {
    let mut response = Response::new(body::text(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_connection_that_sends_no_whole_head_is_ended() {
        for sent in ["", "GET /v1/cache/1 HTTP/1.1\r\nhost:"] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            client.write_all(sent.as_bytes()).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let serve =
                service_fn(|_| async { Ok::<_, Infallible>(plain(StatusCode::OK, "no request is served")) });
            let served = http(Duration::from_millis(50)).serve_connection(TokioIo::new(stream), serve);
            assert!(served.await.is_err());
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(!answer.contains("200"), "{answer}");
        }
    }
}
