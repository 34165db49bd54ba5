//! `doctor --attack`: tries to poison the cache with the credentials at hand, and to restore the poison.
//!
//! All it touches is objects of its own, named `doctor-…`, in the places where an attack has to happen: in `t`, and in
//! every untrusted scope that a run of this repository might read.

mod certificates;
mod findings;
mod outcome;
mod planted;
mod poison;
mod runs;
mod target;
#[cfg(test)]
mod tests;

use super::scratch;
use super::ui::{Ending, interrupt, print};
use super::workspace::Workspace;
use crate::connect;
use crate::object_store::{Error, Extent};
use crate::remedy;
use crate::trust;
use findings::Findings;
use target::Target;

/// Attacks and prints how it went.
pub(super) async fn run(workspace: &Workspace, json: bool) -> Result<u8, Ending> {
    match attack(workspace).await.map_err(Ending::Unable)? {
        // What was not tried any more proves nothing.
        findings if interrupt::pressed() => Err(Ending::Interrupted(findings.remains())),
        findings => {
            if json {
                print::json(&findings.to_document());
            } else {
                print::out(&findings.to_text(print::Paint::of_stdout()));
            }
            Ok(findings.code())
        }
    }
}

async fn attack(workspace: &Workspace) -> Result<Findings, String> {
    let config = workspace.config()?;
    let facts = workspace.facts();
    let access = trust::decide(&config.trust, &facts);
    let runs = runs::all(&config.trust, &facts).map_err(|error| error.to_string())?;
    let user = ["USER", "LOGNAME", "USERNAME"];
    let user = user.iter().find_map(|name| workspace.environment.get(name));
    let scopes = runs::scopes(&config.trust, &facts, &runs, user);
    let connection = connect::dial(&config.bucket, &config.credentials, None).await;
    let connection = connection.map_err(|error| not_tried(&error))?;
    let no_scratch = |error: std::io::Error| format!("scratch files can't be created: {error}");
    let mut target = Target {
        config: &config,
        access: &access,
        store: connection.store,
        directory: tempfile::tempdir().map_err(no_scratch)?,
        name: scratch::name().map_err(no_scratch)?,
        written: Vec::new(),
    };
    known(&target).await?;
    let tried = target.attack(&runs, scopes).await;
    // Whatever happened, nothing of it is to stay.
    let left_behind = target.clean_up().await;
    let (attempts, planted, runs) = tried?;
    Ok(Findings {
        bucket: config.bucket.name.clone(),
        credentials: connection.credentials.source,
        run: access.why.clone(),
        trusted_run: access.sign || access.certify.is_some(),
        keys: config.trust.verifies(),
        attempts,
        planted,
        runs,
        left_behind,
    })
}

/// Whether the server knows these credentials at all: it denies strangers everything, which would prove nothing.
async fn known(target: &Target<'_>) -> Result<(), String> {
    match target.store.get(&target.key("probe")?, 0).await {
        Err(error) if error.extent() != Extent::Permission => Err(not_tried(&error)),
        _ => Ok(()),
    }
}

fn not_tried(error: &Error) -> String {
    let remedy = remedy::of_request(error, "s3:GetObject");
    format!("the attack could not be tried: {error}\n{remedy} `nx-s3-cache doctor` says more.")
}
