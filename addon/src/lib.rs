//! The edge to JavaScript: conversions, no decisions.

#![allow(
    missing_docs,
    reason = "napi copies the doc comments that matter into index.d.ts"
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use napi::bindgen_prelude::{PromiseRaw, within_runtime_if_available};
use napi::{Env, Error as JsError, Status};
use napi_derive::napi;
use nx_s3_cache::bucket::blocking;
use nx_s3_cache::cache::{self, Artifact, Log, RemoteCache, RunEnd};
use nx_s3_cache::cli;
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::connect::{connect_watched, problems_with};
use nx_s3_cache::entry::Producer;
use nx_s3_cache::error::Error;
use nx_s3_cache::remedy;
use nx_s3_cache::server::Server;
use nx_s3_cache::sign::{KeyName, SigningKey};
use nx_s3_cache::trust;
use parking_lot::Mutex;

fn thrown(error: Error) -> JsError {
    if error.is_fatal() {
        // Nx shows it as an error of its own.
        let see = remedy::of_fatal(&error).see();
        JsError::new(Status::InvalidArg, format!("nx-s3-cache: {error}\n{see}"))
    } else {
        JsError::new(Status::GenericFailure, error.to_string())
    }
}

/// What JavaScript knows and Rust doesn't.
#[napi(object)]
pub struct OpenOptions {
    /// The JSON text of the `s3` section of nx.json; absent when there is none.
    pub section: Option<String>,
    /// The workspace's root directory: relative paths in options start there.
    pub workspace_root: String,
    /// Whether this is CI: picks `ciMode` or `localMode`.
    pub ci: bool,
    /// Nx's version, for the record.
    pub nx_version: Option<String>,
    /// Whether to keep a line for each thing that happens.
    pub verbose: bool,
    /// Whether Nx's daemon serves this run, so that the environment may be that of another.
    pub daemon: Option<bool>,
    /// Variables of this run that were removed from the environment, so that tasks don't inherit them.
    pub keys: Option<HashMap<String, String>>,
}

impl OpenOptions {
    /// The environment of this process, with what was removed from it.
    fn environment(&self) -> Environment {
        let mut environment = Environment::of_process();
        for (name, value) in self.keys.iter().flatten() {
            environment.set(name.clone(), value.clone());
        }
        environment
    }
}

/// What `doctor` is told about Nx and about what it loads.
#[napi(object)]
pub struct NxFacts {
    /// The version of Node.js.
    pub node: String,
    /// Nx's version; absent where there is no Nx.
    pub nx: Option<String>,
    /// The version of this package.
    pub package_version: String,
    /// The file of the native module, once it is loaded.
    pub binary: Option<String>,
    /// What Nx finds under the names it looks for, in its order.
    pub candidates: Vec<NxCandidate>,
    /// Whether Nx asks Nx Cloud instead, by its own account.
    pub cloud_used: bool,
    /// What would make it, such as `nxCloudId in nx.json`.
    pub cloud_named_by: Vec<String>,
    /// The way into Nx that runs take.
    pub route: Option<NxRoute>,
}

/// A way into Nx.
#[napi(object)]
pub struct NxRoute {
    /// Whether Nx's own client is served; else Nx imports the cache.
    pub served: bool,
    /// Why this one.
    pub why: String,
    /// Whether nx.json lists the plugin.
    pub listed: bool,
}

/// A name that Nx looks for.
#[napi(object)]
pub struct NxCandidate {
    pub asked: String,
    /// What is installed under it; absent where nothing is.
    pub found: Option<NxPackage>,
}

/// A package that can be resolved.
#[napi(object)]
pub struct NxPackage {
    /// The name in its package.json, which an alias doesn't change.
    pub name: String,
    pub version: String,
    pub directory: String,
    /// Why importing it fails, where it does.
    pub problem: Option<String>,
}

impl From<NxFacts> for cli::NxFacts {
    fn from(facts: NxFacts) -> Self {
        let package = |package: NxPackage| cli::NxPackage {
            name: package.name,
            version: package.version,
            directory: package.directory,
            problem: package.problem,
        };
        let candidate = |candidate: NxCandidate| cli::NxCandidate {
            asked: candidate.asked,
            found: candidate.found.map(package),
        };
        Self {
            node: facts.node,
            nx: facts.nx,
            package_version: facts.package_version,
            binary: facts.binary,
            candidates: facts.candidates.into_iter().map(candidate).collect(),
            cloud_used: facts.cloud_used,
            cloud_named_by: facts.cloud_named_by,
            route: facts.route.map(|route| cli::NxRoute {
                served: route.served,
                why: route.why,
                listed: route.listed,
            }),
        }
    }
}

/// A restored artifact, as Nx wants it.
#[napi(object)]
pub struct RetrievedArtifact {
    /// The task's exit code.
    pub code: i16,
    /// What the task printed.
    pub terminal_output: String,
    /// The directory with its outputs.
    pub outputs_path: String,
    /// Bytes of all files.
    pub size: i64,
}

/// Where a cache is served.
#[napi(object)]
pub struct ServerAddress {
    /// The base of its URLs.
    pub url: String,
    /// What its client needs.
    pub token: String,
}

/// Something to tell the user, once.
#[napi(object)]
pub struct Warning {
    /// One line: what happened.
    pub title: String,
    /// Cause, effect and remedy, a line each.
    pub body: Vec<String>,
}

/// What this run did so far.
#[napi(object)]
pub struct Summary {
    /// Artifacts restored.
    pub hits: i64,
    /// Artifacts asked for and not restored.
    pub misses: i64,
    /// Artifacts stored.
    pub stored: i64,
    /// Artifacts that were in the bucket already when they should have been stored.
    pub already_there: i64,
    /// Artifacts that could not be stored.
    pub skipped: i64,
    /// Stores and retrieves that ended in an error, by its kind, such as `timed-out`.
    pub errors: HashMap<String, i64>,
    /// Bytes of objects received.
    pub bytes_received: i64,
    /// Bytes of objects sent.
    pub bytes_sent: i64,
    /// Bytes of chunks that weren't sent, since the bucket had them.
    pub bytes_saved: i64,
    /// Seconds in which Nx waited for the cache.
    pub seconds_waited: f64,
    /// Seconds since the cache was opened.
    pub seconds: f64,
    /// All of it as one line for people.
    pub line: String,
}

/// A new key pair, each half as `name:base64`.
#[napi(object)]
pub struct KeyPair {
    /// For `trust.publicKeys` in nx.json.
    pub public_key: String,
    /// For trusted runs only.
    pub secret_key: String,
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
            let store = connect_watched(&config, log.as_ref().map(Log::watcher));
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
        let found = self
            .cache
            .retrieve(&hash, Path::new(&cache_directory))
            .await
            .map_err(thrown)?;
        Ok(found.map(|found| RetrievedArtifact {
            code: found.code,
            terminal_output: found.terminal_output,
            outputs_path: found.outputs_path.to_string_lossy().into_owned(),
            size: found.size as i64,
        }))
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
        let warnings = self.cache.take_warnings().into_iter();
        warnings
            .map(|warning| Warning {
                title: warning.title,
                body: warning.body,
            })
            .collect()
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
        let summary = self.cache.summary();
        Summary {
            hits: summary.hits as i64,
            misses: summary.misses as i64,
            stored: summary.stored as i64,
            already_there: summary.already_there as i64,
            skipped: summary.skipped as i64,
            errors: summary
                .errors
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count as i64))
                .collect(),
            bytes_received: summary.bytes_received as i64,
            bytes_sent: summary.bytes_sent as i64,
            bytes_saved: summary.bytes_saved as i64,
            seconds_waited: summary.seconds_waited,
            seconds: summary.seconds,
            line: summary.line(),
        }
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
