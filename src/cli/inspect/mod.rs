//! `inspect`: all that an entry tells.

mod files;
mod told;

use clap::Args;

use super::bucket::{Bucket, ReadEntry, Stop};
use super::last_run::TaskArg;
use super::scopes::Scopes;
use super::ui::{BAD, Ending, GOOD, UNABLE, print};
use super::workspace::Workspace;
use crate::entry;
use files::Files;

/// Show what is in the entry of a task hash: manifest, producer, sizes, signature, and the list of its files.
///
/// Everything is checked as a restore would. Ends with 0 when a run would restore it, with 1 when there is no such entry
/// or something is wrong with it, and with 2 when it can't be read: no permission, or no key.
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
            look(&bucket, read, Files::kept()).await?
        } else {
            told::head(read).iter().try_for_each(|line| print::line(line))?;
            look(&bucket, read, Files::printed()).await?
        };
        code = code.max(judged(read, problem.as_deref()));
        if options.json {
            documents.push(told::document(read, files, problem));
        } else {
            print::line(&told::verdict(problem.as_deref()))?;
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
    Ok((files.unwrap_or_else(Files::kept), problem))
}

/// The exit code of an entry with this problem.
fn judged(read: &ReadEntry, problem: Option<&str>) -> u8 {
    match (&read.entry, problem) {
        (_, None) => GOOD,
        (Err(entry::Error::KeyMissing), _) => UNABLE,
        (_, Some(_)) => BAD,
    }
}
