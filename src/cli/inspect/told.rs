//! What an entry tells, in lines for people and as JSON.

use serde_json::{Value, json};

use super::files::Files;
use crate::cache::{bytes, counted};
use crate::cli::bucket::ReadEntry;
use crate::cli::ui::{age, print::Paint};
use crate::entry::{self, Manifest};
use crate::plain::plain;
use crate::sign::SignedBy;

/// Everything but the files.
pub(super) fn head(read: &ReadEntry) -> Vec<String> {
    let mut facts = vec![
        ("object", bytes(read.object_size)),
        ("signature", signature(read)),
    ];
    match &read.entry {
        Ok(entry) => facts.extend(of_manifest(&entry.manifest, read.name.is_body())),
        Err(entry::Error::KeyMissing) => facts.push((
            "content",
            "encrypted, and no encryptionKey is set: only the above is known without it".into(),
        )),
        Err(_) => {}
    }
    facts.extend(of_provenance(read));
    let facts = facts
        .iter()
        .map(|(name, fact)| format!("  {name:<11} {}", plain(fact)));
    std::iter::once(Paint::of_stdout().bold(&read.key))
        .chain(facts)
        .collect()
}

fn of_manifest(manifest: &Manifest, is_body: bool) -> Vec<(&'static str, String)> {
    let (producer, created) = (&manifest.producer, age::at(manifest.created));
    let how = match manifest.inline {
        true => "inside the entry".to_owned(),
        false => format!("in {}", counted(manifest.chunks.len() as u64, "chunk")),
    };
    let task = producer.task.clone().map(|task| ("task", task));
    let what = match is_body {
        true => format!("a body: {} as Nx packed it", bytes(manifest.size)),
        false => format!(
            "{}, {} as an archive",
            counted(manifest.files, "file"),
            bytes(manifest.size)
        ),
    };
    let facts = [
        (
            "stored",
            format!("{} ({} ago)", age::utc(created), age::short(age::since(created))),
        ),
        ("made by", producer.to_string()),
        ("exit code", manifest.code.to_string()),
        (
            "content",
            format!("{what}, {} stored {how}", bytes(manifest.stored_size)),
        ),
    ];
    facts.into_iter().chain(task).collect()
}

/// Commit, branch, workflow and run, and who says so.
fn of_provenance(read: &ReadEntry) -> Vec<(&'static str, String)> {
    let Some((from, vouches)) = read.provenance() else {
        return Vec::new();
    };
    let run = from.run.as_ref().map(|run| match &from.run_url {
        Some(url) => format!("{run}, {url}"),
        None => run.clone(),
    });
    let facts = [
        ("commit", from.commit.clone()),
        ("branch", from.ref_name().map(str::to_owned)),
        ("event", from.event.clone()),
        ("workflow", from.workflow.clone()),
        ("CI run", run),
        ("started by", from.actor.clone()),
    ];
    let mut facts: Vec<_> = facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)))
        .collect();
    if !facts.is_empty() {
        let says = match vouches {
            Some(identity) => format!("the issuer of {identity}"),
            None => "nobody: these are claims of who wrote it".to_owned(),
        };
        facts.push(("vouched by", says));
    }
    facts
}

fn signature(read: &ReadEntry) -> String {
    let needed = if read.signature_needed {
        ""
    } else {
        " (not needed here)"
    };
    match &read.signer {
        Ok(signer) => format!("good, by {signer}"),
        Err(error) => format!("{error}{needed}"),
    }
}

/// The last line: whether a run would restore it.
pub(super) fn verdict(problem: Option<&str>) -> String {
    let paint = Paint::of_stdout();
    match problem {
        None => paint.good("✓ a run would restore it"),
        Some(problem) => paint.bad(&format!("✗ no run would restore it: {}", plain(problem))),
    }
}

/// The same as JSON.
pub(super) fn document(read: &ReadEntry, files: Files, problem: Option<String>) -> Value {
    json!({
        "key": read.key,
        "objectSize": read.object_size,
        "signature": {
            "good": read.signer.is_ok(),
            "needed": read.signature_needed,
            "signer": read.signer.as_ref().ok().map(SignedBy::name),
            "problem": read.signer.as_ref().err().map(ToString::to_string),
        },
        "provenance": read.provenance().map(|(from, vouches)| json!({
            "vouchedBy": vouches.map(ToString::to_string),
            "claims": from,
        })),
        "manifest": read.entry.as_ref().ok().map(|entry| &entry.manifest),
        "files": files.into_json().filter(|_| !read.name.is_body()),
        "restorable": problem.is_none(),
        "problem": problem,
    })
}
