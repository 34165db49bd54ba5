//! The objects that cross the edge, and what they are in Rust.

use std::collections::HashMap;

use napi_derive::napi;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::{cache, cli};

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
    pub(super) fn environment(&self) -> Environment {
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

impl From<cache::Retrieved> for RetrievedArtifact {
    fn from(found: cache::Retrieved) -> Self {
        Self {
            code: found.code,
            terminal_output: found.terminal_output,
            outputs_path: found.outputs_path.to_string_lossy().into_owned(),
            size: found.size as i64,
        }
    }
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

impl From<cache::Warning> for Warning {
    fn from(warning: cache::Warning) -> Self {
        Self {
            title: warning.title,
            body: warning.body,
        }
    }
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

impl From<cache::Summary> for Summary {
    fn from(summary: cache::Summary) -> Self {
        Self {
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
}

/// A new key pair, each half as `name:base64`.
#[napi(object)]
pub struct KeyPair {
    /// For `trust.publicKeys` in nx.json.
    pub public_key: String,
    /// For trusted runs only.
    pub secret_key: String,
}
