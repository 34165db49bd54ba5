//! A server that answers what a test tells it to, right or wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The answer to one request.
#[derive(Clone)]
pub enum Reply {
    /// These bytes; the connection stays open.
    Send(Vec<u8>),
    /// These bytes, then the connection is closed.
    SendAndClose(Vec<u8>),
    /// Nothing, ever.
    Hang,
    /// Connects through to this address, as a proxy does for CONNECT.
    Tunnel(SocketAddr),
}

impl Reply {
    /// Answers a request; whether the connection stays open.
    pub async fn send<S: AsyncRead + AsyncWrite + Unpin>(&self, to: &Seen, stream: &mut S) -> bool {
        match self {
            Reply::Send(bytes) => {
                let sent = stream.write_all(without_body(to, bytes)).await;
                let flushed = stream.flush().await;
                sent.and(flushed).is_ok()
            }
            Reply::SendAndClose(bytes) => {
                let _ = stream.write_all(bytes).await;
                let _ = stream.shutdown().await;
                false
            }
            Reply::Hang => std::future::pending().await,
            Reply::Tunnel(address) => {
                let mut there = TcpStream::connect(address).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(stream, &mut there).await;
                false
            }
        }
    }
}

/// The answer without its body where the request is a HEAD, which has none.
fn without_body<'a>(request: &Seen, answer: &'a [u8]) -> &'a [u8] {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    match end.filter(|_| request.is("HEAD", "")) {
        Some(end) => &answer[..end + 4],
        None => answer,
    }
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `METHOD target HTTP/1.1`.
    pub line: String,
    /// `name: value`, names in lower case.
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn method(&self) -> &str {
        self.line.split(' ').next().unwrap()
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// Whether this is a `method` request whose target has `part` in it.
    pub fn is(&self, method: &str, part: &str) -> bool {
        self.method() == method && self.target().contains(part)
    }

    /// The value of the header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find_map(|header| header.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A port where a full queue of connections makes Linux ignore new ones.
#[cfg(target_os = "linux")]
pub struct Swallowing {
    pub address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

#[cfg(target_os = "linux")]
impl Swallowing {
    pub async fn start() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let queue = (0..2).map(|_| TcpStream::connect(address));
        Self {
            address,
            _listener: listener,
            _queue: futures_util::future::try_join_all(queue).await.unwrap(),
        }
    }
}

type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A running server; it stops with the test's runtime.
pub struct Scripted {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    /// Answers with `replies` in turn, and from then on with the last one.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let (server, serving) = Self::listen(in_turn(replies), None);
        tokio::spawn(serving);
        server
    }

    /// The same behind TLS.
    pub async fn start_tls(replies: impl IntoIterator<Item = Reply>, tls: TlsAcceptor) -> Self {
        let (server, serving) = Self::listen(in_turn(replies), Some(tls));
        tokio::spawn(serving);
        server
    }

    /// Answers each request by what it is, on a thread of its own: for tests without a runtime.
    pub fn answering(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let entered = runtime.enter();
        let (server, serving) = Self::listen(Arc::new(script), None);
        drop(entered);
        std::thread::spawn(move || runtime.block_on(serving));
        server
    }

    fn listen(script: Script, tls: Option<TlsAcceptor>) -> (Self, impl Future<Output = ()> + Send) {
        let (listener, address) = listener();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let serving = accept(listener, move |stream| {
            count.fetch_add(1, Ordering::Relaxed);
            let (script, log, tls) = (Arc::clone(&script), Arc::clone(&log), tls.clone());
            async move {
                match tls {
                    None => converse(stream, script, log).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            converse(stream, script, log).await;
                        }
                    }
                }
            }
        });
        let server = Self {
            address,
            seen,
            connections,
        };
        (server, serving)
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many connections there were, with or without a request.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn in_turn(replies: impl IntoIterator<Item = Reply>) -> Script {
    let script = Mutex::new(replies.into_iter().collect::<Vec<_>>());
    Arc::new(move |_| {
        let mut script = script.lock().unwrap();
        if script.len() > 1 {
            script.remove(0)
        } else {
            script[0].clone()
        }
    })
}

/// Listens on a free port of this machine.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (TcpListener::from_std(listener).unwrap(), address)
}

/// Serves every connection with `converse`. They break when this is dropped.
pub async fn accept<F>(listener: TcpListener, converse: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        connections.spawn(converse(stream));
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(stream: S, script: Script, log: Arc<Mutex<Vec<Seen>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        log.lock().unwrap().push(request.clone());
        if !script(&request).send(&request, &mut stream).await {
            return;
        }
    }
}

/// The next request; `None` when there is none, or the connection breaks.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) => headers.push(format!("{}: {value}", name.to_ascii_lowercase())),
            None => break,
        }
    }
    let mut seen = Seen {
        line: line.trim_end().to_owned(),
        headers,
        body: Vec::new(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    seen.body.resize(length, 0);
    stream.read_exact(&mut seen.body).await.ok()?;
    Some(seen)
}

/// A complete answer with these header lines, each ended by `\r\n`.
pub fn answer(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Send(format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes())
}

/// 200 with this body.
pub fn object(body: &str) -> Reply {
    answer("200 OK", "", body)
}

/// An S3 error document.
pub fn error(status: &str, code: &str, message: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    answer(
        status,
        "content-type: application/xml\r\nx-amz-request-id: REQ1\r\n",
        &body,
    )
}
