//! `cat`: one file of an artifact, or what its task printed.

use std::io::{self, IsTerminal, Read};

use clap::Args;

use super::bucket::{Bucket, Stop};
use super::last_run::TaskArg;
use super::scopes::Scopes;
use super::ui::{BAD, Ending, GOOD, print};
use super::workspace::Workspace;
use crate::archive::{Item, ItemKind};
use crate::plain::of_a_terminal;

/// Print one file of an entry, or, without a path, what its task printed.
///
/// The bytes come as they are, and to a terminal without what it would obey rather than show, colours excepted.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache cat 12208083561620463533                       the terminal output
  nx-s3-cache cat 12208083561620463533 dist/main.js > main.js
  nx-s3-cache inspect 12208083561620463533                   lists the paths")]
pub(super) struct CatArgs {
    /// The task hash; or project:target, for the hash that it had in the last run of Nx
    #[arg(value_name = "TASK", value_parser = TaskArg::parse)]
    pub task: TaskArg,
    /// The file's path, as `inspect` lists it
    pub path: Option<String>,
    /// The scope: t, u/pr-123, … [default: those that a run with this environment reads, the first that has it]
    #[arg(long)]
    pub scope: Option<Scopes>,
}

/// Prints it.
pub(super) async fn run(workspace: &Workspace, options: &CatArgs) -> Result<u8, Ending> {
    let hash = options.task.hash(workspace)?;
    let bucket = Bucket::open(workspace).await?;
    let scopes = bucket.asked_or_read(options.scope.as_ref());
    let found = bucket.find(&scopes, &hash).await?.into_iter().next();
    let Some(read) = found else {
        print::note(&bucket.not_found(options.scope.as_ref(), &hash));
        return Ok(BAD);
    };
    if let Some(refusal) = read.refusal() {
        print::note(&format!("no run would restore {}: {refusal}", read.key));
    }
    let Ok(entry) = &read.entry else {
        return Ok(BAD);
    };
    if read.name.is_body() {
        print::note(&format!(
            "{} is a body: an archive of Nx's own, which only Nx reads",
            read.key
        ));
        return Ok(BAD);
    }
    let wanted = Wanted(options.path.clone());
    let (_, looked) = bucket.look_through(&read, entry, wanted, Wanted::look).await;
    match (looked, &options.path) {
        (Err(Stop::Enough), _) => Ok(GOOD),
        (Err(Stop::Ends(ending)), _) => Err(ending),
        (Err(Stop::Bad(error)), _) => {
            print::note(&error.to_string());
            Ok(BAD)
        }
        (Ok(()), path) => {
            let path = path.as_deref().unwrap_or_default();
            print::note(&format!(
                "there is no file {path:?} in {hash}: `inspect {hash}` lists what there is"
            ));
            Ok(BAD)
        }
    }
}

/// The path that is looked for; none means the terminal output.
struct Wanted(Option<String>);

impl Wanted {
    fn look(&mut self, item: Item<'_>) -> Result<(), Stop> {
        let it = match (&self.0, item.kind) {
            (None, ItemKind::TerminalOutput) => true,
            (Some(path), ItemKind::File) => path.as_bytes() == item.path,
            _ => false,
        };
        if it {
            copy(item.content)?;
            return Err(Stop::Enough);
        }
        Ok(())
    }
}

/// Copies `content` to standard output.
fn copy(content: &mut dyn Read) -> Result<(), Stop> {
    let terminal = io::stdout().is_terminal();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = content
            .read(&mut buffer)
            .map_err(|error| Stop::Bad(crate::archive::Error::Stream(error).into()))?;
        if read == 0 {
            return Ok(());
        }
        let printed = if terminal {
            print::bytes(of_a_terminal(&String::from_utf8_lossy(&buffer[..read])).as_bytes())
        } else {
            print::bytes(&buffer[..read])
        };
        printed.map_err(Stop::Ends)?;
    }
}
