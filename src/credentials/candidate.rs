//! A source that is configured, and what asking it comes to.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use super::cause;
use super::error::Error;

/// What a look at one source's configuration shows, before anything is asked over the network.
pub(super) enum Finding {
    /// Not configured, and why.
    Absent(String),
    /// Configured in a way that can't work.
    Broken(Error),
    /// Configured.
    Present(Candidate),
}

impl Finding {
    /// A finding that names its source, cause and remedy.
    pub(super) fn broken(source: &str, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Broken(Error::Failed {
            source_name: source.to_owned(),
            cause: cause.into(),
            remedy: remedy.into(),
        })
    }
}

/// A configured source.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The source in a few words, as a person reads it.
    pub name: String,
    /// What asks the source anew each time.
    pub provider: SharedCredentialsProvider,
    /// What to do when it fails.
    pub remedy: String,
    /// Nobody asked for this source by name, so that its failure is one more reason and not the answer.
    pub implied: bool,
}

impl Candidate {
    /// A source that the user configured.
    pub(super) fn new(
        name: impl Into<String>,
        provider: impl ProvideCredentials + 'static,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            provider: SharedCredentialsProvider::new(provider),
            remedy: remedy.into(),
            implied: false,
        }
    }

    /// Asks the source, for `limit` at most.
    pub(super) async fn ask(&self, limit: Duration) -> Result<Credentials, Error> {
        match tokio::time::timeout(limit, self.provider.provide_credentials()).await {
            Ok(Ok(credentials)) => Ok(credentials),
            Ok(Err(error)) => Err(Error::Failed {
                source_name: self.name.clone(),
                cause: cause::of(&error),
                remedy: self.remedy.clone(),
            }),
            Err(_) => Err(Error::TimedOut {
                source_name: self.name.clone(),
                limit,
                remedy: self.remedy.clone(),
            }),
        }
    }
}
