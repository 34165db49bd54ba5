//! A machine to resolve on: its home directory, its environment, and the options.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::child::{self, Report, Task};

/// A machine without any AWS settings, to be given some.
pub struct Machine {
    directory: TempDir,
    variables: Vec<(String, String)>,
    pub task: Task,
}

impl Machine {
    pub fn new() -> Self {
        let machine = Self {
            directory: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            task: Task {
                region: Some("eu-west-1".into()),
                ..Task::default()
            },
        };
        std::fs::create_dir_all(machine.home().join(".aws/sso/cache")).unwrap();
        machine
    }

    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    pub fn variable(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.variables
            .push((name.into(), value.as_ref().to_str().unwrap().into()));
        self
    }

    /// Keys in the environment, with this access key id.
    pub fn environment(self, id: &str) -> Self {
        self.variable("AWS_ACCESS_KEY_ID", id)
            .variable("AWS_SECRET_ACCESS_KEY", "secret")
    }

    /// `~/.aws/config`.
    pub fn config(self, text: &str) -> Self {
        self.file(".aws/config", text)
    }

    /// `~/.aws/credentials`.
    pub fn credentials(self, text: &str) -> Self {
        self.file(".aws/credentials", text)
    }

    /// A file in the home directory.
    pub fn file(self, path: &str, text: &str) -> Self {
        std::fs::write(self.home().join(path), text).unwrap();
        self
    }

    pub fn options(mut self, set: impl FnOnce(&mut Task)) -> Self {
        set(&mut self.task);
        self
    }

    /// Resolves on this machine.
    pub fn resolve(&self) -> Report {
        let directory = self.directory.path();
        std::fs::write(
            directory.join("task.json"),
            serde_json::to_vec(&self.task).unwrap(),
        )
        .unwrap();
        let output = child::start(&self.home(), directory)
            .envs(self.variables.iter().map(|(k, v)| (k, v)))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        serde_json::from_slice(&std::fs::read(directory.join("report.json")).unwrap()).unwrap()
    }

    /// Resolves, and it works: source and access key id.
    pub fn found(&self) -> (String, String) {
        let report = self.resolve();
        match (report.source, report.access_key_id) {
            (Some(source), Some(id)) => (source, id),
            _ => panic!("{:?}", report.error),
        }
    }

    /// Resolves, and it does not work: the message.
    pub fn error(&self) -> String {
        let report = self.resolve();
        report
            .error
            .unwrap_or_else(|| panic!("found {:?}", report.source))
    }
}

/// Source and access key id as [`Machine::found`] gives them.
pub fn pair(source: &str, id: &str) -> (String, String) {
    (source.into(), id.into())
}

#[track_caller]
pub fn assert_starts_with(error: &str, start: &str) {
    assert!(error.starts_with(start), "{error}");
}

#[track_caller]
pub fn assert_contains(error: &str, part: &str) {
    assert!(error.contains(part), "{error}");
}
