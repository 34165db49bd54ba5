//! What an S3 server can do, over a real socket: one finding for each feature, for `docs/providers.md`.
//!
//! `npm run test:providers` starts the servers and runs this against each.

mod bucket_settings;
mod conditions;
mod many;
mod promises;
mod rights;
mod server;

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;

use self::server::{Keys, Server};
use crate::support::server as development;

/// What came out for a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// As Amazon does it.
    Ok,
    /// Otherwise, and the cache copes.
    Differs,
    /// The server has no such thing, or it isn't configured.
    No,
    /// A promise is broken.
    Failed,
}

/// A verdict, and in a few words how.
#[derive(Debug, Serialize)]
struct Finding {
    result: Verdict,
    how: String,
}

impl Finding {
    fn new(result: Verdict, how: impl Into<String>) -> Self {
        let how = how.into();
        Self { result, how }
    }

    /// Fails with the first reason, or is a success.
    fn of(checked: Result<impl Into<String>, String>) -> Self {
        match checked {
            Ok(how) => Self::new(Verdict::Ok, how),
            Err(why) => Self::new(Verdict::Failed, why),
        }
    }
}

type Findings = BTreeMap<&'static str, Finding>;

async fn survey(server: &Server) -> Findings {
    server.prepare().await;
    let mut found = conditions::survey(server).await;
    let creates_once = found["conditionalPut"].result == Verdict::Ok;
    found.extend(promises::survey(server, creates_once).await);
    found.extend(many::survey(server).await);
    found.extend(rights::survey(server).await);
    found.extend(bucket_settings::survey(server).await);
    found
}

fn broken(found: &Findings) -> Vec<String> {
    found
        .iter()
        .filter(|(_, finding)| finding.result == Verdict::Failed)
        .map(|(name, finding)| format!("{name}: {}", finding.how))
        .collect()
}

/// The server that the file `TEST_S3_SERVER` describes; the findings go to the file `TEST_S3_FINDINGS`.
#[tokio::test]
#[ignore = "needs a server, which the environment names"]
async fn another_server_keeps_the_promises() {
    let variable = |name| std::env::var(name).unwrap();
    let server: Server =
        serde_json::from_str(&fs::read_to_string(variable("TEST_S3_SERVER")).unwrap()).unwrap();
    let found = survey(&server).await;
    fs::write(
        variable("TEST_S3_FINDINGS"),
        serde_json::to_string_pretty(&found).unwrap(),
    )
    .unwrap();
    assert_eq!(broken(&found), [""; 0]);
}

/// In little, so that the survey itself is tested.
#[tokio::test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "the development server keeps objects in files named by their keys"
)]
async fn the_development_server_keeps_the_promises() {
    let dir = crate::support::machine::scratch();
    let running = development::start(dir.path()).await;
    let keys = Keys::new(&running.options.access_key, &running.options.secret_key);
    let mut server = Server::new(&running.endpoint, keys);
    server.host_style = Some(format!("http://s3.localhost:{}", running.address.port()));
    server.objects = 40;
    let found = survey(&server).await;
    assert_eq!(broken(&found), [""; 0]);
    for (feature, verdict) in [
        ("conditionalPut", Verdict::Ok),
        ("objects", Verdict::Ok),
        ("hostStyle", Verdict::Ok),
        ("listing", Verdict::Ok),
        ("readOnlyKey", Verdict::No),
    ] {
        assert_eq!(found[feature].result, verdict, "{feature}: {:?}", found[feature]);
    }
}
