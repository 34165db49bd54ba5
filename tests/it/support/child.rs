//! Child processes that know nothing of the machine that runs the tests.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program, in `directory`, which is its home directory, too.
pub fn program(directory: &Path) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_nx-s3-cache"), directory);
    command
        .current_dir(directory)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// An ignored test of `module`, alone in a process. What it prints is the output's.
pub fn test(module: &str, name: &str, home: &Path) -> Command {
    let (_, module) = module.split_once("::").unwrap(); // behind the crate's name
    let mut command = command(std::env::current_exe().unwrap(), home);
    command
        .args([
            &format!("{module}::{name}"),
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

fn command(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("USERPROFILE", home)
        .stdin(Stdio::null());
    for name in ["SYSTEMROOT", "TMPDIR", "TEMP"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
}
