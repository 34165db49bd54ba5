//! The server under survey, and the ways to talk to it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Region};
use aws_sdk_s3::error::SdkError;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use nx_s3_cache::config::{BucketConfig, Timeouts};
use nx_s3_cache::object_store::http::http_client;
use nx_s3_cache::object_store::retry::RetryingStore;
use nx_s3_cache::object_store::s3::S3Store;
use serde::Deserialize;
use serde_json::Value as Json;

use super::super::promises::AllLocal;
use crate::support::bucket;

/// As builds talk to a bucket, retries included.
pub(super) type Store = RetryingStore<S3Store>;

/// A running server. What is absent, it doesn't have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Server {
    pub endpoint: String,
    #[serde(default = "region")]
    pub region: String,
    /// May do everything.
    pub keys: Keys,
    /// The endpoint under which buckets are host names.
    pub host_style: Option<String>,
    /// Anybody may read it.
    pub public_bucket: Option<String>,
    /// Policies to put, by bucket.
    #[serde(default)]
    pub policies: BTreeMap<String, Json>,
    /// May read everything and write nothing.
    pub read_only_key: Option<Access>,
    /// May read and write below `limited/` and nothing else.
    pub prefix_key: Option<Access>,
    pub sts: Option<Sts>,
    /// How many objects to list.
    #[serde(default = "objects")]
    pub objects: usize,
}

#[derive(Clone, Deserialize)]
pub(super) struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

/// Keys that are there, or what keys on time may do.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Access {
    Keys(Keys),
    Session { policy: Json },
}

/// Where there are keys on time.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sts {
    endpoint: String,
    role_arn: String,
}

fn region() -> String {
    "us-east-1".into()
}

fn objects() -> usize {
    10_000
}

impl Keys {
    pub fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            token: None,
        }
    }

    pub fn with_secret(&self, secret: &str) -> Self {
        Self {
            secret: secret.into(),
            ..self.clone()
        }
    }

    fn provider(&self) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Credentials::from_keys(&self.id, &self.secret, self.token.clone()))
    }
}

impl Server {
    pub fn new(endpoint: &str, keys: Keys) -> Self {
        Self {
            endpoint: endpoint.into(),
            region: region(),
            keys,
            host_style: None,
            public_bucket: None,
            policies: BTreeMap::new(),
            read_only_key: None,
            prefix_key: None,
            sts: None,
            objects: objects(),
        }
    }

    /// Makes the buckets that are missing, and puts the policies.
    pub async fn prepare(&self) {
        let client = self.raw();
        for name in ["tbucket"].into_iter().chain(self.public_bucket.as_deref()) {
            if client.head_bucket().bucket(name).send().await.is_err() {
                client.create_bucket().bucket(name).send().await.unwrap();
            }
        }
        for (name, policy) in &self.policies {
            let put = client.put_bucket_policy().bucket(name).policy(policy.to_string());
            put.send().await.unwrap();
        }
    }

    /// The configuration for the bucket, with the patience that a slow machine needs.
    pub fn config(&self) -> BucketConfig {
        BucketConfig {
            region: Some(self.region.clone()),
            timeouts: Timeouts {
                connect: Duration::from_secs(5),
                read: Duration::from_secs(120),
                attempt: Duration::from_secs(120),
                ..bucket::at(&self.endpoint).timeouts
            },
            ..bucket::at(&self.endpoint)
        }
    }

    pub fn store(&self) -> Store {
        self.store_with(&self.config(), Some(&self.keys))
    }

    /// Unsigned without `keys`.
    pub fn store_with(&self, config: &BucketConfig, keys: Option<&Keys>) -> Store {
        let http = http_client(None).unwrap();
        let store = S3Store::open(config, keys.map(Keys::provider), http, &self.region);
        RetryingStore::new(store, config.retries, config.concurrency)
    }

    pub fn host_style_store(&self, endpoint: &str) -> Store {
        let config = BucketConfig {
            endpoint: Some(endpoint.into()),
            force_path_style: false,
            ..self.config()
        };
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_with_resolver(AllLocal);
        let store = S3Store::open(&config, Some(self.keys.provider()), http, &self.region);
        RetryingStore::new(store, config.retries, config.concurrency)
    }

    /// For what the cache never asks for.
    pub fn raw(&self) -> aws_sdk_s3::Client {
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .region(Region::new(self.region.clone()))
            .http_client(http_client(None).unwrap())
            .credentials_provider(self.keys.provider());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The keys themselves, or a session with this policy.
    pub async fn keys_of(&self, access: &Access) -> Keys {
        match access {
            Access::Keys(keys) => keys.clone(),
            Access::Session { policy } => {
                let sts = self.sts.as_ref().unwrap();
                self.session(sts, Some(policy)).await.unwrap()
            }
        }
    }

    /// Keys on time.
    pub async fn session(&self, sts: &Sts, policy: Option<&Json>) -> Result<Keys, String> {
        let config = aws_sdk_sts::config::Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&sts.endpoint)
            .region(Region::new(self.region.clone()))
            .http_client(http_client(None).unwrap())
            .credentials_provider(self.keys.provider());
        let asked = aws_sdk_sts::Client::from_conf(config.build())
            .assume_role()
            .role_arn(&sts.role_arn)
            .role_session_name("survey")
            .set_policy(policy.map(Json::to_string))
            .send()
            .await;
        let given = asked.map_err(|error| format!("{:?}", error.into_service_error()))?;
        let given = given.credentials.ok_or("no credentials in the answer")?;
        Ok(Keys {
            id: given.access_key_id,
            secret: given.secret_access_key,
            token: Some(given.session_token),
        })
    }
}

/// The status of an answer, whether it is an error or not; 0 without an answer.
pub(super) fn status<T, E>(sent: &Result<T, SdkError<E>>) -> u16 {
    match sent {
        Ok(_) => 200,
        Err(error) => error
            .raw_response()
            .map_or(0, |response| response.status().as_u16()),
    }
}
