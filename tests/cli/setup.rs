//! A workspace, a server with a bucket, and the binary.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::server::{self, RunningServer};

/// The server's secret, which no output may show.
pub const SECRET: &str = "test-secret";

/// What the binary did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Both outputs.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// A workspace that is set up for a bucket.
pub struct Setup {
    pub server: RunningServer,
    workspace: TempDir,
    storage: TempDir,
    section: Value,
    variables: Vec<(&'static str, String)>,
}

impl Setup {
    pub async fn new() -> Self {
        let storage = tempfile::tempdir().unwrap();
        let server = server::start(storage.path()).await;
        let section = json!({ "bucket": "tbucket", "endpoint": server.endpoint, "forcePathStyle": true });
        Self {
            server,
            workspace: tempfile::tempdir().unwrap(),
            storage,
            section,
            variables: vec![
                ("AWS_ACCESS_KEY_ID", "test".into()),
                ("AWS_SECRET_ACCESS_KEY", SECRET.into()),
            ],
        }
    }

    /// The same with another option in nx.json.
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.section[name] = value.into();
        self
    }

    /// The same with another environment variable.
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value.into()));
        self
    }

    /// Runs the binary below the workspace's root.
    pub async fn run(&self, args: &[&str]) -> Ran {
        let nx_json = json!({ "s3": self.section });
        std::fs::write(self.workspace.path().join("nx.json"), nx_json.to_string()).unwrap();
        run_in(self.workspace.path(), args, &self.variables).await
    }

    /// Puts an object into the bucket that was written `age` ago.
    pub fn place(&self, key: &str, body: &[u8], age: Duration) {
        let path = self.storage.path().join("tbucket").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, body).unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    /// Whether there is such an object.
    pub fn has(&self, key: &str) -> bool {
        self.storage.path().join("tbucket").join(key).exists()
    }

    /// All files of the bucket.
    pub fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut left = vec![self.storage.path().join("tbucket")];
        while let Some(directory) = left.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    left.push(path)
                } else {
                    found.push(path)
                }
            }
        }
        found
    }
}

/// Runs the binary in `directory` with nothing else in the environment.
pub async fn run_in(directory: &Path, args: &[&str], variables: &[(&str, String)]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_nx-s3-cache"))
        .args(args)
        .current_dir(directory)
        .env_clear()
        .env("HOME", directory)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
