//! The edge to JavaScript: conversions, no decisions. A package of its own (`addon/`), and the only one that names napi.

#![allow(
    missing_docs,
    reason = "napi copies the doc comments that matter into index.d.ts"
)]

mod objects;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use napi::bindgen_prelude::{PromiseRaw, within_runtime_if_available};
use napi::{Env, Error as JsError, Status};
use napi_derive::napi;
use parking_lot::Mutex;

use nx_s3_cache::bucket::blocking;
use nx_s3_cache::cache::{self, Artifact, Log, RemoteCache, RunEnd};
use nx_s3_cache::cli;
use nx_s3_cache::config::Config;
use nx_s3_cache::connect::{connect, problems_with};
use nx_s3_cache::entry::Producer;
use nx_s3_cache::error::Error;
use nx_s3_cache::remedy;
use nx_s3_cache::server::Server;
use nx_s3_cache::sign::{KeyName, SigningKey};
use nx_s3_cache::trust;
use objects::{KeyPair, NxFacts, OpenOptions, RetrievedArtifact, ServerAddress, Summary, Warning};

fn thrown(error: Error) -> JsError {
    if error.is_fatal() {
        // Nx shows it as an error of its own.
        let see = remedy::of_fatal(&error).see();
        JsError::new(Status::InvalidArg, format!("nx-s3-cache: {error}\n{see}"))
    } else {
        JsError::new(Status::GenericFailure, error.to_string())
    }
}

/// Makes a key pair for signing. Throws when `name` can't be a key's name.
#[napi(catch_unwind)]
pub fn generate_signing_key(name: String) -> napi::Result<KeyPair> {
    let key = KeyName::parse(&name).and_then(SigningKey::generate);
    let key = key.map_err(|error| JsError::new(Status::InvalidArg, error.to_string()))?;
    Ok(KeyPair {
        public_key: key.public_key().to_string(),
        secret_key: key.to_text().expose().to_owned(),
    })
}

/// Why a cache with these options could not even ask its bucket, a text each: what is wrong with the options, or that
/// nothing names the bucket's region. Empty where nothing is wrong.
#[napi]
pub async fn check_configuration(options: OpenOptions) -> Vec<String> {
    let root = Path::new(&options.workspace_root);
    let environment = options.environment();
    problems_with(options.section.as_deref(), &environment, options.ci, root).await
}

/// A remote cache in an S3 bucket, for one run.
#[napi]
pub struct NativeCache {
    cache: Arc<RemoteCache>,
    log: Option<Arc<Log>>,
    end: RunEnd,
    server: Mutex<Option<Server>>,
}

#[napi]
impl NativeCache {
    /// Opens the cache: checks the configuration and starts finding credentials in the background.
    ///
    /// Throws when the configuration is wrong; `code` is then `InvalidArg`, and the message names every
    /// problem, ready to be printed.
    #[napi(factory, catch_unwind)]
    pub fn open(options: OpenOptions) -> napi::Result<Self> {
        let environment = options.environment();
        let root = Path::new(&options.workspace_root);
        let config = Config::load(options.section.as_deref(), &environment, options.ci, root)
            .map_err(|error| thrown(error.into()))?;
        let facts = trust::detect(&environment, options.ci);
        let facts = if options.daemon == Some(true) {
            facts.of_daemon()
        } else {
            facts
        };
        let access = trust::decide(&config.trust, &facts);
        let producer = Producer::here(options.nx_version, &environment);
        let end = RunEnd::wanted(&environment, options.ci, root, config.job_summary);
        let (log, complaint) = match Log::wanted(&environment) {
            Ok(log) => (log, None),
            Err(complaint) => (None, Some(complaint)),
        };
        let cache = within_runtime_if_available(|| {
            let store = connect(&config, log.as_ref().map(Log::watcher));
            cache::open(config, access, store, producer, options.verbose)
        });
        complaint.into_iter().for_each(|complaint| cache.warn(complaint));
        Ok(Self {
            cache,
            log,
            end,
            server: Mutex::new(None),
        })
    }

    /// Restores the artifact of `hash` to `<cacheDirectory>/<hash>`. `null` is a miss, and so is every failure
    /// that isn't fatal.
    #[napi]
    pub async fn retrieve(
        &self,
        hash: String,
        cache_directory: String,
    ) -> napi::Result<Option<RetrievedArtifact>> {
        let found = self.cache.retrieve(&hash, Path::new(&cache_directory)).await;
        Ok(found.map_err(thrown)?.map(Into::into))
    }

    /// Notes that `hash` stands for `task`, such as `web:build`, for messages and for the entry.
    #[napi]
    pub fn name_task(&self, hash: String, task: String) {
        self.cache.name_task(&hash, &task);
    }

    /// Stores what is in `<cacheDirectory>/<hash>`: `true` when it is queued (or, without background uploads,
    /// stored). Never rejects.
    #[napi(catch_unwind)]
    pub fn store<'env>(
        &self,
        env: &'env Env,
        hash: String,
        cache_directory: String,
        terminal_output: String,
        code: i16,
    ) -> napi::Result<PromiseRaw<'env, bool>> {
        let artifact = Artifact {
            hash,
            cache_directory: cache_directory.into(),
            terminal_output,
            code,
        };
        let mut storing = Box::pin(self.cache.clone().store(artifact));
        // What is only queued is answered on this thread: the others are busy with what was queued before.
        match within_runtime_if_available(|| (&mut storing).now_or_never()) {
            Some(answer) => PromiseRaw::resolve(env, answer),
            None => env.spawn_future(async move { Ok(storing.await) }),
        }
    }

    /// Blocks this thread until all uploads are done or `timeoutMs` is over; returns the
    /// tasks whose uploads are not done. For the end of the process.
    #[napi(catch_unwind)]
    pub fn flush(&self, timeout_ms: u32) -> Vec<String> {
        self.cache.flush(Duration::from_millis(timeout_ms.into()))
    }

    /// The same without blocking this thread.
    #[napi]
    pub async fn finish_uploads(&self, timeout_ms: u32) -> napi::Result<Vec<String>> {
        let cache = self.cache.clone();
        let flush = move || cache.flush(Duration::from_millis(timeout_ms.into()));
        blocking(flush).await.map_err(thrown)
    }

    /// Serves the cache to Nx's own HTTP client, on this machine only. Bodies on their way are files without names in
    /// `spoolDirectory`.
    #[napi(catch_unwind)]
    pub fn serve(&self, spool_directory: String) -> napi::Result<ServerAddress> {
        let start = || Server::start(self.cache.clone(), spool_directory.into());
        let server = within_runtime_if_available(start)
            .map_err(|error| JsError::new(Status::GenericFailure, error.to_string()))?;
        let address = ServerAddress {
            url: server.url(),
            token: server.token().to_owned(),
        };
        *self.server.lock() = Some(server);
        Ok(address)
    }

    /// Ends the server.
    #[napi]
    pub fn stop_serving(&self) {
        *self.server.lock() = None;
    }

    /// Blocks this thread while `hasClient`, at most for `timeoutMs`.
    #[napi(catch_unwind)]
    pub fn wait_for_client(&self, idle_ms: u32, timeout_ms: u32) {
        let [idle, timeout] = [idle_ms, timeout_ms].map(|ms| Duration::from_millis(ms.into()));
        if let Some(server) = &*self.server.lock() {
            server.wait_for_client(idle, timeout);
        }
    }

    /// Whether the server has a client, other than this process, that may have further requests: until that process is gone
    /// or, where this can't be known, nothing was asked for `idleMs`.
    #[napi]
    pub fn has_client(&self, idle_ms: u32) -> bool {
        let idle = Duration::from_millis(idle_ms.into());
        let server = self.server.lock();
        server.as_ref().is_some_and(|server| server.has_client(idle))
    }

    /// Writes `text` to the terminal of the server's client; `false` where none is known.
    #[napi(catch_unwind)]
    pub fn tell_client(&self, text: String) -> bool {
        self.server
            .lock()
            .as_ref()
            .is_some_and(|server| server.tell(&text))
    }

    /// The warnings since the last call.
    #[napi]
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.cache.take_warnings().into_iter().map(Into::into).collect()
    }

    /// What happened since the last call, a line each; nothing unless opened as verbose.
    #[napi]
    pub fn take_events(&self) -> Vec<String> {
        self.cache.take_events()
    }

    /// The lines about requests that `NX_S3_CACHE_LOG` asks for, since the last call.
    #[napi]
    pub fn take_log(&self) -> Vec<String> {
        self.log.as_ref().map(|log| log.take()).unwrap_or_default()
    }

    /// Writes down what this run did, where environment and options ask for it; a file that can't be written is
    /// a warning. For the end of the process.
    #[napi(catch_unwind)]
    pub fn record_run(&self) {
        self.end.record(&self.cache);
    }

    /// What this run did so far.
    #[napi]
    pub fn summary(&self) -> Summary {
        self.cache.summary().into()
    }

    /// What this run may do with the cache.
    #[napi(
        getter,
        ts_return_type = "'read-write' | 'read-only' | 'write-only' | 'no-cache'"
    )]
    pub fn mode(&self) -> String {
        self.cache.mode().to_string()
    }

    /// How long the end of the run may wait for uploads, in milliseconds.
    #[napi(getter)]
    pub fn flush_timeout_ms(&self) -> u32 {
        u32::try_from(self.cache.flush_timeout().as_millis()).unwrap_or(u32::MAX)
    }
}

/// Runs the command line with `args`, the program's name excluded; prints by itself. `nxFacts` is what `doctor` is to
/// know of Nx. `nxProblem` is why Nx can't be asked for nx.json: that is then looked for from `workspaceRoot`
/// upwards. Returns the exit code.
#[napi]
pub async fn run_cli(
    args: Vec<String>,
    options: OpenOptions,
    nx_facts: Option<NxFacts>,
    nx_problem: Option<String>,
) -> u32 {
    let environment = options.environment();
    let root = options.workspace_root.into();
    let mut workspace = match nx_problem {
        Some(problem) => cli::Workspace::without_nx(root, environment, options.ci, Some(&problem)),
        None => cli::Workspace {
            section: Ok(options.section),
            root,
            ci: options.ci,
            environment,
            nx_facts: None,
        },
    };
    workspace.nx_facts = nx_facts.map(Into::into);
    cli::run(args, workspace).await.into()
}
