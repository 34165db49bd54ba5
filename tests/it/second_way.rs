//! The server of the second way into Nx, and clients that are slow or dead.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::machine::{flush, open, scratch};

async fn connect(server: &Server) -> TcpStream {
    let address = server.url().replace("http://", "");
    TcpStream::connect(address).await.unwrap()
}

/// A connection on which this was sent, with the token where it says `TOKEN`.
async fn sent(server: &Server, text: &str) -> TcpStream {
    let mut stream = connect(server).await;
    let text = text.replace("TOKEN", server.token());
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_slow_or_dead_hold_up_neither_other_requests_nor_the_end_of_a_run() {
    let section = r#"{"bucket":"test-bucket"}"#;
    let config = Config::load(Some(section), &Environment::default(), false, Path::new("/")).unwrap();
    let store = Arc::new(MemoryStore::new());
    let cache = open(config, &Environment::default(), store, Producer::default());
    let spool = scratch();
    let server = Server::start(cache.clone(), spool.path().into()).unwrap();
    let put = "PUT /v1/cache/HASH HTTP/1.1\r\nhost: x\r\nauthorization: Bearer TOKEN\r\ncontent-length: ";
    let large = "x".repeat(8 << 20);

    let stored = format!("{}{}\r\n\r\n{large}", put.replace("HASH", "1"), large.len());
    let mut answer = [0; 15];
    sent(&server, &stored)
        .await
        .read_exact(&mut answer)
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    flush(&cache).await;

    let mut slow = vec![connect(&server).await];
    for number in 0..20 {
        let half = put.replace("HASH", &format!("2{number}"));
        slow.push(sent(&server, &half).await);
        slow.push(sent(&server, &format!("{half}1000\r\n\r\nhalf of it")).await);
        // Nobody reads the answer.
        let get = "GET /v1/cache/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer TOKEN\r\n\r\n";
        slow.push(sent(&server, get).await);
    }
    let last = format!("{}1\r\n\r\nx", put.replace("HASH", "3"));
    sent(&server, &last).await.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");

    let began = Instant::now();
    flush(&cache).await;
    drop(server);
    for mut stream in slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(cache.summary().stored, 2);
}
