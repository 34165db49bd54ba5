//! The command line: `npx nx-s3-cache` and the standalone binary.
//!
//! A command prints by itself and ends with an exit code: 0 all is well, 1 something is wrong, 2 usage or
//! runtime error, 130 somebody pressed Ctrl-C.

mod args;
mod attack;
mod bucket;
mod cat;
mod deletion;
mod doctor;
mod flush;
mod inspect;
mod keygen;
mod last_run;
mod ls;
mod nx_facts;
mod purge;
mod rebuild;
mod restore;
mod scopes;
mod scratch;
mod shell;
mod stats;
#[cfg(test)]
mod testing;
mod top;
mod ui;
mod vela;
mod verify;
mod why;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{BucketArgs, Cli, Command, WithBucket};
use ui::UNABLE;
use ui::print::{self, exit_code};

pub use nx_facts::{NxCandidate, NxFacts, NxPackage, NxRoute};
pub use workspace::Workspace;

/// What the standalone binary does.
pub fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let code = match (runtime, workspace::find()) {
        (Ok(runtime), Ok(workspace)) => runtime.block_on(run(std::env::args_os().skip(1), workspace)),
        (Err(error), _) => print::failure(&format!("no threads to work with: {error}")),
        (_, Err(problem)) => print::failure(&problem),
    };
    code.into()
}

/// Runs the command that `args` (without the program's name) ask for; returns the exit code.
pub async fn run(args: impl IntoIterator<Item = impl Into<OsString>>, workspace: Workspace) -> u8 {
    let name = OsString::from("nx-s3-cache");
    let args = std::iter::once(name).chain(args.into_iter().map(Into::into));
    match Cli::try_parse_from(args) {
        Ok(Cli { command }) => run_command(command, workspace).await,
        Err(error) => {
            // Help and the version come this way, too. A reader that is gone misses nothing.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(UNABLE)
        }
    }
}

async fn run_command(command: Command, workspace: Workspace) -> u8 {
    let here = |bucket: &BucketArgs| bucket.in_workspace(workspace.clone());
    match command {
        Command::Keygen(args) => keygen::run(&args),
        Command::Doctor(WithBucket { bucket, args }) if args.attack => {
            exit_code(attack::run(&here(&bucket), args.json).await)
        }
        Command::Doctor(WithBucket { bucket, args }) => doctor::run(&here(&bucket), args.json).await,
        Command::Ls(WithBucket { bucket, args }) => exit_code(ls::run(&here(&bucket), &args).await),
        Command::Rebuild(WithBucket { bucket, args }) => exit_code(rebuild::run(&here(&bucket), &args).await),
        Command::Restore(WithBucket { bucket, args }) => exit_code(restore::run(&here(&bucket), &args).await),
        Command::Vela(args) => exit_code(vela::run(&workspace, &args).await),
        Command::Purge(WithBucket { bucket, args }) => exit_code(purge::run(&here(&bucket), &args).await),
        Command::Flush(WithBucket { bucket, args }) => exit_code(flush::run(&here(&bucket), &args).await),
        Command::Inspect(WithBucket { bucket, args }) => exit_code(inspect::run(&here(&bucket), &args).await),
        Command::Why(WithBucket { bucket, args }) => exit_code(why::run(&here(&bucket), &args).await),
        Command::Cat(WithBucket { bucket, args }) => exit_code(cat::run(&here(&bucket), &args).await),
        Command::Stats(WithBucket { bucket, args }) => exit_code(stats::run(&here(&bucket), &args).await),
        Command::Verify(WithBucket { bucket, args }) => exit_code(verify::run(&here(&bucket), &args).await),
        Command::Completions(args) => exit_code(shell::completions(&args, Cli::command())),
        Command::Man(_) => exit_code(shell::man(Cli::command())),
    }
}
