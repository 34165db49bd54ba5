//! `inspect`: all that an entry tells.

mod files;

use clap::Args;
use serde_json::{Value, json};

use super::bucket::{Bucket, ReadEntry, Stop};
use super::last_run::TaskArg;
use super::scopes::Scopes;
use super::ui::print::{self, Paint};
use super::ui::{BAD, Ending, GOOD, UNABLE, age};
use super::workspace::Workspace;
use crate::cache::{bytes, counted};
use crate::entry::{self, Manifest};
use crate::plain::plain;
use crate::sign::SignedBy;
use files::Files;

/// Show what is in the entry of a task hash: manifest, producer, sizes, signature, and the list of its files.
///
/// Everything is checked as a restore would. Exits 0 when a run would restore it, 1 when there is no such entry
/// or something is wrong with it, and 2 when it can't be read: no permission, or no key.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache inspect 12208083561620463533
  nx-s3-cache inspect web:build                          as the last run of Nx had it
  nx-s3-cache inspect 12208083561620463533 --scope '*'   in every scope
  nx-s3-cache inspect 12208083561620463533 --json | jq .manifest.producer")]
pub(super) struct InspectArgs {
    /// The task hash, as `ls` and Nx's logs show it; or project:target, for the hash that it had in the last run of Nx
    #[arg(value_name = "TASK", value_parser = TaskArg::parse)]
    pub task: TaskArg,
    /// The scopes: t, u/pr-123, u/pr-*, u/* or * [default: those that a run with this environment reads]
    #[arg(long)]
    pub scope: Option<Scopes>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Shows the entries of the hash.
pub(super) async fn run(workspace: &Workspace, options: &InspectArgs) -> Result<u8, Ending> {
    let hash = options.task.hash(workspace)?;
    let bucket = Bucket::open(workspace).await?;
    let scopes = bucket.asked_or_read(options.scope.as_ref());
    let found = bucket.find(&scopes, &hash).await?;
    if found.is_empty() {
        print::note(&bucket.not_found(options.scope.as_ref(), &hash));
    }
    let mut code = if found.is_empty() { BAD } else { GOOD };
    let mut documents = Vec::new();
    for read in &found {
        let (files, problem) = if options.json {
            look(&bucket, read, Files::Kept(Vec::new())).await?
        } else {
            print::lines(&head(read))?;
            look(&bucket, read, Files::Printed).await?
        };
        code = code.max(exit_code(read, problem.as_deref()));
        if options.json {
            documents.push(document(read, files, problem));
        } else {
            print::line(&verdict(problem.as_deref()))?;
        }
    }
    if options.json {
        print::json(&documents);
    }
    Ok(code)
}

/// Looks at the files of an entry; returns them as far as they were kept, and why no run would restore them.
async fn look(bucket: &Bucket, read: &ReadEntry, files: Files) -> Result<(Files, Option<String>), Ending> {
    let Ok(entry) = &read.entry else {
        return Ok((files, read.refusal().map(ToString::to_string)));
    };
    let (files, looked) = bucket.look_through(read, entry, files, Files::look).await;
    let problem = match looked {
        Ok(()) | Err(Stop::Enough) => read.refusal().map(ToString::to_string),
        Err(Stop::Bad(error)) => Some(error.to_string()),
        Err(Stop::Ends(ending)) => return Err(ending),
    };
    Ok((files.unwrap_or(Files::Kept(Vec::new())), problem))
}

/// The exit code of an entry with this problem.
fn exit_code(read: &ReadEntry, problem: Option<&str>) -> u8 {
    match (&read.entry, problem) {
        (_, None) => GOOD,
        (Err(entry::Error::KeyMissing), _) => UNABLE,
        (_, Some(_)) => BAD,
    }
}

/// Everything but the files.
fn head(read: &ReadEntry) -> Vec<String> {
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
fn verdict(problem: Option<&str>) -> String {
    let paint = Paint::of_stdout();
    match problem {
        None => paint.good("✓ a run would restore it"),
        Some(problem) => paint.bad(&format!("✗ no run would restore it: {}", plain(problem))),
    }
}

/// The same as JSON.
fn document(read: &ReadEntry, files: Files, problem: Option<String>) -> Value {
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
