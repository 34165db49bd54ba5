//! A gate before a server: some requests it answers itself, as a policy, a proxy or another server would.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request's first line and headers, in lower case.
pub type Head = str;

/// What a gate answers itself; the rest goes through.
pub type Rule = Arc<dyn Fn(&Head) -> Option<Vec<u8>> + Send + Sync>;

/// Opens a gate to `server`; returns its address. It closes with the test's runtime.
pub async fn before(server: SocketAddr, rule: Rule) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, server, rule.clone()));
        }
    });
    address
}

/// Handles the one request of a connection.
async fn pass(mut client: TcpStream, server: SocketAddr, rule: Rule) -> Option<()> {
    let mut request = Vec::new();
    let end = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        client
            .read_buf(&mut request)
            .await
            .ok()
            .filter(|read| *read > 0)?;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse().ok())
        .unwrap_or(0);
    while request.len() < end + 4 + length {
        client
            .read_buf(&mut request)
            .await
            .ok()
            .filter(|read| *read > 0)?;
    }
    match rule(&head) {
        Some(answer) => client.write_all(&answer).await.ok()?,
        None => {
            let mut through = TcpStream::connect(server).await.ok()?;
            // So that the end of the connection is the end of the answer.
            request.splice(end..end, *b"\r\nconnection: close");
            through.write_all(&request).await.ok()?;
            tokio::io::copy(&mut through, &mut client).await.ok()?;
        }
    }
    client.shutdown().await.ok()
}

/// An S3 error document, and the end of the connection.
pub fn refusal(status: &str, code: &str, message: &str) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    answer(
        status,
        "content-type: application/xml\r\nx-amz-request-id: R1\r\n",
        &body,
    )
}

/// An answer with these header lines, and the end of the connection.
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
        .into_bytes()
}
