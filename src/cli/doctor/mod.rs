//! `doctor`: the whole set-up, step by step, each with its remedy.

mod args;
mod bucket;
mod report;
#[cfg(test)]
mod tests;

use super::{Workspace, remedy};
use crate::config::{Config, Mode};
use crate::connect;
use crate::trust::{self, Access};
pub(super) use args::DoctorArgs;
use report::{Report, Step};

/// Examines the set-up and prints what it finds.
pub(super) async fn run(workspace: &Workspace, json: bool) -> u8 {
    let mut report = Report::new(json);
    examine(workspace, &mut report).await;
    report.finish()
}

/// Each step needs the one before it.
async fn examine(workspace: &Workspace, report: &mut Report) {
    let config = match workspace.config() {
        Ok(config) => config,
        Err(errors) => return report.add(Step::bad("configuration", errors.to_string())),
    };
    report.configured(&config.resolved);
    report.add(Step::good("configuration", configured(&config)));
    for notice in &config.notices {
        report.add(Step::poor("configuration", notice.clone()));
    }
    let access = trust::decide(&config.trust, &workspace.facts());
    trusted(&access, report);
    let connection = match connect::dial(&config.bucket, &config.credentials).await {
        Ok(connection) => connection,
        Err(error) => {
            let remedy = remedy::remedy(&error, "");
            return report.add(Step::bad("credentials", error.to_string()).with(remedy));
        }
    };
    report.add(Step::good("region", connection.region.clone()));
    report.add(Step::good(
        "credentials",
        format!("from {}", connection.credentials),
    ));
    bucket::examine(&config, &access, &*connection.store, report).await;
}

fn configured(config: &Config) -> String {
    let bucket = &config.bucket;
    let server = bucket.endpoint.as_deref().unwrap_or("AWS");
    let mode = match config.mode {
        Mode::ReadWrite => "read-write",
        Mode::ReadOnly => "read-only",
        Mode::WriteOnly => "write-only",
        Mode::NoCache => "no-cache, so the remote cache is off",
    };
    format!("bucket {:?} at {server}, mode {mode}", bucket.name)
}

fn trusted(access: &Access, report: &mut Report) {
    report.add(Step::good("scope", access.why.clone()));
    for warning in &access.warnings {
        report.add(Step::poor("trust", warning.title()).with(warning.body().join("\n")));
    }
}
