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
        Ok(Cli { command }) => match command {
            Command::Keygen(options) => keygen::run(&options),
            Command::Doctor(options) if options.attack => attack::run(&workspace, options.json).await,
            Command::Doctor(options) => doctor::run(&workspace, options.json).await,
            Command::Ls(options) => exit_code(ls::run(&workspace, &options).await),
            Command::Rebuild(options) => exit_code(archives::run_rebuild(&workspace, &options).await),
            Command::Restore(options) => exit_code(archives::run_restore(&workspace, &options).await),
            Command::Vela(options) => exit_code(vela::run(&workspace, &options).await),
            Command::Purge(options) => exit_code(purge::run(&workspace, &options).await),
            Command::Flush(options) => exit_code(flush::run(&workspace, &options).await),
            Command::Inspect(options) => exit_code(inspect::run(&workspace, &options).await),
            Command::Why(options) => exit_code(why::run(&workspace, &options).await),
            Command::Cat(options) => exit_code(cat::run(&workspace, &options).await),
            Command::Stats(options) => exit_code(stats::run(&workspace, &options).await),
            Command::Verify(options) => exit_code(verify::run(&workspace, &options).await),
            Command::Completions(options) => exit_code(shell::completions(&options)),
            Command::Man(_) => exit_code(shell::man()),
        },
        Err(error) => {
            // Help and the version come this way, too. A reader that is gone misses nothing.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(UNABLE)
        }
    }
}
