//! `doctor`: the whole set-up, step by step, each with its remedy.

mod alternatives;
mod bucket;
mod configuration;
mod connection;
mod entries;
mod identity;
mod nx;
mod report;
mod seen;
mod speed;
#[cfg(test)]
mod tests;

use clap::Args;

use super::scratch;
use super::ui::interrupt;
use super::workspace::Workspace;
use crate::config::Config;
use crate::entry::Keys;
use crate::scope::Scope;
use crate::trust::{self, Access};
use bucket::Trial;
use report::{Report, Step};

/// Check the whole set-up, step by step, and say what to do where something is wrong.
///
/// Reads nx.json's `s3` section and the environment as Nx's runs do. Writes, reads, copies and deletes a few scratch
/// objects that are no entries of the cache. Exits 0 when all is well and 1 when something is wrong.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache doctor
  nx-s3-cache doctor --json > doctor.json     for a bug report; has no secrets
  nx-s3-cache doctor --attack                 with a pull request's credentials")]
pub(super) struct DoctorArgs {
    /// Try to poison the cache with the credentials at hand, in scratch objects that are removed again
    ///
    /// Exits 0 when no poison gets through, 1 when some does, and 2 when it could not be tried.
    #[arg(long)]
    pub attack: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Examines the set-up and prints what it finds.
pub(super) async fn run(workspace: &Workspace, json: bool) -> u8 {
    let mut report = Report::new(json);
    examine(workspace, &mut report).await;
    report.finish()
}

/// Each step needs the one before it, but for Nx, which is examined whatever else is wrong.
async fn examine(workspace: &Workspace, report: &mut Report) {
    report.part("Nx");
    let facts = workspace.nx_facts.as_ref();
    report.facts(&facts);
    nx::examine(facts, &workspace.environment, report);
    report.part("Configuration");
    let Some(config) = configuration::examine(workspace, report) else {
        return;
    };
    let facts = workspace.facts();
    let access = trust::decide(&config.trust, &facts);
    configuration::trusted(&access, report);
    identity::examine(&config, &facts, &access, report).await;
    report.part("Connection");
    let key = match scratch::name() {
        Ok(name) => scratch_key(&config, &access, &name),
        Err(error) => return report.add(Step::bad("scratch", error.to_string())),
    };
    let Some(way) = connection::examine(&config, &key, report).await else {
        return;
    };
    let store = &*way.store;
    report.part("Bucket");
    if config.mode.writes() && access.writes.is_some() {
        let trial = Trial {
            config: &config,
            store,
            key: key.clone(),
        };
        trial.examine(report).await;
        report.add(configuration::checksums(&config, &way.seen));
        if interrupt::pressed() {
            return report.add(Step::bad("the rest", "not looked at: interrupted"));
        }
    } else {
        report.add(Step::skipped("write", "not tried, since this run stores nothing"));
    }
    speed::latency(store, &key, report).await;
    entries::examine(&config, &access, way.store.clone(), report).await;
}

fn scratch_key(config: &Config, access: &Access, name: &str) -> String {
    let scope = access.writes.as_ref().unwrap_or(&Scope::Trusted);
    Keys::new(&config.cache_key_prefix, scope).scratch(name)
}
