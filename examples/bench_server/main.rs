//! The servers of `npm run bench`, in one program: S3 in memory, Nx's self-hosted cache in memory, and each of them
//! once more behind a network that is far away.
//!
//! Prints one line of JSON when it listens. Then takes commands from its standard input, a line each, and answers
//! each with one line of JSON; ends with its input.

mod artifact_server;
mod far;
mod memory;
#[allow(dead_code, clippy::unwrap_used)] // the rest is for tests, where a failing setup should be loud
#[path = "../../tests/it/support/server.rs"]
mod server;
mod shared;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use artifact_server::{Artifacts, Site};
use far::Distance;
use memory::Memory;
use server::traffic::Traffic;
use server::{OnRequest, Options, RunningServer};
use shared::Shared;

const USAGE: &str = "usage: bench_server DIR   (commands: take, clear, far MILLISECONDS)";

#[tokio::main]
async fn main() -> ExitCode {
    let Some(directory) = std::env::args().nth(1) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match Servers::start(&directory).await {
        Ok(servers) => servers.obey().await,
        Err(error) => {
            eprintln!("bench_server: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Servers {
    s3: RunningServer,
    memory: Memory,
    artifacts: Artifacts,
    traffic: Arc<Traffic>,
    /// `METHOD status` → how often.
    requests: Shared<BTreeMap<String, u64>>,
    distance: Distance,
    listening: Value,
}

impl Servers {
    async fn start(directory: &str) -> io::Result<Self> {
        let (memory, artifacts) = (Memory::default(), Artifacts::default());
        let (traffic, distance) = (Arc::<Traffic>::default(), Distance::default());
        let requests = Shared::<BTreeMap<String, u64>>::default();
        let on_request = count(requests.clone());
        let options = Options {
            on_request: Some(Arc::clone(&on_request)),
            traffic: Arc::clone(&traffic),
            ..Options::new(directory)
        };
        let s3 = server::start_over(memory.clone(), options).await?;
        let site = Site {
            artifacts: artifacts.clone(),
            on_request,
            traffic: Arc::clone(&traffic),
        };
        let http = artifact_server::start(site).await?;
        let listening = json!({
            "s3": s3.endpoint,
            "http": url(http),
            "farS3": url(far::start(s3.address, distance.clone()).await?),
            "farHttp": url(far::start(http, distance.clone()).await?),
            "bucket": s3.options.buckets[0],
            "accessKeyId": s3.options.access_key,
            "secretAccessKey": s3.options.secret_key,
        });
        Ok(Self {
            s3,
            memory,
            artifacts,
            traffic,
            requests,
            distance,
            listening,
        })
    }

    /// Answers commands until there are no more.
    async fn obey(self) -> ExitCode {
        let _serving_until_the_end = &self.s3;
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut answer = self.listening.clone();
        loop {
            if writeln!(io::stdout(), "{answer}").is_err() {
                return ExitCode::FAILURE;
            }
            let Some(line) = lines.recv().await else {
                return ExitCode::SUCCESS;
            };
            answer = self.command(&line);
        }
    }

    fn command(&self, line: &str) -> Value {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("take", _) => self.take(),
            ("clear", _) => {
                self.memory.clear();
                self.artifacts.lock().clear();
                json!({})
            }
            ("far", milliseconds) => match milliseconds.parse() {
                Ok(milliseconds) => {
                    self.distance.set(Duration::from_millis(milliseconds));
                    json!({})
                }
                Err(_) => json!({ "error": USAGE }),
            },
            _ => json!({ "error": USAGE }),
        }
    }

    /// What happened since the last time.
    fn take(&self) -> Value {
        json!({
            "requests": std::mem::take(&mut *self.requests.lock()),
            "received": self.traffic.received.swap(0, Ordering::Relaxed),
            "sent": self.traffic.sent.swap(0, Ordering::Relaxed),
            "replaced": self.memory.take_replaced(),
        })
    }
}

fn count(requests: Shared<BTreeMap<String, u64>>) -> OnRequest {
    Arc::new(move |line| {
        if let (Some((method, _)), Some((_, status))) = (line.split_once(' '), line.rsplit_once(' ')) {
            *requests.lock().entry(format!("{method} {status}")).or_default() += 1;
        }
    })
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
