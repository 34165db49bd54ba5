//! The last run of Nx on this machine, which Nx records in `run.json`: which hash each of its tasks had.

use std::fs;

use serde::Deserialize;

use super::ui::Ending;
use super::workspace::{Workspace, cache_directory};
use crate::plain::plain;
use crate::task_hash::{InvalidTaskHash, TaskHash};

/// Tasks that an error message lists.
const LISTED: usize = 5;

/// A task on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TaskArg {
    /// Its hash.
    Hash(TaskHash),
    /// `project:target` or `project:target:configuration`: the hash that it had in the last run of Nx.
    Name(String),
}

impl TaskArg {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidTaskHash> {
        if text.contains(':') {
            return Ok(Self::Name(text.to_owned()));
        }
        TaskHash::parse(text).map(Self::Hash)
    }

    /// Its hash.
    pub(super) fn hash(&self, workspace: &Workspace) -> Result<TaskHash, Ending> {
        match self {
            Self::Hash(hash) => Ok(hash.clone()),
            Self::Name(name) => LastRun::read(workspace)?.task(name).map(|task| task.hash),
        }
    }
}

/// `run.json`, as Nx 20 to 24 write it.
#[derive(Debug, Deserialize)]
pub(super) struct LastRun {
    pub run: Command,
    tasks: Vec<Recorded>,
}

/// What was run.
#[derive(Debug, Deserialize)]
pub(super) struct Command {
    /// Such as `nx run-many -t build`.
    pub command: String,
}

#[derive(Debug, Deserialize)]
struct Recorded {
    #[serde(rename = "taskId")]
    id: String,
    /// Missing where the task was skipped.
    hash: Option<String>,
}

/// A task that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// `project:target`, with the configuration where there is one.
    pub id: String,
    pub hash: TaskHash,
}

impl LastRun {
    pub(super) fn read(workspace: &Workspace) -> Result<Self, Ending> {
        let file = cache_directory(workspace).join("run.json");
        let unknown = |cause: String| {
            Ending::Unable(format!(
                "the last run of Nx on this machine is not known: {}: {cause}\nRun the task first, or give its hash.",
                file.display()
            ))
        };
        let text = fs::read(&file).map_err(|error| unknown(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| unknown(error.to_string()))
    }

    /// The task called `name`; one with a configuration also by its project and target, where that is clear.
    pub(super) fn task(&self, name: &str) -> Result<Task, Ending> {
        let of_target = |task: &&Recorded| {
            task.id
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(':'))
        };
        let mut with_configuration = self.tasks.iter().filter(of_target);
        let exact = self.tasks.iter().find(|task| task.id == name);
        let found = match (exact, with_configuration.next(), with_configuration.next()) {
            (Some(task), _, _) | (None, Some(task), None) => Some(task),
            _ => None,
        };
        let known = found.and_then(|task| {
            let hash = TaskHash::parse(task.hash.as_deref()?).ok()?;
            let id = task.id.clone();
            Some(Task { id, hash })
        });
        known.ok_or_else(|| Ending::Unable(self.without(name)))
    }

    fn without(&self, name: &str) -> String {
        let (project, target) = name.split_once(':').unwrap_or((name, ""));
        let mut near: Vec<&str> = self.tasks.iter().map(|task| task.id.as_str()).collect();
        near.sort_by_key(|id| {
            let (other_project, other_target) = id.split_once(':').unwrap_or((id, ""));
            (other_project != project, other_target != target)
        });
        near.truncate(LISTED);
        format!(
            "the last run of Nx on this machine, {:?}, had no task {name}, but {}.\nRun the task first, or give its hash.",
            plain(&self.run.command),
            plain(&near.join(", ")),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_run() -> LastRun {
        let text = r#"{
            "run": { "command": "nx run-many -t build", "startTime": "2026-01-01T00:00:00.000Z", "inner": false },
            "tasks": [
                { "taskId": "web:build:production", "target": "build", "hash": "1", "cacheStatus": "cache-miss", "status": 0 },
                { "taskId": "api:build:dev", "hash": "2" },
                { "taskId": "api:build:ci", "hash": "3" },
                { "taskId": "api:test", "hash": "4" },
                { "taskId": "api:deploy" }
            ]
        }"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_task_is_found_by_its_name_and_without_its_configuration_where_there_is_only_one() {
        let run = last_run();
        for (name, hash) in [
            ("web:build:production", "1"),
            ("web:build", "1"),
            ("api:build:ci", "3"),
            ("api:test", "4"),
        ] {
            assert_eq!(run.task(name).unwrap().hash.as_str(), hash, "{name}");
        }
    }

    #[test]
    fn a_task_that_was_not_run_is_reported_with_those_that_were() {
        for name in ["api:build", "api:deploy", "web:lint", "we:build"] {
            let Err(Ending::Unable(problem)) = last_run().task(name) else {
                unreachable!("{name} was found")
            };
            assert!(problem.contains("\"nx run-many -t build\""), "{problem}");
        }
        let Err(Ending::Unable(problem)) = last_run().task("api:lint") else {
            unreachable!("it was found")
        };
        assert!(
            problem.contains("had no task api:lint, but api:build:dev, api:build:ci, api:test, api:deploy, web:build:production."),
            "{problem}"
        );
    }

    #[test]
    fn what_has_no_colon_is_a_hash() {
        assert_eq!(
            TaskArg::parse("web:build").unwrap(),
            TaskArg::Name("web:build".into())
        );
        assert!(matches!(TaskArg::parse("123"), Ok(TaskArg::Hash(_))));
        assert!(TaskArg::parse("a b").is_err());
    }
}
