//! Credentials that take too long, told apart from a server that does.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_s3::config::SharedCredentialsProvider;

/// A provider with a time limit.
#[derive(Debug)]
pub(super) struct Bounded {
    provider: SharedCredentialsProvider,
    limit: Duration,
}

impl Bounded {
    pub(super) fn new(provider: SharedCredentialsProvider, limit: Duration) -> Self {
        Self { provider, limit }
    }

    async fn credentials(&self) -> provider::Result {
        match tokio::time::timeout(self.limit, self.provider.provide_credentials()).await {
            Ok(answer) => answer,
            Err(_) => Err(CredentialsError::provider_timed_out(self.limit)),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl ProvideCredentials for Bounded {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.provider.fallback_on_interrupt()
    }
}
