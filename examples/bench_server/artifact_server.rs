//! The leanest server of Nx's self-hosted cache: `GET` and `PUT /v1/cache/<hash>`, bodies kept in memory as they came.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use s3s::Body;
use tokio::net::TcpListener;

use crate::server::OnRequest;
use crate::server::traffic::{Counted, Traffic};
use crate::shared::Shared;

/// Artifacts by the path they were put to.
pub type Artifacts = Shared<HashMap<String, Bytes>>;

/// What every connection needs.
#[derive(Clone)]
pub struct Site {
    /// What was put.
    pub artifacts: Artifacts,
    /// Told of every request.
    pub on_request: OnRequest,
    /// Counts the bytes.
    pub traffic: Arc<Traffic>,
}

/// Starts the server on a free port.
pub async fn start(site: Site) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let stream = Counted::new(stream, Arc::clone(&site.traffic));
            let site = site.clone();
            let service = service_fn(move |request| answer(site.clone(), request));
            // An error here is a client that hung up.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}

async fn answer(site: Site, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let (status, body) = match head.method {
        Method::GET => match site.artifacts.lock().get(path) {
            Some(bytes) => (StatusCode::OK, Body::from(bytes.clone())),
            None => (StatusCode::NOT_FOUND, Body::empty()),
        },
        Method::PUT => match collect(Body::from(body)).await {
            Some(bytes) => {
                site.artifacts.lock().insert(path.to_owned(), bytes);
                (StatusCode::OK, Body::empty())
            }
            None => (StatusCode::BAD_REQUEST, Body::empty()),
        },
        _ => (StatusCode::METHOD_NOT_ALLOWED, Body::empty()),
    };
    (site.on_request)(&format!("{} {path} {}", head.method, status.as_u16()));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    Ok(response)
}

async fn collect(mut body: Body) -> Option<Bytes> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.ok()?);
    }
    Some(bytes.into())
}
