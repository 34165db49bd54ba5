//! What a user must know about a run's trust.

use std::path::PathBuf;

use super::system::System;
use crate::code::Code;
use crate::config::SET_UP;
use crate::git_ref::GitRef;
use crate::sign::KeyName;

/// What a user must know about a run's trust; each is given once a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustWarning {
    /// There are no keys, and this is CI.
    Shared,
    /// A run that isn't trusted holds the signing key; this is what it is.
    KeyExposed(String),
    /// A run holds the signing key, but it can't be told what kind of run it is; this is what is known.
    NotRecognized(String),
    /// The same of a run without the signing key, whose job doesn't say which scope it has.
    ScopeMissing(String),
    /// The signing key is not among the public keys.
    KeyNotListed(KeyName),
    /// There is a signing key, but there are no public keys.
    KeyUnused(KeyName),
    /// The push of a listed branch or tag without the signing key.
    KeyMissing(GitRef),
    /// The same in a CI system that could give an identity token, but not to this job.
    TokenMissing(GitRef),
    /// The same in a CI system of which no identity is listed, and without any public key.
    IdentityMissing(GitRef, System),
    /// `NX_S3_CACHE_TRUST_SCOPE` asks for trust, but there is no signing key.
    KeyMissingForScope,
    /// `NX_S3_CACHE_TRUST_SCOPE` asks for trust that this run can't have; this is what it is.
    ScopeRefused(String),
    /// `NX_S3_CACHE_TRUST_SCOPE` names a scope, but this run has none of its own, and why.
    ScopeNameRefused(String),
    /// Nx's daemon serves this run, so that it can't be told what kind of run it is.
    Daemon,
    /// Other users of this machine can read the file of the signing key.
    KeyFileReadable(PathBuf),
}

impl TrustWarning {
    /// What it is about.
    pub fn code(&self) -> Code {
        match self {
            Self::Shared => Code::Shared,
            Self::KeyExposed(_) => Code::SigningKeyExposed,
            Self::NotRecognized(_) => Code::RunNotRecognized,
            Self::ScopeMissing(_) => Code::ScopeMissing,
            Self::KeyNotListed(_) => Code::SigningKeyNotListed,
            Self::KeyUnused(_) => Code::SigningKeyUnused,
            Self::KeyMissing(_) => Code::SigningKeyMissing,
            Self::TokenMissing(_) => Code::TokenMissing,
            Self::IdentityMissing(..) => Code::IdentityMissing,
            Self::KeyMissingForScope => Code::ScopeWithoutKey,
            Self::ScopeRefused(_) => Code::ScopeRefused,
            Self::ScopeNameRefused(_) => Code::ScopeNameRefused,
            Self::Daemon => Code::Daemon,
            Self::KeyFileReadable(_) => Code::SigningKeyReadable,
        }
    }

    /// Whether it only matters to a run that is meant to store something.
    pub fn is_about_storing(&self) -> bool {
        matches!(
            self,
            Self::KeyMissing(_) | Self::TokenMissing(_) | Self::IdentityMissing(..) | Self::Daemon
        )
    }

    /// One line: what is wrong.
    pub fn title(&self) -> String {
        match self {
            Self::Shared => "any pull request can poison this cache".into(),
            Self::KeyExposed(run) => {
                format!("the signing key is exposed to a run that is not trusted: {run}")
            }
            Self::NotRecognized(_) => {
                "this run holds the signing key, but it is not recognized as trusted".into()
            }
            Self::ScopeMissing(_) => "this run is not recognized".into(),
            Self::KeyNotListed(name) => format!("the signing key {name} is not among trust.publicKeys"),
            Self::KeyUnused(name) => format!("the signing key {name} is of no use without trust.publicKeys"),
            Self::KeyMissing(git_ref) => {
                format!("this is a push to the {git_ref}, but there is no signing key")
            }
            Self::TokenMissing(git_ref) => {
                format!("this is a push to the {git_ref}, but the job may not ask for an identity token")
            }
            Self::IdentityMissing(git_ref, system) => {
                format!("this is a push to the {git_ref} in {system}, of which trust.identities has none")
            }
            Self::KeyMissingForScope => {
                "NX_S3_CACHE_TRUST_SCOPE is \"trusted\", but there is no signing key".into()
            }
            Self::ScopeRefused(_) => "NX_S3_CACHE_TRUST_SCOPE can't make this run trusted".into(),
            Self::ScopeNameRefused(_) => {
                "NX_S3_CACHE_TRUST_SCOPE can't give this run a scope of its own".into()
            }
            Self::Daemon => "Nx's daemon serves this run, so it is not trusted".into(),
            Self::KeyFileReadable(path) => {
                format!(
                    "other users of this machine can read the signing key in {}",
                    path.display()
                )
            }
        }
    }

    /// What it means for the build, and what to do, a line each.
    pub fn body(&self) -> Vec<String> {
        let lines: &[&str] = match self {
            Self::Shared => &[
                "Every run may write what all others restore: a pull request can store anything under the hash \
                 that the main branch will ask for (CVE-2025-36852).",
                "It takes one command to sign what trusted runs store and to believe nothing else:",
                SET_UP,
            ],
            Self::KeyExposed(_) => &[
                "Whoever can change what such a run does can read the key, and sign what others restore.",
                "This run doesn't use it. Let only jobs of protected branches see the key (on GitHub a secret of an \
                 environment, on GitLab a protected variable), and replace it if others may have seen it.",
            ],
            Self::NotRecognized(run) => &[
                run,
                "So its results are not stored for others; it restores signed results only.",
                "If it is to be trusted, set NX_S3_CACHE_TRUST_SCOPE=trusted in this job only.",
            ],
            Self::ScopeMissing(run) => &[
                run,
                "So its results are not stored for others; it restores signed results only.",
                "To let it store for itself, set NX_S3_CACHE_TRUST_SCOPE in this job to a name that no other job \
                 has, such as pr-123.",
            ],
            Self::KeyNotListed(_) => &[
                "Nobody would believe what it signs, so this run is treated as one without a key.",
                "Add its public half to trust.publicKeys in nx.json, or set the key that belongs to those.",
            ],
            Self::KeyUnused(_) => &[
                "Nothing is signed or verified in this run.",
                "Add its public half to trust.publicKeys in nx.json.",
            ],
            Self::KeyMissing(_) => &[
                "So its results are not stored for others; it restores signed results only.",
                "Set NX_S3_CACHE_SIGNING_KEY or trust.signingKeyFile in this job.",
            ],
            Self::TokenMissing(_) => &[
                "So its results are not stored for others; it restores signed results only.",
                "Add to the job in .github/workflows: permissions: { id-token: write, contents: read }",
            ],
            Self::IdentityMissing(..) => &[
                "So its results are not stored for others; it restores signed results only.",
                "Add the identity to trust.identities in nx.json, or sign with a key where the system gives no tokens: \
                 trust.publicKeys and NX_S3_CACHE_SIGNING_KEY.",
            ],
            Self::KeyMissingForScope => &[
                "So its results are not stored for others; it restores signed results only.",
                "Set NX_S3_CACHE_SIGNING_KEY or trust.signingKeyFile in this job, or remove the variable.",
            ],
            Self::ScopeRefused(run) => &[
                run,
                "So its results are not stored for others.",
                "The variable is for runs that can't be recognized, and for scheduled and manual ones of the \
                 branches in trust.branches. Remove it here, or add the branch to these.",
            ],
            Self::ScopeNameRefused(why) => &[
                why,
                "So its results are not stored for others; it restores signed results only.",
                "Whoever may write to such a scope decides what is restored from it. So the variable may name one in \
                 pull requests, on branches that trust.branches doesn't list, and in CI systems that aren't \
                 recognized. Remove it here.",
            ],
            Self::Daemon => &[
                "What a run is and which keys it holds are in its environment, and the daemon may have that of another run.",
                "So its results are not stored for others; it restores signed results only.",
                "Set NX_DAEMON=false in this job. It is Nx's default in CI.",
            ],
            Self::KeyFileReadable(_) => {
                &["Take that right away: chmod 600, and replace the key if others may have used it."]
            }
        };
        lines.iter().map(|line| (*line).to_owned()).collect()
    }
}
