//! The way to the bucket: region, credentials, address, proxy, name, clock, first answer.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use url::Url;

use super::alternatives;
use super::report::{Report, Step};
use super::seen::Seen;
use crate::config::{BucketConfig, Config};
use crate::connect::{self, Connection};
use crate::credentials;
use crate::object_store::proxy::proxy_for;
use crate::object_store::{Error, Extent, ObjectStore};
use crate::remedy;

/// A person waits: what fails twice is reported, and not tried for longer.
const RETRIES: u32 = 1;
/// How long a name may take to be found.
const DNS_LIMIT: Duration = Duration::from_secs(10);
/// Signatures are refused from 15 minutes on.
const CLOCK_BAD: i64 = 10 * 60;
const CLOCK_POOR: i64 = 60;

/// An open way to the bucket.
pub(super) struct Way {
    pub store: Arc<dyn ObjectStore>,
    pub seen: Seen,
}

/// Finds region and credentials, and asks the bucket for `key`, which isn't there. `None` where there is no way on.
pub(super) async fn examine(config: &Config, key: &str, report: &mut Report) -> Option<Way> {
    let seen = Seen::default();
    let bucket = BucketConfig {
        retries: config.bucket.retries.min(RETRIES),
        ..config.bucket.clone()
    };
    let connection = match connect::dial(&bucket, &config.credentials, Some(seen.watcher())).await {
        Ok(connection) => connection,
        Err(error) => {
            let name = if matches!(error, Error::Credentials { .. }) {
                "credentials"
            } else {
                "configuration"
            };
            report.add(Step::bad(name, with_sources(&error)).with(remedy::of_request(&error, "")));
            return None;
        }
    };
    report.add(Step::good("region", connection.region.clone()));
    who(&bucket, &connection, report).await;
    let began = Instant::now();
    let answer = connection.store.get(key, 0).await;
    let took = began.elapsed();
    route(&bucket, &seen, report).await;
    clock(&seen, report);
    let reached = reached(config, &answer, took, &seen, key).await;
    let is_bad = reached.is_bad();
    report.add(reached);
    if is_bad {
        return None;
    }
    report.add(missing(&answer));
    let Connection { store, .. } = connection;
    Some(Way { store, seen })
}

/// The error with all sources of credentials that had none.
fn with_sources(error: &Error) -> String {
    match error {
        Error::Credentials { asked, .. } if !asked.is_empty() => {
            format!("{error}. Asked, in this order:\n{}", asked.join("\n"))
        }
        other => other.to_string(),
    }
}

/// Which credentials won, and whose they are.
async fn who(bucket: &BucketConfig, connection: &Connection, report: &mut Report) {
    let credentials = &connection.credentials;
    let Some(provider) = &credentials.provider else {
        return report.add(Step::good(
            "credentials",
            "none: requests are not signed (`anonymous`)",
        ));
    };
    let id = credentials::key_id(provider).await.unwrap_or_default();
    report.add(Step::good(
        "credentials",
        format!("from {}, access key {id}", credentials.source),
    ));
    if !credentials::has_sts(bucket) {
        return;
    }
    let (region, http) = (&connection.region, connection.http.clone());
    report.add(match credentials::caller(provider.clone(), region, http).await {
        Ok(arn) => Step::good("identity", arn),
        Err(why) => Step::poor("identity", format!("STS does not tell: {why}"))
            .with("Not needed for the cache. If the bucket refuses these credentials, too, they are wrong or expired."),
    });
}

/// Where requests go, and how.
async fn route(bucket: &BucketConfig, seen: &Seen, report: &mut Report) {
    let Some(url) = seen.address().and_then(|address| Url::parse(&address).ok()) else {
        return; // nothing was sent, and the error says why
    };
    let host = url.host_str().unwrap_or_default();
    let site = url.origin().ascii_serialization();
    let virtual_hosted = host
        .strip_prefix(&bucket.name)
        .is_some_and(|rest| rest.starts_with('.'));
    report.add(Step::good(
        "address",
        if virtual_hosted {
            format!("{site} (virtual-hosted style: the bucket is a part of the name)")
        } else {
            format!("{site}{}… (path style)", path_of(&bucket.name))
        },
    ));
    let proxy = proxy_for(url.as_str());
    let name = match &proxy {
        None => (host.to_owned(), url.port_or_known_default()),
        Some(proxy) => {
            report.add(Step::good(
                "proxy",
                format!("through {proxy}; NO_PROXY exempts hosts"),
            ));
            let proxy = Url::parse(&proxy.address).ok();
            let host = proxy.as_ref().and_then(Url::host_str).unwrap_or_default();
            (
                host.to_owned(),
                proxy.as_ref().and_then(Url::port_or_known_default),
            )
        }
    };
    if url.domain().is_some() || proxy.is_some() {
        report.add(resolved(&name.0, name.1.unwrap_or(443), bucket, virtual_hosted).await);
    }
    let security = if url.scheme() == "https" {
        "https"
    } else {
        "http: not encrypted on the way"
    };
    report.add(Step::good("transport", security));
}

fn path_of(bucket: &str) -> String {
    format!("/{bucket}/")
}

/// Asks for the addresses of a host.
async fn resolved(host: &str, port: u16, bucket: &BucketConfig, virtual_hosted: bool) -> Step {
    const STEP: &str = "dns";
    let began = Instant::now();
    let found = tokio::time::timeout(DNS_LIMIT, tokio::net::lookup_host((host, port))).await;
    let cause = match found {
        Ok(Ok(found)) => {
            let addresses: Vec<String> = found.map(|address| address.ip().to_string()).collect();
            if let Some(first) = addresses.first() {
                let more = match addresses.len() {
                    1 => String::new(),
                    count => format!(" and {} more", count - 1),
                };
                return Step::good(
                    STEP,
                    format!("{host} is {first}{more} ({} ms)", began.elapsed().as_millis()),
                );
            }
            "it has none".to_owned()
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", DNS_LIMIT.as_secs()),
    };
    let step = Step::bad(STEP, format!("no address for {host}: {cause}"));
    if virtual_hosted && bucket.endpoint.is_some() {
        return step.with("Many servers have no name for each bucket: set `forcePathStyle` to true. Else check `endpoint` and `bucket`.");
    }
    step.with("Check `endpoint` and `region`, and whether this network resolves such names (VPN, DNS server, proxy).")
}

fn clock(seen: &Seen, report: &mut Report) {
    let Some(ahead) = seen.clock_ahead() else {
        return;
    };
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    let detail = format!("{} s {direction} the server's", ahead.abs());
    let remedy = "Set this machine's clock, best by NTP: requests are signed with its time, and refused from 15 minutes on.";
    report.add(match ahead.abs() {
        0..=2 => Step::good("clock", "in sync with the server"),
        3..CLOCK_POOR => Step::good("clock", detail),
        CLOCK_POOR..CLOCK_BAD => Step::poor("clock", detail).with(remedy),
        _ => Step::bad("clock", detail).with(remedy),
    });
}

/// Whether the bucket answered as one that may be used.
async fn reached(
    config: &Config,
    answer: &Result<Option<Bytes>, Error>,
    took: Duration,
    seen: &Seen,
    key: &str,
) -> Step {
    const STEP: &str = "bucket";
    match answer {
        Err(error) if !is_denied(error) => {
            let better = alternatives::for_reading(config, error, key).await;
            let remedy = better.map_or_else(|| remedy::of_request(error, "s3:GetObject"), Cow::Owned);
            Step::bad(STEP, error.to_string()).with(remedy)
        }
        _ => {
            let server = seen
                .server()
                .map(|server| format!(" ({server})"))
                .unwrap_or_default();
            let took = took.as_millis();
            Step::good(
                STEP,
                format!(
                    "{:?}{server} answered in {took} ms, connecting included",
                    config.bucket.name
                ),
            )
        }
    }
}

/// Whether a missing key returns 404, and a forbidden one 403.
fn missing(answer: &Result<Option<Bytes>, Error>) -> Step {
    const STEP: &str = "missing objects";
    match answer {
        Err(error) => Step::poor(STEP, format!("are answered with a refusal: {error}")).with(
            "Allow s3:ListBucket on the bucket and s3:GetObject on its objects. Without the first, S3 returns 403 for \
             missing keys as well; both count as a miss.",
        ),
        Ok(_) => Step::good(STEP, "missing keys return 404"),
    }
}

/// Whether the server knows the caller, and forbids this request.
pub(super) fn is_denied(error: &Error) -> bool {
    error.extent() == Extent::Permission
}
