//! The `credential_process` of a profile: a command that prints credentials.
//!
//! The SDK's provider abandons a command that takes too long; this one kills it, with everything it started, so that no
//! process goes on waiting for a password.

use std::process::{Output, Stdio};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value};
use tokio::process::{Child, Command};

/// Runs a command with the shell, and reads what it prints.
pub(super) struct Process {
    /// May hold secrets.
    command: String,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").finish_non_exhaustive()
    }
}

impl Process {
    pub(super) fn new(command: &str) -> Self {
        Self {
            command: command.to_owned(),
        }
    }

    async fn credentials(&self) -> provider::Result {
        let output = self.run().await.map_err(CredentialsError::provider_error)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(CredentialsError::provider_error(format!(
                "{}: {said}",
                output.status
            )));
        }
        read(&output.stdout).map_err(CredentialsError::provider_error)
    }

    /// Runs the command, and ends it with everything it started when this future is dropped.
    async fn run(&self) -> std::io::Result<Output> {
        let mut command = shell(&self.command);
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn()?;
        let mut group = Group::of(&child)?;
        let output = child.wait_with_output().await;
        group.ended();
        output
    }
}

impl ProvideCredentials for Process {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// The system's shell with a command, in a process group of its own where there are such.
#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).process_group(0);
    shell
}

/// The system's shell with a command. It takes the quotes around the whole off and leaves those inside alone.
#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    shell.args(["/d", "/s", "/c"]).raw_arg(format!("\"{command}\""));
    shell
}

/// A process group that is killed when this is dropped, unless it has ended.
#[cfg(unix)]
struct Group(Option<u32>);

#[cfg(unix)]
impl Group {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Windows")]
    fn of(child: &Child) -> std::io::Result<Self> {
        Ok(Self(child.id()))
    }

    /// Its id may be another group's from now on.
    fn ended(&mut self) {
        self.0 = None;
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let id = self.0.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        // It fails only for a group that has ended meanwhile.
        let _ = id.map(|id| kill_process_group(id, Signal::KILL));
    }
}

/// A job object, which ends all its processes when this, its only handle, is dropped.
#[cfg(windows)]
struct Group {
    _job: win32job::Job,
}

#[cfg(windows)]
impl Group {
    fn of(child: &Child) -> std::io::Result<Self> {
        let mut limits = win32job::ExtendedLimitInfo::new();
        limits.limit_kill_on_job_close();
        let job = win32job::Job::create_with_limit_info(&limits).map_err(std::io::Error::other)?;
        if let Some(handle) = child.raw_handle() {
            job.assign_process(handle as isize)
                .map_err(std::io::Error::other)?;
        }
        Ok(Self { _job: job })
    }

    fn ended(&mut self) {}
}

/// The credentials that the command printed. The messages quote nothing of it.
fn read(printed: &[u8]) -> Result<Credentials, String> {
    let fields: Map<String, Value> =
        serde_json::from_slice(printed).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => "what it printed is not a JSON object".to_owned(),
            _ => format!("what it printed is not JSON: {error}"),
        })?;
    let field = |name: &str| {
        let mut fields = fields.iter();
        fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    };
    let text = |name: &str| field(name).and_then(Value::as_str).map(str::to_owned);
    let needed = |name: &str| text(name).ok_or_else(|| format!("the JSON it printed has no text {name:?}"));
    if field("Version").and_then(Value::as_u64) != Some(1) {
        return Err("the JSON it printed has no \"Version\" 1".to_owned());
    }
    let expiry = text("Expiration").map(|time| {
        let time = DateTime::from_str(&time, Format::DateTimeWithOffset).ok();
        let time = time.and_then(|time| SystemTime::try_from(time).ok());
        time.ok_or("the \"Expiration\" it printed is not a time such as 2030-01-31T12:00:00Z")
    });
    Ok(Credentials::new(
        needed("AccessKeyId")?,
        needed("SecretAccessKey")?,
        text("SessionToken"),
        expiry.transpose()?,
        "credential_process",
    ))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn keys_are_found_in_any_case_and_an_expiry_is_a_time() {
        let printed = br#"{"version": 1, "accesskeyid": "A", "SecretAccessKey": "s", "SessionToken": "t",
                          "Expiration": "2030-01-31T13:00:00+01:00"}"#;
        let found = read(printed).unwrap();
        assert_eq!((found.access_key_id(), found.session_token()), ("A", Some("t")));
        assert_eq!(
            found.expiry(),
            Some(UNIX_EPOCH + Duration::from_secs(1_896_091_200))
        );
    }

    #[test]
    fn what_is_wrong_is_said_without_quoting_it() {
        for (printed, expected) in [
            (r#"{"Secret": hush"#, "not JSON"),
            (r#""hush""#, "not a JSON object"),
            (
                r#"{"AccessKeyId": "hush", "SecretAccessKey": "hush"}"#,
                "no \"Version\" 1",
            ),
            (r#"{"Version": 2, "AccessKeyId": "hush"}"#, "no \"Version\" 1"),
            (
                r#"{"Version": 1, "SecretAccessKey": "hush"}"#,
                "no text \"AccessKeyId\"",
            ),
            (
                r#"{"Version": 1, "AccessKeyId": "hush", "SecretAccessKey": 5}"#,
                "no text \"SecretAccessKey\"",
            ),
            (
                r#"{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s", "Expiration": "hush"}"#,
                "is not a time",
            ),
        ] {
            let error = read(printed.as_bytes()).unwrap_err();
            assert!(error.contains(expected) && !error.contains("hush"), "{error}");
        }
    }
}
