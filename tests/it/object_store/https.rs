//! https with authorities of one's own, and proxies. What the environment decides runs in child processes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::authority::Authority;
use crate::support::bucket;
use crate::support::child;
use crate::support::scripted::{Reply, Scripted, object};
use nx_s3_cache::object_store::documents::Documents;
use nx_s3_cache::object_store::http::http_client;
use nx_s3_cache::object_store::{Error, ObjectStore, PutMode};
use tempfile::TempDir;
use tokio::process::Command;

/// An https server for `name` whose authority only the file `ca` knows.
struct Secure {
    server: Scripted,
    ca: PathBuf,
    _dir: TempDir,
}

impl Secure {
    async fn start(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca = dir.path().join("ca.pem");
        let authority = Authority::new();
        fs::write(&ca, authority.pem()).unwrap();
        let server = Scripted::start_tls([object("body")], authority.acceptor(name)).await;
        Self {
            server,
            ca,
            _dir: dir,
        }
    }

    fn endpoint(&self, host: &str) -> String {
        format!("https://{host}:{}", self.server.address.port())
    }
}

#[tokio::test]
async fn an_authority_in_ca_bundle_is_trusted() {
    let secure = Secure::start("localhost").await;
    let mut config = bucket::at(&secure.endpoint("localhost"));
    config.ca_bundle = Some(secure.ca.clone());
    let store = bucket::open(&config);
    assert_eq!(store.get("key", 100).await, Ok(Some("body".into())));
    store.put("key", "body".into(), PutMode::Create).await.unwrap();
    let put = secure.server.seen().pop().unwrap();
    assert_eq!(put.header("x-amz-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    assert!(put.header("x-amz-checksum-crc32").is_some(), "{:?}", put.headers);
}

#[tokio::test]
async fn an_unknown_authority_is_refused_at_once_and_named() {
    let secure = Secure::start("localhost").await;
    let error = bucket::open(&bucket::at(&secure.endpoint("localhost")))
        .get("key", 100)
        .await
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("unreachable: ") && message.contains("certificate"),
        "{message}"
    );
    assert!(
        message.ends_with("name the file of your own authority with caBundle"),
        "{message}"
    );
    assert_eq!((secure.server.connections(), secure.server.seen().len()), (1, 0));
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let secure = Secure::start("other.example.test").await;
    let mut config = bucket::at(&secure.endpoint("localhost"));
    config.ca_bundle = Some(secure.ca.clone());
    let outcome = bucket::open(&config).get("key", 100).await;
    assert!(matches!(outcome, Err(Error::Unreachable { .. })), "{outcome:?}");
}

#[test]
fn a_broken_ca_bundle_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    let not_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
    let problem = |text: Option<&str>| {
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        http_client(Some(&path)).unwrap_err().to_string()
    };
    let missing = std::fs::read(&path).unwrap_err().to_string();
    let expectations = [
        (None, missing.as_str()),
        (Some("hello"), "it holds no certificate"),
        (Some(broken), "it is not PEM"),
        (
            Some(not_x509),
            "one of its certificates is not an X.509 authority",
        ),
    ];
    for (text, expected) in expectations {
        let message = problem(text);
        let named = message.starts_with(&format!(
            "the configuration cannot work: caBundle {}",
            path.display()
        ));
        assert!(named && message.contains(expected), "{message}");
    }
}

/// Runs `gets_an_object` below with these variables and tells what came out.
async fn fetched(endpoint: &str, variables: &[(&str, &Path)]) -> String {
    outcome_of("gets_an_object", endpoint, variables).await
}

/// The same for any of these tests.
async fn outcome_of(test: &str, endpoint: &str, variables: &[(&str, &Path)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::from(child::test(module_path!(), test, home.path()));
    command
        .env("TEST_ENDPOINT", endpoint)
        .envs(variables.iter().copied());
    let output = String::from_utf8(command.output().await.unwrap().stdout).unwrap();
    let outcome = output
        .split("outcome: ")
        .nth(1)
        .unwrap_or_else(|| panic!("no outcome in {output}"));
    outcome.lines().next().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "the tests below run it in a child process"]
async fn gets_an_object() {
    let mut config = bucket::at(&std::env::var("TEST_ENDPOINT").unwrap());
    config.retries = 0;
    println!("outcome: {:?}", bucket::open(&config).get("key", 100).await);
}

const BODY: &str = "Ok(Some(b\"body\"))";

#[tokio::test]
async fn authorities_in_variables_are_trusted() {
    let secure = Secure::start("localhost").await;
    for name in ["NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"] {
        assert_eq!(
            fetched(&secure.endpoint("localhost"), &[(name, &secure.ca)]).await,
            BODY
        );
    }
}

#[tokio::test]
#[ignore = "the test below runs it in a child process"]
async fn gets_a_document() {
    let url = std::env::var("TEST_ENDPOINT").unwrap();
    println!("outcome: {:?}", Documents::open().get(&url, None, 100).await);
}

#[tokio::test]
async fn the_bucket_s_authority_does_not_vouch_for_issuers_of_identity_tokens() {
    let secure = Secure::start("localhost").await;
    let url = secure.endpoint("localhost");
    for (name, trusted) in [("AWS_CA_BUNDLE", false), ("NODE_EXTRA_CA_CERTS", true)] {
        let variables = [(name, secure.ca.as_path())];
        let outcome = outcome_of("gets_a_document", &url, &variables).await;
        assert_eq!(outcome.starts_with("Ok("), trusted, "{name}: {outcome}");
        assert_eq!(outcome.contains("UnknownIssuer"), !trusted, "{name}: {outcome}");
    }
}

#[tokio::test]
async fn broken_authorities_in_variables_are_passed_over() {
    let secure = Secure::start("localhost").await;
    let broken = secure.ca.with_file_name("broken.pem");
    fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let variables = [
        ("NODE_EXTRA_CA_CERTS", broken.as_path()),
        ("AWS_CA_BUNDLE", secure.ca.as_path()),
    ];
    assert_eq!(fetched(&secure.endpoint("localhost"), &variables).await, BODY);
    let missing = [("AWS_CA_BUNDLE", Path::new("/no/such/file"))];
    let outcome = fetched(&secure.endpoint("localhost"), &missing).await;
    assert!(outcome.contains("UnknownIssuer"), "{outcome}");
}

#[tokio::test]
async fn a_machine_without_authorities_fails_for_https_only() {
    let none = Path::new("/no/such/file");
    let nothing = [("SSL_CERT_FILE", none), ("SSL_CERT_DIR", none)];
    let secure = Secure::start("localhost").await;
    let outcome = fetched(&secure.endpoint("localhost"), &nothing).await;
    assert!(
        outcome.contains("Unreachable") && outcome.contains("no trusted root certificates"),
        "{outcome}"
    );
    let plain = Scripted::start([object("body")]).await;
    assert_eq!(fetched(&plain.endpoint(), &nothing).await, BODY);
}

#[tokio::test]
async fn https_goes_through_the_proxy() {
    let secure = Secure::start("s3.example.test").await;
    let proxy = Scripted::start([Reply::Tunnel(secure.server.address)]).await;
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let url = format!("http://user:word@{}", proxy.address);
        let variables = [(name, Path::new(&url)), ("AWS_CA_BUNDLE", &secure.ca)];
        assert_eq!(
            fetched("https://s3.example.test", &variables).await,
            BODY,
            "{name}"
        );
    }
    let connect = proxy.seen().pop().unwrap();
    assert_eq!(connect.line, "CONNECT s3.example.test:443 HTTP/1.1");
    assert_eq!(connect.header("proxy-authorization"), Some("Basic dXNlcjp3b3Jk"));
}

#[tokio::test]
async fn http_goes_through_the_proxy() {
    let proxy = Scripted::start([object("body")]).await;
    let url = proxy.endpoint();
    for name in ["HTTP_PROXY", "http_proxy"] {
        assert_eq!(
            fetched("http://s3.example.test", &[(name, Path::new(&url))]).await,
            BODY,
            "{name}"
        );
    }
    let line = proxy.seen().pop().unwrap().line;
    assert!(
        line.starts_with("GET http://s3.example.test/tbucket/key"),
        "{line}"
    );
}

#[tokio::test]
async fn hosts_in_no_proxy_and_this_machine_are_asked_directly() {
    let proxy = Scripted::start([object("body")]).await;
    let url = proxy.endpoint();
    let variables = [
        ("HTTP_PROXY", Path::new(&url)),
        ("NO_PROXY", Path::new("example.test,10.0.0.0/8")),
    ];
    let outcome = fetched("http://s3.example.test", &variables).await;
    assert!(outcome.contains("Unreachable"), "{outcome}");
    let here = Scripted::start([object("body")]).await;
    assert_eq!(fetched(&here.endpoint(), &variables[..1]).await, BODY);
    assert!(proxy.seen().is_empty() && here.seen().len() == 1);
}
