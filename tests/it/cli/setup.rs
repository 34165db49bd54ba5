//! A workspace, a server with a bucket, and the binary.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::child;
use crate::support::faulty::{Fault, Faulty};
use crate::support::machine::scratch;
use crate::support::scripted::{Reply, Seen};
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
    async fn of(mut command: Command) -> Self {
        let output = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Standard output as one JSON document a line.
    pub fn json_lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Standard output with what differs from run to run replaced.
    pub fn steady(&self) -> String {
        steady(&self.stdout)
    }

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
    _proxy: Option<Faulty>,
    workspace: TempDir,
    storage: TempDir,
    section: Value,
    variables: Vec<(&'static str, String)>,
}

impl Setup {
    pub async fn new() -> Self {
        let storage = scratch();
        let server = server::start(storage.path()).await;
        let section = json!({ "bucket": "tbucket", "endpoint": server.endpoint, "forcePathStyle": true });
        Self {
            server,
            _proxy: None,
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

    /// The same with a proxy before the server, which does by this rule.
    pub async fn through(self, rule: impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static) -> Self {
        let proxy = Faulty::start(self.server.address, rule).await;
        let endpoint = proxy.endpoint();
        Self {
            _proxy: Some(proxy),
            ..self.option("endpoint", endpoint)
        }
    }

    /// The same with a proxy that answers itself what the rule has an answer for.
    pub async fn intercepted(self, rule: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Self {
        self.through(move |seen, _| rule(seen).map_or(Fault::None, Fault::Instead))
            .await
    }

    /// The `s3` section of nx.json.
    pub fn section(&self) -> &Value {
        &self.section
    }

    /// The environment variables.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// Where the objects of the bucket are, as files.
    pub fn bucket(&self) -> PathBuf {
        self.storage.path().join("tbucket")
    }

    /// Runs the binary below the workspace's root.
    pub async fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args)).await
    }

    /// The binary, about to run below the workspace's root.
    pub fn command(&self, args: &[&str]) -> Command {
        let nx_json = json!({ "s3": self.section });
        std::fs::write(self.workspace.path().join("nx.json"), nx_json.to_string()).unwrap();
        command_in(self.workspace.path(), args, &self.variables)
    }

    /// Records a run of Nx in the workspace, with these hashes of tasks.
    pub fn last_run(&self, tasks: &[(&str, &str)]) {
        record_run(self.workspace.path(), tasks);
    }

    /// Replaces an object, as somebody does who can write to the bucket.
    pub fn replace(&self, object: &Path, bytes: &[u8]) {
        // The server's own note of its checksum would give it away.
        for entry in std::fs::read_dir(self.storage.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::remove_file(path).unwrap();
            }
        }
        std::fs::write(object, bytes).unwrap();
    }

    /// Runs the binary in another directory, as on another machine.
    pub async fn run_at(&self, directory: &Path, args: &[&str]) -> Ran {
        let nx_json = json!({ "s3": self.section });
        std::fs::write(directory.join("nx.json"), nx_json.to_string()).unwrap();
        run_in(directory, args, &self.variables).await
    }

    /// Where the bucket keeps this object.
    pub fn file(&self, key: &str) -> PathBuf {
        self.storage.path().join("tbucket").join(key)
    }

    /// Puts an object into the bucket that was written `age` ago.
    pub fn place(&self, key: &str, body: &[u8], age: Duration) {
        let path = self.file(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, body).unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    /// Whether there is such an object.
    pub fn has(&self, key: &str) -> bool {
        self.file(key).exists()
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

/// Writes down a run with these hashes of tasks, as Nx does in the workspace `root`.
pub fn record_run(root: &Path, tasks: &[(&str, &str)]) {
    let tasks: Vec<_> = tasks
        .iter()
        .map(|(task, hash)| json!({ "taskId": task, "hash": hash, "cacheStatus": "cache-miss", "status": 0 }))
        .collect();
    let run = json!({ "run": { "command": "nx run-many -t build,test", "inner": false }, "tasks": tasks });
    let directory = root.join(".nx/cache");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("run.json"), run.to_string()).unwrap();
}

/// `text` with times, ages and this project's version replaced.
pub fn steady(text: &str) -> String {
    let mut text = text.replace(env!("CARGO_PKG_VERSION"), "<version>");
    for (pattern, name) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"),
        (r"\d{4}-\d\d-\d\d", "<day>"),
        (r"\b\d+ (s|min)\b", "<age>"),
    ] {
        text = regex_lite::Regex::new(pattern)
            .unwrap()
            .replace_all(&text, name)
            .into_owned();
    }
    text
}

/// Runs the binary in `directory` with nothing else in the environment.
pub async fn run_in(directory: &Path, args: &[&str], variables: &[(&str, String)]) -> Ran {
    Ran::of(command_in(directory, args, variables)).await
}

fn command_in(directory: &Path, args: &[&str], variables: &[(&str, String)]) -> Command {
    let mut command = child::program(directory);
    command
        .args(args)
        .envs(variables.iter().map(|(name, value)| (*name, value)));
    command.into()
}
