//! The object stores keep their promises: the one in memory, and S3 over a socket in each of its manners.

use crate::support::bucket;
use crate::support::conformance::{Traits, conforms};
use crate::support::server::{self, RunningServer};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};
use nx_s3_cache::config::{BucketConfig, ConditionalWrites};
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::object_store::s3::S3Store;
use nx_s3_cache::object_store::{Error, ObjectStore, PutMode};
use tempfile::TempDir;

/// The development server keeps objects as files.
const S3: Traits = Traits {
    creates_once: true,
    knows_case: cfg!(target_os = "linux"),
    any_name: !cfg!(windows),
};

async fn start() -> (TempDir, RunningServer) {
    let dir = crate::support::machine::scratch();
    let server = server::start(dir.path()).await;
    (dir, server)
}

async fn conforms_with(change: impl FnOnce(&mut BucketConfig), traits: Traits) {
    let (_dir, server) = start().await;
    let mut config = bucket::at(&server.endpoint);
    change(&mut config);
    conforms(&bucket::open(&config), "a/", traits).await;
}

#[tokio::test]
async fn memory_conforms() {
    conforms(
        &MemoryStore::new(),
        "",
        Traits {
            creates_once: true,
            knows_case: true,
            any_name: true,
        },
    )
    .await;
}

#[tokio::test]
async fn s3_conforms() {
    conforms_with(|_| {}, S3).await;
}

#[tokio::test]
async fn s3_conforms_without_checksums() {
    conforms_with(|config| config.disable_checksum = true, S3).await;
}

#[tokio::test]
async fn s3_conforms_without_conditional_writes() {
    let traits = Traits {
        creates_once: false,
        ..S3
    };
    conforms_with(
        |config| config.conditional_writes = ConditionalWrites::Off,
        traits,
    )
    .await;
}

/// Every host is this machine, which not all systems believe of `*.localhost`.
#[derive(Clone, Debug)]
pub(crate) struct AllLocal;

impl ResolveDns for AllLocal {
    fn resolve_dns<'a>(&'a self, _name: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(vec![std::net::Ipv4Addr::LOCALHOST.into()]))
    }
}

#[tokio::test]
async fn s3_conforms_with_the_bucket_in_the_host_name() {
    let (_dir, server) = start().await;
    let mut config = bucket::at(&format!("http://s3.localhost:{}", server.address.port()));
    config.force_path_style = false;
    let tls = Provider::Rustls(CryptoMode::Ring);
    let http = Builder::new().tls_provider(tls).build_with_resolver(AllLocal);
    let store = S3Store::open(&config, bucket::keys(), http, "us-east-1");
    conforms(&store, "a/", S3).await;
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.contains("tbucket"))
    );
}

#[tokio::test]
async fn whoever_is_denied_access_is_told_why() {
    let (_dir, server) = start().await;
    let config = bucket::at(&server.endpoint);
    let http = nx_s3_cache::object_store::http::http_client(None).unwrap();
    let expectations = [
        ("test", "wrong", "SignatureDoesNotMatch"),
        ("nobody", "wrong", "InvalidAccessKeyId"),
    ];
    for (id, secret, code) in expectations {
        let store = S3Store::open(
            &config,
            bucket::signed_with(id, secret),
            http.clone(),
            "us-east-1",
        );
        let denied = store.get("key", 100).await.unwrap_err();
        assert!(
            matches!(denied, Error::AccessDenied { status: 403, .. }),
            "{denied:?}"
        );
        assert!(denied.to_string().contains(code), "{denied}");
    }
    let anonymous = S3Store::open(&config, None, http, "us-east-1");
    let denied = anonymous.put("key", "body".into(), PutMode::Create).await;
    assert!(
        matches!(denied, Err(Error::AccessDenied { status: 403, .. })),
        "{denied:?}"
    );
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_named() {
    let (_dir, server) = start().await;
    let config = BucketConfig {
        name: "other".into(),
        ..bucket::at(&server.endpoint)
    };
    let store = bucket::open(&config);
    let get = store.get("key", 100).await;
    assert!(matches!(get, Err(Error::NoSuchBucket { .. })), "{get:?}");
    let put = store.put("key", "body".into(), PutMode::Create).await;
    assert!(matches!(put, Err(Error::NoSuchBucket { .. })), "{put:?}");
}
