//! Why a run has no credentials, or no region.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::cause;

/// A source without credentials, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The source's short name.
    pub source: &'static str,
    /// What isn't set, or doesn't exist.
    pub why: String,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "- {}: {}", self.source, self.why)
    }
}

/// Why a run has no credentials, or no region. Each message ends with what to do; none holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No source has credentials.
    #[error(
        "no AWS credentials were found. Asked, in this order:\n{}\nSet AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY, name a profile with AWS_PROFILE or the option `profile`, or set the option \
         `anonymous` for a public bucket.",
        lines(asked)
    )]
    NotFound {
        /// Every source, in the order asked.
        asked: Vec<PassedOver>,
    },
    /// A configured source fails.
    #[error("no credentials from {source_name}: {cause}. {remedy}")]
    Failed {
        /// The source in a few words, such as `profile ci (credential_process)`.
        source_name: String,
        /// What went wrong.
        cause: String,
        /// What to do.
        remedy: String,
    },
    /// A source did not answer in time.
    #[error("no credentials from {source_name}: no answer within {} s. {remedy}", limit.as_secs_f32().ceil())]
    TimedOut {
        /// The source in a few words.
        source_name: String,
        /// How long the search was allowed to take.
        limit: Duration,
        /// What to do.
        remedy: String,
    },
    /// Nothing names a region.
    #[error(
        "the bucket's region is not known. Asked, in this order:\n{}\nSet `s3.region` in nx.json, for \
         example to \"eu-central-1\".",
        lines(asked)
    )]
    NoRegion {
        /// Every possible source of a region, in the order asked.
        asked: Vec<PassedOver>,
    },
}

impl Error {
    /// What went wrong, without the sources that had nothing.
    pub fn brief(&self) -> String {
        match self {
            Self::NotFound { .. } => "no AWS credentials were found".to_owned(),
            other => other.to_string(),
        }
    }

    /// The sources that had no credentials, and why, a line each.
    pub fn asked(&self) -> Vec<String> {
        match self {
            Self::NotFound { asked } => asked.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// What went wrong, without source and remedy.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Failed { cause, .. } => cause.clone(),
            Self::TimedOut { .. } => "no answer in time".to_owned(),
            Self::NotFound { .. } | Self::NoRegion { .. } => self.to_string(),
        }
    }
}

fn lines(asked: &[PassedOver]) -> String {
    asked
        .iter()
        .map(PassedOver::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Causes are cut to this length: a `credential_process` may write any amount to its standard error.
pub(super) const MAX_CHARS: usize = 600;

/// The causes below `error`, from the outside in, on one line.
pub(super) fn cause(error: &(dyn StdError + 'static)) -> String {
    cause::line(error, MAX_CHARS)
}
