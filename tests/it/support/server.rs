//! A real S3 server for development: s3s and s3s-fs behind a listener of our own, signatures checked.
//!
//! An object is the file `<dir>/<bucket>/<key>`; its checksum is in `<dir>/.bucket-*.internal.json`, which
//! whoever tampers with an object has to remove. s3s-fs refuses keys of more than about 170 bytes, and on a
//! file system that folds case it folds the case of keys.

use std::collections::hash_map::DefaultHasher;
use std::convert::Infallible;
use std::hash::{Hash, Hasher};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::host::{S3Host, VirtualHost};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{HttpResponse, S3, S3Result, s3_error};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::RwLock;
use tokio::task::JoinSet;

#[path = "traffic.rs"]
pub mod traffic;

use traffic::{Counted, Traffic};

/// Called with `METHOD path status` for each request that was answered.
pub type OnRequest = Arc<dyn Fn(&str) + Send + Sync>;

/// How to start a server.
#[derive(Clone)]
pub struct Options {
    /// Holds one directory for each bucket; made when missing.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// Buckets to make.
    pub buckets: Vec<String>,
    /// The access key id that is accepted.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// Requests to `BUCKET.<domain>` are taken as virtual-host style.
    pub domain: String,
    /// Whether unsigned requests are served too.
    pub anonymous: bool,
    /// Told about every request.
    pub on_request: Option<OnRequest>,
    /// Counts the bytes of all connections.
    pub traffic: Arc<Traffic>,
}

/// Bytes that a request's body may have.
const MOST_BYTES: usize = 64 << 20;

impl Options {
    /// The defaults, over `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            port: 0,
            buckets: vec!["tbucket".into()],
            access_key: "test".into(),
            secret_key: "test-secret".into(),
            domain: "s3.localhost".into(),
            anonymous: false,
            on_request: None,
            traffic: Arc::default(),
        }
    }
}

/// A server that serves until it is dropped.
pub struct RunningServer {
    /// Such as `http://127.0.0.1:40123`.
    pub endpoint: String,
    /// The address it listens on.
    pub address: SocketAddr,
    /// How it was started.
    pub options: Options,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl RunningServer {
    /// `METHOD path status` of each request so far; only kept by [`start`].
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a server with the default options and remembers its requests.
pub async fn start(dir: &Path) -> RunningServer {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let on_request: OnRequest = Arc::new(move |line| seen.lock().unwrap().push(line.to_owned()));
    let options = Options {
        on_request: Some(on_request),
        ..Options::new(dir)
    };
    let mut server = start_with(options).await.unwrap();
    server.requests = requests;
    server
}

/// Starts a server; it accepts connections when this returns.
pub async fn start_with(options: Options) -> io::Result<RunningServer> {
    std::fs::create_dir_all(&options.dir)?;
    let files = s3s_fs::FileSystem::new(&options.dir).map_err(|e| io::Error::other(format!("{e:?}")))?;
    start_over(files, options).await
}

/// Starts a server whose objects are in `storage`; its buckets are still the directories in `dir`.
pub async fn start_over(storage: impl S3, options: Options) -> io::Result<RunningServer> {
    for bucket in &options.buckets {
        std::fs::create_dir_all(options.dir.join(bucket))?;
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    let site = Arc::new(Site {
        dir: options.dir.clone(),
        service: service(storage, &options),
        locks: std::array::from_fn(|_| RwLock::new(())),
        on_request: options.on_request.clone(),
        traffic: Arc::clone(&options.traffic),
    });
    let task = tokio::spawn(serve(listener, site));
    let endpoint = format!("http://{address}");
    Ok(RunningServer {
        endpoint,
        address,
        options,
        requests: Arc::default(),
        task,
    })
}

fn service(storage: impl S3, options: &Options) -> S3Service {
    let mut builder = S3ServiceBuilder::new(storage);
    builder.set_auth(OneKey {
        id: options.access_key.clone(),
        secret: options.secret_key.as_str().into(),
    });
    builder.set_access(Access {
        dir: options.dir.clone(),
        anonymous: options.anonymous,
    });
    builder.set_host(Domain(format!(".{}", options.domain)));
    builder.build()
}

async fn serve(listener: TcpListener, site: Arc<Site>) {
    let mut connections = JoinSet::new(); // dropped with this future, so that a stopped server hangs up
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, Arc::clone(&site)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, site: Arc<Site>) {
    // Without this, every small answer waits 40 ms for Nagle's algorithm and the delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let stream = Counted::new(stream, Arc::clone(&site.traffic));
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(request).await) }
    });
    // An error here is a client that hung up.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

struct Site {
    dir: PathBuf,
    service: S3Service,
    locks: [RwLock<()>; 64],
    on_request: Option<OnRequest>,
    traffic: Arc<Traffic>,
}

impl Site {
    async fn answer(&self, request: Request<Incoming>) -> HttpResponse {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let mut request = request.map(s3s::Body::from);
        // As S3 does: who still sends may never see an answer that comes before the end of a body.
        let _ = request.body_mut().store_all_limited(MOST_BYTES).await;
        let answer = {
            // s3s-fs writes an object and its checksum one after the other and tests If-None-Match long before:
            // the lock makes each write one step, as it is in S3.
            let lock = self.lock(&path);
            let (_read, _write) = if method == Method::GET || method == Method::HEAD {
                (Some(lock.read().await), None)
            } else {
                (None, Some(lock.write().await))
            };
            let onto_itself = self.copied_onto_itself(&request);
            let answer = self.service.call(request).await;
            // s3s-fs empties a file that it copies onto itself.
            if let (Some((file, bytes)), Ok(answered)) = (onto_itself, &answer)
                && answered.status().is_success()
            {
                let _ = std::fs::write(file, bytes);
            }
            answer
        };
        let answer = answer.unwrap_or_else(|_| {
            let mut broken = HttpResponse::new(s3s::Body::empty());
            *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
            broken
        });
        if let Some(on_request) = &self.on_request {
            on_request(&format!("{method} {path} {}", answer.status().as_u16()));
        }
        answer
    }

    /// The file of an object that is copied onto itself, and its bytes.
    fn copied_onto_itself(&self, request: &Request<s3s::Body>) -> Option<(PathBuf, Vec<u8>)> {
        let from = request.headers().get("x-amz-copy-source")?.to_str().ok()?;
        let path = request.uri().path();
        if from.trim_start_matches('/') != path.trim_start_matches('/') {
            return None;
        }
        let name = percent_encoding::percent_decode_str(path.trim_start_matches('/'));
        let file = self.dir.join(name.decode_utf8().ok()?.as_ref());
        Some((file.clone(), std::fs::read(file).ok()?))
    }

    fn lock(&self, path: &str) -> &RwLock<()> {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        &self.locks[(hasher.finish() % self.locks.len() as u64) as usize]
    }
}

/// Knows one key pair. An unknown id gets the code that AWS answers with.
struct OneKey {
    id: String,
    secret: SecretKey,
}

#[async_trait::async_trait]
impl S3Auth for OneKey {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.id {
            Ok(self.secret.clone())
        } else {
            Err(s3_error!(
                InvalidAccessKeyId,
                "The access key id does not exist in our records."
            ))
        }
    }
}

/// Wants a signature, and a bucket that exists (s3s-fs would make it, or answer NoSuchKey).
struct Access {
    dir: PathBuf,
    anonymous: bool,
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() && !self.anonymous {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        match context.s3_path().get_bucket_name() {
            Some(bucket) if context.s3_op().name() != "CreateBucket" && !self.dir.join(bucket).is_dir() => {
                Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"))
            }
            _ => Ok(()),
        }
    }
}

/// `BUCKET.domain[:port]` names a bucket; every other host is path style.
struct Domain(String);

impl S3Host for Domain {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let name = host.split(':').next().unwrap_or(host);
        Ok(match name.strip_suffix(self.0.as_str()) {
            Some(bucket) => VirtualHost::new(name).with_bucket(bucket),
            None => VirtualHost::new(name),
        })
    }
}
