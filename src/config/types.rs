//! The configuration as everything downstream uses it: complete and checked.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::error::{ConfigError, Origin};
use crate::git_ref::GitRef;
use crate::scope::Scope;
use crate::secret::Secret;
use crate::sign::{KeySet, PublicKeys, Rules, SigningKey};

/// Everything the cache needs to know, complete and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the bucket is and how to talk to it.
    pub bucket: BucketConfig,
    /// Where credentials come from, besides the usual AWS sources.
    pub credentials: CredentialsConfig,
    /// What this run may do with the cache.
    pub mode: Mode,
    /// Prepended to every key: empty, or a path without leading or trailing `/`. Also the namespace that
    /// sealed and signed objects are bound to.
    pub cache_key_prefix: String,
    /// Seals every object when set.
    pub encryption_key: Option<Secret>,
    /// Whose results are restored, and what this run may write.
    pub trust: TrustConfig,
    /// How chunks are compressed.
    pub compression: Compression,
    /// Artifacts larger than this (archive size in bytes) are neither stored nor restored.
    pub max_entry_size: u64,
    /// Whether `store` answers before the upload is done.
    pub background_uploads: bool,
    /// How long the end of a run waits for uploads.
    pub flush_timeout: Duration,
    /// How long one whole store or retrieve may take.
    pub deadline: Duration,
    /// Objects older than this are refreshed on use; `None` refreshes none.
    pub touch_after: Option<Duration>,
    /// Whether GitHub Actions shows what the cache did in the job's summary.
    pub job_summary: bool,
    /// Names that are no options and were ignored: typos, or options of another version.
    pub unknown: Vec<ConfigError>,
    /// What is valid but worth knowing, for verbose mode.
    pub notices: Vec<String>,
    /// Every option with its value and where that comes from, in the order of the documentation.
    pub resolved: Vec<ResolvedOption>,
}

/// An option's value, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedOption {
    /// The name as in nx.json, with a dot when it is nested.
    pub name: &'static str,
    /// The value as text, where there is one; a secret is not shown.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Where the bucket is and how to talk to it.
#[derive(Clone, Debug)]
pub struct BucketConfig {
    /// The bucket's name.
    pub name: String,
    /// The region, where the configuration names one; otherwise environment and profile decide.
    pub region: Option<String>,
    /// The server, for S3-compatible storage: `http(s)://host[:port][/path]`.
    pub endpoint: Option<String>,
    /// `https://host/bucket/key` rather than `https://bucket.host/key`.
    pub force_path_style: bool,
    /// S3 Transfer Acceleration.
    pub accelerate: bool,
    /// IPv4 and IPv6 endpoints.
    pub dualstack: bool,
    /// FIPS endpoints.
    pub fips: bool,
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub server_side_encryption: Option<String>,
    /// The KMS key's id or ARN.
    pub kms_key_id: Option<String>,
    /// The storage class of new objects, such as `STANDARD_IA`.
    pub storage_class: Option<String>,
    /// Send and expect no `x-amz-checksum-*`, for servers that refuse it.
    pub disable_checksum: bool,
    /// Whether puts ask for `If-None-Match: *`.
    pub conditional_writes: ConditionalWrites,
    /// A PEM file with certificates to trust besides the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Limits on single attempts.
    pub timeouts: Timeouts,
    /// Bytes per second below which a body counts as stalled.
    pub min_speed: u64,
    /// Requests in flight at once, 1 to 256.
    pub concurrency: usize,
    /// Attempts after the first.
    pub retries: u32,
}

/// Whether puts ask for `If-None-Match: *`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionalWrites {
    /// Yes, unless the server says it can't.
    #[default]
    Auto,
    /// Always; a server that can't is an error.
    Require,
    /// Never.
    Off,
}

/// Limits on single attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To an open connection, TLS included.
    pub connect: Duration,
    /// How long tasks wait for the first answer of the run, once credentials are found.
    pub first_contact: Duration,
    /// From the request to the first byte of the answer.
    pub read: Duration,
    /// How long a body may arrive more slowly than `min_speed`.
    pub stall: Duration,
    /// For a whole attempt, body included.
    pub attempt: Duration,
}

/// Where credentials come from, besides the usual AWS sources.
#[derive(Clone, Debug, Default)]
pub struct CredentialsConfig {
    /// The profile in `~/.aws`; `AWS_PROFILE` or `default` otherwise.
    pub profile: Option<String>,
    /// The profile that holds the single sign-on settings.
    pub sso_profile: Option<String>,
    /// Static keys from nx.json, used after the sources that are not in a repository.
    pub keys: Option<StaticKeys>,
    /// Whether the keys come before all other sources, since somebody gave them for this very run.
    pub keys_first: bool,
    /// A role to assume with the credentials that were found.
    pub assume_role: Option<AssumeRole>,
    /// Sign nothing (public buckets).
    pub anonymous: bool,
}

/// Static credentials.
#[derive(Clone, Debug)]
pub struct StaticKeys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token of temporary credentials.
    pub session_token: Option<Secret>,
}

/// A role to assume through STS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role_arn: String,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// The session's name in logs.
    pub session_name: String,
}

/// What a run may do with the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Restores hits, stores results.
    #[default]
    ReadWrite,
    /// Restores hits, stores nothing.
    #[serde(alias = "read")]
    ReadOnly,
    /// Restores nothing, stores results.
    WriteOnly,
    /// Does neither.
    NoCache,
}

impl fmt::Display for Mode {
    /// As it is spelled in options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::WriteOnly => "write-only",
            Self::NoCache => "no-cache",
        })
    }
}

impl Mode {
    /// Whether results are restored.
    pub fn reads(self) -> bool {
        matches!(self, Self::ReadWrite | Self::ReadOnly)
    }

    /// Whether results are stored.
    pub fn writes(self) -> bool {
        matches!(self, Self::ReadWrite | Self::WriteOnly)
    }
}

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// zstd at this level, 1 to 19.
    Zstd(i32),
}

/// Whose results are restored, and what this run may write.
#[derive(Clone, Debug, Default)]
pub struct TrustConfig {
    /// The keys whose signatures are believed. Without any, and without identities, the policy is `shared`.
    pub public_keys: PublicKeys,
    /// Which CI runs are trusted: with identities, by their tokens; with a key, only the branches and tags matter.
    pub rules: Rules,
    /// The keys of the identities' issuer, where a file has them.
    pub key_set: Option<Arc<KeySet>>,
    /// What untrusted runs may write.
    pub policy: TrustPolicy,
    /// What an entry without a good signature does.
    pub on_bad_signature: OnBadSignature,
    /// The scope that the environment wants for this run.
    pub scope: Option<Scope>,
    /// The secret key, where this run holds one. It need not belong to `public_keys`.
    pub signing_key: Option<Arc<SigningKey>>,
    /// The file that `signing_key` comes from, when other users of this machine can read it.
    pub readable_key_file: Option<PathBuf>,
}

impl TrustConfig {
    /// Whether anybody signs, so that what nobody signed isn't restored.
    pub fn verifies(&self) -> bool {
        !self.public_keys.is_empty() || !self.rules.identities.is_empty()
    }

    /// Whether pushes to `git_ref` are trusted when they can sign.
    pub fn lists(&self, git_ref: &GitRef) -> bool {
        self.rules.branches.iter().any(|pattern| pattern.matches(git_ref))
    }
}

/// What runs that aren't trusted may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustPolicy {
    /// Pull requests and unlisted branches a scope of their own, others nothing.
    Isolated,
    /// Nothing.
    TrunkOnly,
    /// The same as everybody: there is no protection.
    #[default]
    Shared,
}

/// What an entry without a good signature does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnBadSignature {
    /// It counts as missing, and the user is warned.
    #[default]
    Miss,
    /// The run fails.
    Fail,
}
