//! The command line: `npx nx-s3-cache` and the standalone binary.
//!
//! A command prints by itself and ends with an exit code: 0 all is well, 1 something is wrong, 2 the command
//! could not do its work (bad arguments, bad configuration), 130 somebody pressed Ctrl-C.

mod age;
mod archives;
mod args;
mod attack;
mod bucket;
mod cat;
mod chart;
mod confirm;
mod deletion;
mod doctor;
mod ending;
mod flush;
mod inspect;
mod interrupt;
mod keygen;
mod last_run;
mod ls;
mod page;
mod place;
mod print;
mod progress;
mod purge;
mod remedy;
mod scopes;
mod scratch;
mod shell;
mod stats;
mod table;
mod tally;
#[cfg(test)]
mod testing;
mod vela;
mod verify;
mod why;
mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::config::Config;
use crate::config::environment::Environment;
use crate::trust::{self, RunFacts};
use args::{Cli, Command};
use ending::exit_code;
use place::{Place, Placed};

/// The command did its work, and all is well.
const GOOD: u8 = 0;
/// It did its work, and something is wrong.
const BAD: u8 = 1;
/// It could not do its work.
const UNABLE: u8 = 2;
/// It was interrupted, and said what was done until then.
const INTERRUPTED: u8 = 130;

/// Where a command runs: what JavaScript finds out for `npx nx-s3-cache`.
#[derive(Clone)]
pub struct Workspace {
    /// The JSON text of the `s3` section of nx.json, `None` when there is none; or why that can't be told. Then no command
    /// may go on as if there were none: it would not know whose signatures are needed.
    pub section: Result<Option<String>, String>,
    /// Its root directory.
    pub root: PathBuf,
    /// Whether this is CI.
    pub ci: bool,
    /// The environment variables.
    pub environment: Environment,
    /// What JavaScript found out about Nx, as JSON; absent for the standalone binary.
    pub nx_facts: Option<String>,
}

impl Workspace {
    fn config(&self) -> Result<Config, String> {
        let section = self.section.as_ref().map_err(String::clone)?;
        let config = Config::load(section.as_deref(), &self.environment, self.ci, &self.root);
        config.map_err(|errors| errors.to_string())
    }

    fn facts(&self) -> RunFacts {
        trust::detect(&self.environment, self.ci)
    }
}

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
    let here = |place: &Place| place.in_workspace(workspace.clone());
    match command {
        Command::Keygen(args) => keygen::run(&args),
        Command::Doctor(Placed { place, args }) if args.attack => attack::run(&here(&place), args.json).await,
        Command::Doctor(Placed { place, args }) => doctor::run(&here(&place), args.json).await,
        Command::Ls(Placed { place, args }) => exit_code(ls::run(&here(&place), &args).await),
        Command::Rebuild(Placed { place, args }) => {
            exit_code(archives::run_rebuild(&here(&place), &args).await)
        }
        Command::Restore(Placed { place, args }) => {
            exit_code(archives::run_restore(&here(&place), &args).await)
        }
        Command::Vela(args) => exit_code(vela::run(&workspace, &args).await),
        Command::Purge(Placed { place, args }) => exit_code(purge::run(&here(&place), &args).await),
        Command::Flush(Placed { place, args }) => exit_code(flush::run(&here(&place), &args).await),
        Command::Inspect(Placed { place, args }) => exit_code(inspect::run(&here(&place), &args).await),
        Command::Why(Placed { place, args }) => exit_code(why::run(&here(&place), &args).await),
        Command::Cat(Placed { place, args }) => exit_code(cat::run(&here(&place), &args).await),
        Command::Stats(Placed { place, args }) => exit_code(stats::run(&here(&place), &args).await),
        Command::Verify(Placed { place, args }) => exit_code(verify::run(&here(&place), &args).await),
        Command::Completions(args) => exit_code(shell::completions(&args)),
        Command::Man(_) => exit_code(shell::man()),
    }
}
