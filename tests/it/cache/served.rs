//! The server for Nx's own HTTP client: what it keeps, and that it answers nothing over which the client ends a run.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nx_s3_cache::cache::RemoteCache;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::object_store::{Error, ObjectStore};
use nx_s3_cache::server::Server;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::support::*;

const BODY: &str = "v1/t/b/1234567890";
const PATH: &str = "/v1/cache/1234567890";

/// A run whose cache is served.
struct Served {
    cache: Arc<RemoteCache>,
    server: Server,
    spool: TempDir,
}

/// Status, content type and body of an answer.
type Answer = (u16, String, Vec<u8>);

impl Served {
    fn start(store: &Arc<impl ObjectStore>, options: &str) -> Self {
        let (cache, spool) = (run(store, options), tempfile::tempdir().unwrap());
        let server = Server::start(cache.clone(), spool.path().into()).unwrap();
        Self { cache, server, spool }
    }

    /// Asks with the token.
    async fn ask(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let head = format!(
            "authorization: Bearer {}\r\ncontent-length: {}\r\n",
            self.server.token(),
            body.len()
        );
        self.send(method, path, &head, body).await.unwrap()
    }

    async fn send(&self, method: &str, path: &str, head: &str, body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address()).await.ok()?;
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}\r\n");
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(body).await.ok()?;
        if body.len() < content_length(&head) {
            stream.shutdown().await.ok()?;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let (head, body) = (String::from_utf8(answer[..end].into()).ok()?, &answer[end + 4..]);
        assert_eq!(content_length(&head), body.len(), "{head}");
        Some((
            head[9..12].parse().ok()?,
            header(&head, "content-type"),
            body.into(),
        ))
    }

    fn address(&self) -> String {
        self.server.url().strip_prefix("http://").unwrap().to_owned()
    }

    async fn put(&self, body: &[u8]) -> u16 {
        let (status, ..) = self.ask("PUT", PATH, body).await;
        flush(&self.cache).await;
        status
    }

    async fn get(&self) -> Answer {
        self.ask("GET", PATH, b"").await
    }

    /// Nothing may be left of what was on its way. Windows shows files without names until they are closed.
    fn assert_swept(&self) {
        let left = || std::fs::read_dir(self.spool.path()).unwrap().count();
        let until = Instant::now() + Duration::from_secs(5);
        while cfg!(windows) && left() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(left(), 0);
    }
}

fn header(head: &str, name: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    values
        .next()
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default()
}

fn content_length(head: &str) -> usize {
    header(head, "content-length").parse().unwrap_or(0)
}

fn is_miss((status, content_type, body): &Answer) -> bool {
    (*status, content_type.as_str(), body.len()) == (404, "text/plain", 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_run_puts_another_gets() {
    for options in [
        "",
        r#""encryptionKey":"a passphrase""#,
        r#""compressionLevel":"none""#,
        r#""backgroundUploads":false"#,
    ] {
        for len in [0, 1, 1 << 20, (20 << 20) + 1] {
            let (store, body) = (bucket(), noise(len, 1));
            let (one, another) = (Served::start(&store, options), Served::start(&store, options));
            assert!(is_miss(&one.get().await), "{options}");
            assert_eq!(one.put(&body).await, 200);
            let (status, content_type, got) = another.get().await;
            assert_eq!((status, content_type.as_str()), (200, "application/octet-stream"));
            assert!(got == body, "{options} {len}");
            let (stored, hits) = (one.cache.summary(), another.cache.summary());
            assert_eq!((stored.misses, stored.stored, hits.hits), (1, 1, 1));
            one.assert_swept();
            another.assert_swept();
            let warnings = [one.cache.take_warnings(), another.cache.take_warnings()].map(titles);
            assert_eq!(warnings, [[""; 0]; 2]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_have_entries_of_their_own() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "content").store(&run(&store, "")).await;
    let served = Served::start(&store, "");
    assert!(is_miss(&served.get().await));
    assert_eq!(served.put(b"what Nx packs").await, 200);
    assert_eq!(store.keys(), [BODY, ENTRY]);
    assert!(Machine::new().retrieve(&run(&store, "")).await.is_some());
    assert_eq!(Served::start(&store, "").get().await.2, b"what Nx packs");
    // Under the other's key, one isn't taken for the other.
    store.replace(ENTRY, store.object(BODY).unwrap());
    assert!(Machine::new().retrieve(&run(&store, "")).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_token_reads_and_writes_nothing() {
    let store = bucket();
    let served = Served::start(&store, "");
    assert_eq!(served.put(b"secret").await, 200);
    store.forget_calls();
    let another = Served::start(&store, "");
    for head in [
        "",
        &format!("authorization: Bearer {}\r\n", another.server.token()),
    ] {
        for method in ["GET", "PUT"] {
            let (status, _, body) = served.send(method, PATH, head, b"").await.unwrap();
            assert_eq!((status, body.as_slice()), (401, b"wrong token".as_slice()));
        }
    }
    assert_eq!(store.calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_early_is_not_stored() {
    let store = bucket();
    let served = Served::start(&store, "");
    let head = format!(
        "authorization: Bearer {}\r\ncontent-length: 100\r\n",
        served.server.token()
    );
    let answer = served.send("PUT", PATH, &head, b"half of it").await;
    assert_ne!(answer.map(|(status, ..)| status), Some(200));
    flush(&served.cache).await;
    assert_eq!(store.keys(), [""; 0]);
    served.assert_swept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_stores_nothing_says_so_once_the_body_is_read() {
    let store = bucket();
    let served = Served::start(&store, r#""localMode":"read-only""#);
    assert_eq!(served.put(&noise(5 << 20, 1)).await, 403);
    assert!(is_miss(&served.get().await));
    assert_eq!(store.keys(), [""; 0]);
    let served = Served::start(&store, r#""localMode":"write-only""#);
    assert_eq!(served.put(b"body").await, 200);
    assert!(is_miss(&served.get().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_is_a_miss_and_an_artifact_less_and_reported_once() {
    let store = bucket();
    let unreachable = Error::Unreachable {
        proxy: None,
        detail: "connection refused".into(),
        lasting: true,
    };
    store.fail_next(vec![unreachable; 100]);
    let served = Served::start(&store, "");
    for _ in 0..3 {
        assert!(is_miss(&served.get().await));
        assert_eq!(served.put(b"body").await, 200);
    }
    let warnings = titles(served.cache.take_warnings());
    assert_eq!(warnings, ["Remote caching in S3 is off for this run"]);
    assert_eq!(served.cache.summary().skipped, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_is_answered_whole_or_not_at_all() {
    let (store, body) = (bucket(), noise(20 << 20, 1));
    Served::start(&store, "").put(&body).await;
    let chunks: Vec<_> = store
        .keys()
        .into_iter()
        .filter(|key| key.contains("/c/"))
        .collect();
    assert!(chunks.len() > 2);
    for damage in [None, Some("not a chunk")] {
        let damaged = MemoryStore::new();
        for key in store.keys() {
            damaged.replace(&key, store.object(&key).unwrap());
        }
        damaged.remove(&chunks[1]);
        if let Some(damage) = damage {
            damaged.replace(&chunks[1], damage);
        }
        let damaged = Arc::new(damaged);
        let served = Served::start(&damaged, "");
        assert!(is_miss(&served.get().await), "{damage:?}");
        assert_eq!(served.cache.take_warnings().len(), 1);
        served.assert_swept();
        // Storing mends it.
        assert_eq!(served.put(&body).await, 200);
        assert!(Served::start(&damaged, "").get().await.2 == body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_on_the_disk_tasks_run_and_are_not_stored() {
    let store = bucket();
    Served::start(&store, "").put(b"body").await;
    let served = Served::start(&store, "");
    std::fs::remove_dir(served.spool.path()).unwrap();
    assert!(is_miss(&served.get().await));
    assert_eq!(served.put(&noise(5 << 20, 1)).await, 200);
    assert_eq!(served.cache.summary().skipped, 1);
    let warnings = titles(served.cache.take_warnings());
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_is_none_is_a_miss() {
    let store = bucket();
    let served = Served::start(&store, "");
    for hash in ["..", "a%2fb", "a/b", ""] {
        let path = format!("/v1/cache/{hash}");
        assert!(is_miss(&served.ask("GET", &path, b"").await), "{hash}");
        assert_eq!(served.ask("PUT", &path, b"body").await.0, 200, "{hash}");
    }
    flush(&served.cache).await;
    assert_eq!(store.keys(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_end_the_run_does_and_says_why() {
    let store = bucket();
    Served::start(&store, "").put(b"poison").await;
    let key = nx_s3_cache::sign::SigningKey::generate(nx_s3_cache::sign::KeyName::parse("main").unwrap());
    let trust = format!(
        r#""trust":{{"publicKeys":["{}"],"onBadSignature":"fail"}}"#,
        key.unwrap().public_key()
    );
    let config = nx_s3_cache::config::Config::load(
        Some(&format!(r#"{{"bucket":"test-bucket",{trust}}}"#)),
        &Environment::default(),
        false,
        Path::new("/"),
    );
    let cache = run_in(&store, config.unwrap(), &Environment::default());
    let spool = tempfile::tempdir().unwrap();
    let server = Server::start(cache.clone(), spool.path().into()).unwrap();
    let (status, content_type, text) = Served { cache, server, spool }.get().await;
    assert_eq!((status, content_type.as_str()), (401, "text/plain"));
    assert!(String::from_utf8(text).unwrap().contains("trust.onBadSignature"));
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_connect_some_hundred_are_open_and_the_others_wait() {
    let served = Served::start(&bucket(), "");
    let connect = || TcpStream::connect(served.address());
    let idle: Vec<_> = futures_util::future::try_join_all((0..256).map(|_| connect()))
        .await
        .unwrap();
    // Those that the system's queue had no room for come a second later.
    let until = Instant::now() + Duration::from_secs(30);
    while tokio::time::timeout(Duration::from_millis(300), served.get())
        .await
        .is_ok()
    {
        assert!(Instant::now() < until, "nobody waits");
    }
    drop(idle);
    assert!(is_miss(&served.get().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_served_once_the_run_is_over() {
    let served = Served::start(&bucket(), "");
    let address = served.address();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    drop(served);
    assert_eq!(idle.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0);
    let until = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(&address).await.is_ok() {
        assert!(Instant::now() < until, "it still listens");
    }
}

/// Nx asks for all tasks at once, and its client keeps each connection for what it may ask later.
#[tokio::test]
async fn more_requests_at_once_than_connections_are_all_answered() {
    let served = Served::start(&bucket(), "");
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        served.server.token()
    );
    let one = async || {
        let mut stream = TcpStream::connect(served.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        (status, stream) // the connection stays open
    };
    let all = join_all((0..300).map(|_| one()));
    let answers = timeout(Duration::from_secs(30), all).await.unwrap();
    assert!(answers.iter().all(|(status, _)| status == b"HTTP/1.1 404"));
}
