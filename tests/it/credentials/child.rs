//! The child process: resolves as a run would, and writes down what came of it.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use nx_s3_cache::config::{AssumeRole, BucketConfig, CredentialsConfig, StaticKeys};
use nx_s3_cache::credentials::{self, Credentials};
use nx_s3_cache::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::support::bucket;

/// Names the directory where the child finds its task and leaves its report.
const MARKER: &str = "CREDENTIALS_TEST_CHILD";

/// The child, about to start.
pub fn start(home: &Path, directory: &Path) -> Command {
    let mut command = crate::support::child::test(module_path!(), "child", home);
    command.env(MARKER, directory);
    command
}

/// What the child is to do: the options of nx.json, and some of its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Task {
    pub profile: Option<String>,
    pub sso_profile: Option<String>,
    pub keys: Option<(String, String)>,
    pub assume_role: Option<(String, Option<String>)>,
    pub anonymous: bool,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    /// Only the region.
    pub region_only: bool,
    pub limit_ms: Option<u64>,
    /// Sends these requests to this S3 endpoint with what was found, one after the other; each number is how
    /// many seconds the client's clock runs ahead.
    pub s3: Option<(String, Vec<u64>)>,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    pub region: Option<String>,
    pub source: Option<String>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    pub session_token: Option<String>,
    pub error: Option<String>,
    /// What was found, as `{:?}` shows it.
    pub debug: String,
    /// Where requests went, those included that were refused for not going to this machine.
    pub requests: Vec<String>,
    pub seconds: f64,
}

/// Not a test of its own: it is what [`super::machine::Machine`] starts.
#[test]
#[ignore = "the other tests run it in a child process"]
fn child() {
    let directory = std::env::var_os(MARKER).unwrap();
    let directory = Path::new(&directory);
    let task = serde_json::from_slice(&std::fs::read(directory.join("task.json")).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let report = runtime.block_on(run(task));
    std::fs::write(
        directory.join("report.json"),
        serde_json::to_vec(&report).unwrap(),
    )
    .unwrap();
    // A hanging credential_process must not hold the child.
    runtime.shutdown_background();
}

async fn run(task: Task) -> Report {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inner = aws_smithy_http_client::Builder::new().build_http();
    let http = SharedHttpClient::new(LocalOnly {
        inner,
        seen: Arc::clone(&seen),
    });
    let started = Instant::now();
    let mut report = Report::default();
    if let Err(error) = resolve(&task, http, &mut report).await {
        report.error = Some(error);
    }
    report.seconds = started.elapsed().as_secs_f64();
    report.requests = seen.lock().unwrap().clone();
    report
}

async fn resolve(task: &Task, http: SharedHttpClient, report: &mut Report) -> Result<(), String> {
    let config = options(task);
    let bucket = BucketConfig {
        region: task.region.clone(),
        endpoint: task.endpoint.clone(),
        ..bucket::at("")
    };
    let region = credentials::resolve_region(&bucket, &config, http.clone())
        .await
        .map_err(|error| error.to_string())?;
    report.region = Some(region.clone());
    if task.region_only {
        return Ok(());
    }
    let limit = task
        .limit_ms
        .map_or(credentials::TIME_LIMIT, Duration::from_millis);
    let found: Credentials = credentials::resolve(&config, &region, http.clone(), limit)
        .await
        .map_err(|error| error.to_string())?;
    report.debug = format!("{found:?}");
    report.source = Some(found.source);
    let Some(provider) = found.provider else {
        return Ok(());
    };
    if let Some((endpoint, clocks)) = &task.s3 {
        return requests(endpoint, clocks, provider, http).await;
    }
    let keys = provider
        .provide_credentials()
        .await
        .map_err(|error| format!("{error:?}"))?;
    report.access_key_id = Some(keys.access_key_id().to_owned());
    report.secret_access_key = Some(keys.secret_access_key().to_owned());
    report.session_token = keys.session_token().map(ToOwned::to_owned);
    Ok(())
}

fn options(task: &Task) -> CredentialsConfig {
    CredentialsConfig {
        profile: task.profile.clone(),
        sso_profile: task.sso_profile.clone(),
        keys: task.keys.clone().map(|(id, secret)| StaticKeys {
            access_key_id: id,
            secret_access_key: Secret::new(secret),
            session_token: None,
        }),
        keys_first: false,
        assume_role: task
            .assume_role
            .clone()
            .map(|(role_arn, external_id)| AssumeRole {
                role_arn,
                external_id,
                session_name: "nx-s3-cache".into(),
            }),
        anonymous: task.anonymous,
    }
}

/// GETs through one S3 client whose clock is put forward in between.
async fn requests(
    endpoint: &str,
    clocks: &[u64],
    provider: SharedCredentialsProvider,
    http: SharedHttpClient,
) -> Result<(), String> {
    let clock = Clock::default();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(provider)
        .http_client(http)
        .time_source(clock.clone())
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    for seconds in clocks {
        *clock.0.lock().unwrap() = Duration::from_secs(*seconds);
        let answer = client.get_object().bucket("bucket").key("key").send().await;
        answer.map_err(|error| aws_smithy_types::error::display::DisplayErrorContext(error).to_string())?;
    }
    Ok(())
}

/// The real time plus what is in it.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<Mutex<Duration>>);

impl aws_types::sdk_config::TimeSource for Clock {
    fn now(&self) -> SystemTime {
        SystemTime::now() + *self.0.lock().unwrap()
    }
}

/// Writes down where requests go, and lets only those through that stay on this machine.
#[derive(Clone, Debug)]
struct LocalOnly<T> {
    inner: T,
    seen: Arc<Mutex<Vec<String>>>,
}

impl HttpClient for LocalOnly<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(LocalOnly {
            inner,
            seen: Arc::clone(&self.seen),
        })
    }
}

impl HttpConnector for LocalOnly<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri = request.uri().to_owned();
        self.seen.lock().unwrap().push(uri.clone());
        if uri.starts_with("http://127.0.0.1:") || uri.starts_with("http://localhost:") {
            return self.inner.call(request);
        }
        HttpConnectorFuture::ready(Err(ConnectorError::io("refused by the test".into())))
    }
}
