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
mod ls;
mod nx_facts;
mod purge;
mod rebuild;
mod restore;
mod scopes;
mod scratch;
mod shell;
mod stats;
mod tally;
#[cfg(test)]
mod testing;
mod ui;
mod vela;
mod verify;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command};
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
        Ok(Cli { command }) => match command {
            Command::Keygen(options) => keygen::run(&options),
            Command::Doctor(options) if options.attack => {
                exit_code(attack::run(&workspace, options.json).await)
            }
            Command::Doctor(options) => doctor::run(&workspace, options.json).await,
            Command::Ls(options) => exit_code(ls::run(&workspace, &options).await),
            Command::Rebuild(options) => exit_code(rebuild::run(&workspace, &options).await),
            Command::Restore(options) => exit_code(restore::run(&workspace, &options).await),
            Command::Vela(options) => exit_code(vela::run(&workspace, &options).await),
            Command::Purge(options) => exit_code(purge::run(&workspace, &options).await),
            Command::Flush(options) => exit_code(flush::run(&workspace, &options).await),
            Command::Inspect(options) => exit_code(inspect::run(&workspace, &options).await),
            Command::Cat(options) => exit_code(cat::run(&workspace, &options).await),
            Command::Stats(options) => exit_code(stats::run(&workspace, &options).await),
            Command::Verify(options) => exit_code(verify::run(&workspace, &options).await),
            Command::Completions(options) => exit_code(shell::completions(&options, Cli::command())),
            Command::Man(_) => exit_code(shell::man(Cli::command())),
        },
        Err(error) => {
            // Help and the version come this way, too. A reader that is gone misses nothing.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(UNABLE)
        }
    }
}
