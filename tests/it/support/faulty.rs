//! A proxy in front of a real S3 server, which spoils the answers that a test tells it to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::scripted::{Reply, Seen, accept, listener, read};

/// What happens to the answer to one request.
#[derive(Clone)]
pub enum Fault {
    /// Nothing: it is the server's.
    None,
    /// This comes instead, and the server never hears of the request.
    Instead(Reply),
    /// It comes so much later.
    Late(Duration),
    /// Of the body only so many bytes come, then the connection is closed.
    Cut(usize),
    /// The same, and the connection is reset.
    Reset(usize),
    /// The same, and then nothing more.
    Stall(usize),
    /// The body comes in pieces of so many bytes, one each so often.
    Drip(usize, Duration),
    /// This byte of the body is another.
    Flip(usize),
    /// It comes twice.
    Twice,
    /// The header announces so many bytes more (or fewer) than there are.
    Announce(i64),
    /// The request loses its signature, and the answer has this date: a server whose clock differs.
    Dated(String),
}

/// Decides by the request, and by how many came before it.
pub type Rule = Arc<dyn Fn(&Seen, usize) -> Fault + Send + Sync>;

/// A running proxy; it stops, and its connections break, when it is dropped.
pub struct Faulty {
    pub address: SocketAddr,
    rule: Arc<Mutex<Rule>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Faulty {
    /// Begins to pass requests on to `server`.
    pub async fn start(
        server: SocketAddr,
        rule: impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let (listener, address) = listener();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Arc::new(rule)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (rules, log) = (Arc::clone(&rule), Arc::clone(&seen));
        let task = tokio::spawn(accept(listener, move |stream| {
            converse(stream, server, Arc::clone(&rules), Arc::clone(&log))
        }));
        Self {
            address,
            rule,
            seen,
            task,
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on follows another rule, and counts requests from 0.
    pub fn now(&self, rule: impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static) {
        *self.rule.lock().unwrap() = Arc::new(rule);
        self.seen.lock().unwrap().clear();
    }

    /// The requests since the rule was made.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, server: SocketAddr, rule: Arc<Mutex<Rule>>, log: Arc<Mutex<Vec<Seen>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let (rule, before) = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            (Arc::clone(&rule.lock().unwrap()), log.len() - 1)
        };
        // A rule may take its time, and others pass meanwhile.
        let fault = rule(&request, before);
        let answer = match &fault {
            Fault::Instead(reply) => match reply.send(&request, &mut stream).await {
                true => continue,
                false => return,
            },
            Fault::Dated(_) => Answer::of(server, &unsigned(request)).await,
            _ => Answer::of(server, &request).await,
        };
        let Some(answer) = answer else { return };
        if !spoil(stream.get_mut(), answer, fault).await {
            return;
        }
    }
}

fn unsigned(mut request: Seen) -> Seen {
    request
        .headers
        .retain(|header| !header.starts_with("authorization: ") && !header.starts_with("x-amz-date: "));
    request
}

/// A server's answer, as it travels.
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// Passes the request on, over a connection of its own.
    async fn of(server: SocketAddr, request: &Seen) -> Option<Self> {
        let mut there = TcpStream::connect(server).await.ok()?;
        let head = format!(
            "{}\r\n{}\r\nconnection: close\r\n\r\n",
            request.line,
            request.headers.join("\r\n")
        );
        there.write_all(head.as_bytes()).await.ok()?;
        there.write_all(&request.body).await.ok()?;
        let mut bytes = Vec::new();
        there.read_to_end(&mut bytes).await.ok()?;
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let body = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes)
            .ok()?
            .replace("connection: close\r\n", "");
        Some(Self { head, body })
    }

    fn announcing(&self, more: i64) -> String {
        let old = format!("content-length: {}\r\n", self.body.len());
        let new = format!("content-length: {}\r\n", self.body.len() as i64 + more);
        self.head.replace(&old, &new)
    }

    fn dated(&self, date: &str) -> String {
        let lines = self
            .head
            .split("\r\n")
            .map(|line| match line.starts_with("date: ") {
                true => format!("date: {date}"),
                false => line.to_owned(),
            });
        lines.collect::<Vec<_>>().join("\r\n")
    }
}

/// Sends the answer, or what is left of it; whether the connection goes on.
async fn spoil(stream: &mut TcpStream, mut answer: Answer, fault: Fault) -> bool {
    let (mut sent, mut pause, mut piece) = (answer.body.len(), Duration::ZERO, usize::MAX);
    match fault {
        Fault::None | Fault::Instead(_) | Fault::Twice => {}
        Fault::Late(time) => sleep(time).await,
        Fault::Cut(at) | Fault::Reset(at) | Fault::Stall(at) => sent = at.min(sent),
        Fault::Drip(bytes, every) => (piece, pause) = (bytes, every),
        Fault::Flip(at) => {
            if let Some(byte) = answer.body.get_mut(at) {
                *byte ^= 1;
            }
        }
        Fault::Announce(more) => answer.head = answer.announcing(more),
        Fault::Dated(ref date) => answer.head = answer.dated(date),
    }
    let mut written = stream.write_all(answer.head.as_bytes()).await;
    for piece in answer.body[..sent].chunks(piece.min(1 << 20)) {
        if written.is_ok() {
            sleep(pause).await;
            written = stream.write_all(piece).await;
        }
    }
    match fault {
        Fault::Twice => {
            let _ = stream.write_all(answer.head.as_bytes()).await;
            stream.write_all(&answer.body).await.is_ok()
        }
        Fault::Stall(_) => std::future::pending().await,
        Fault::Reset(_) => {
            // What was sent should arrive before the reset, which overtakes it.
            sleep(Duration::from_millis(20)).await;
            let _ = stream.set_zero_linger();
            false
        }
        Fault::Cut(_) => false,
        _ => written.is_ok(),
    }
}
