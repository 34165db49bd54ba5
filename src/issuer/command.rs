//! Runs the command of a CI system's agent that prints a token.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, copy, sink};
use tokio::process::Command;

use crate::environment::{self, Environment};
use crate::plain;
use crate::secret::Secret;
use crate::sign::identity::MAX_TOKEN;

/// For a command, which asks its service over the network.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Characters of what a command says on standard error.
const QUOTED: usize = 200;

/// What a command printed, as far as it matters, and how it ended.
struct Ended {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// What a command prints, whose program is on the `PATH`.
pub(super) async fn printed(program: &str, arguments: &[&str]) -> Result<Secret, String> {
    let path = environment::process("PATH").unwrap_or_default();
    let found = find(&path, program).ok_or_else(|| {
        format!(
            "`{program}` can't be started: it is in no folder of the PATH but those in node_modules, if any"
        )
    })?;
    let command = command(&found, arguments, &Environment::of_process());
    let ended = tokio::time::timeout(TIMEOUT, run(command)).await;
    let ended = ended
        .map_err(|_| format!("`{program}` didn't end within {} s", TIMEOUT.as_secs()))?
        .map_err(|error| format!("`{program}` failed: {error}"))?;
    if !ended.status.success() {
        let said = plain::line(&String::from_utf8_lossy(&ended.stderr), QUOTED);
        return Err(format!("`{program}` failed with {}: {said}", ended.status));
    }
    let printed = String::from_utf8(ended.stdout)
        .ok()
        .filter(|text| text.len() <= 2 * MAX_TOKEN)
        .ok_or_else(|| format!("`{program}` printed no token"))?;
    Ok(Secret::new(printed.trim().to_owned()))
}

/// The first program of this name on `path`. A dependency of the workspace puts programs of any name into
/// `node_modules/.bin`, which package managers put first, so that doesn't count; nor does what depends on the working
/// directory.
fn find(path: &str, program: &str) -> Option<PathBuf> {
    let of_packages = |folder: &Path| folder.components().any(|part| part.as_os_str() == "node_modules");
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute() && !of_packages(folder))
        .map(|folder| folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
}

/// The command, without our own variables: some hold keys, and it needs none.
fn command(program: &Path, arguments: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for name in environment.prefixed() {
        command.env_remove(name);
    }
    command
}

async fn run(mut command: Command) -> io::Result<Ended> {
    let mut child = command.spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(beginning(stdout), beginning(stderr))?;
    let status = child.wait().await?;
    Ok(Ended {
        status,
        stdout,
        stderr,
    })
}

/// Reads to the end, and keeps one byte more than a token and what is around it may have.
async fn beginning(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut stream) = stream {
        let most = 2 * MAX_TOKEN as u64 + 1;
        (&mut stream).take(most).read_to_end(&mut kept).await?;
        copy(&mut stream, &mut sink()).await?;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_package_of_the_workspace_stands_in_for_the_agent() {
        let root = tempfile::tempdir().unwrap();
        let name = format!("agent{}", std::env::consts::EXE_SUFFIX);
        let folder = |path: &str| {
            let folder = root.path().join(path);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(&name), "").unwrap();
            folder
        };
        let packages = [
            folder("node_modules/.bin"),
            folder("node_modules/x/lib/bin"),
            folder("w/node_modules/.bin"),
        ];
        let found = |folders: &[PathBuf]| {
            let path = std::env::join_paths(folders).unwrap();
            find(path.to_str().unwrap(), "agent")
        };
        assert_eq!(found(&packages), None);
        assert_eq!(found(&["".into(), ".".into(), "src".into()]), None);
        let (system, later) = (folder("bin"), folder("sbin"));
        let all = [&packages[..], &[root.path().join("none"), system.clone(), later]].concat();
        assert_eq!(found(&all), Some(system.join(&name)));
    }

    #[test]
    fn the_agent_does_not_inherit_our_keys() {
        let environment = [
            ("NX_S3_CACHE_SIGNING_KEY", "hush"),
            ("NX_S3_CACHE_ENCRYPTION_KEY", "hush"),
            ("BUILDKITE_AGENT_ACCESS_TOKEN", "its own"),
        ];
        let command = command(Path::new("agent"), &[], &environment.into());
        let changed: Vec<_> = command.as_std().get_envs().collect();
        let removed =
            ["NX_S3_CACHE_ENCRYPTION_KEY", "NX_S3_CACHE_SIGNING_KEY"].map(|name| (name.as_ref(), None));
        assert_eq!(changed, removed);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn however_much_the_agent_prints_little_is_kept() {
        let script = "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; exit 3";
        let command = command(Path::new("/bin/sh"), &["-c", script], &Environment::default());
        let ended = run(command).await.unwrap();
        let most = 2 * MAX_TOKEN + 1;
        assert_eq!((ended.stdout.len(), ended.stderr.len()), (most, most));
        assert_eq!(ended.status.code(), Some(3));
    }
}
