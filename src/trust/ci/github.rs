//! GitHub Actions: `GITHUB_EVENT_NAME`, `GITHUB_REF` (the full name) and the event's payload.
//! <https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows>
//!
//! Several events run with the secrets and the ref of the default branch although outsiders cause them:
//! `pull_request_target`, `workflow_run`, `issue_comment` and others. So only events that are known count.

use std::io::BufReader;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value as Json};

use super::super::facts::{Found, RunKind, first, open_file};
use crate::config::environment::Environment;
use crate::git_ref::GitRef;

/// What the branches of merge queues begin with. They are pushed, too.
const MERGE_QUEUE: &str = "refs/heads/gh-readonly-queue/";

pub(super) fn facts(environment: &Environment) -> Found {
    let Some(name) = environment.get("GITHUB_EVENT_NAME") else {
        return RunKind::Unknown.because("GITHUB_EVENT_NAME is missing");
    };
    let full = environment.get("GITHUB_REF").unwrap_or_default();
    if let Some(request) = full.strip_prefix("refs/pull/") {
        return RunKind::pull_request(request.split('/').next());
    }
    let event = Event::read(environment.get("GITHUB_EVENT_PATH"));
    let is_request = name.starts_with("pull_request")
        || event.as_ref().is_some_and(Event::is_pull_request)
        || first(environment, &["GITHUB_HEAD_REF", "GITHUB_BASE_REF"]).is_some();
    // On `pull_request_target`, and once a request is merged, the code is that of the branch it is for. What the
    // request stored must not get there, so its number doesn't count.
    if is_request {
        return RunKind::PullRequest(None).because("the event of a pull request, but not its code");
    }
    let git_ref = GitRef::parse(full).filter(|git_ref| has_type(git_ref, environment.get("GITHUB_REF_TYPE")));
    match name {
        "push" if event.as_ref().is_some_and(|event| !event.is_push_to(full)) => {
            RunKind::Unknown.because("a push, but to another branch than GITHUB_REF")
        }
        "push" if full.starts_with(MERGE_QUEUE) => RunKind::on(git_ref, RunKind::Other, "a merge queue"),
        "push" => RunKind::on(git_ref, RunKind::Push, "a push"),
        "schedule" => RunKind::on(git_ref, RunKind::Other, "a scheduled run"),
        "release" => RunKind::on(git_ref, RunKind::Other, "a release"),
        "merge_group" => RunKind::on(git_ref, RunKind::Other, "a merge queue"),
        "workflow_dispatch" if event.is_none_or(|event| event.has_text()) => {
            RunKind::Outside.because("a manual run whose inputs may choose other code")
        }
        "workflow_dispatch" => RunKind::on(git_ref, RunKind::Other, "a manual run"),
        _ => RunKind::Outside.because(format!("the event {}, which others can cause", printable(name))),
    }
}

/// Whether what GitHub says of the ref's type, if anything, is what its full name says.
fn has_type(git_ref: &GitRef, named: Option<&str>) -> bool {
    let name = match git_ref {
        GitRef::Branch(_) => "branch",
        GitRef::Tag(_) => "tag",
    };
    named.is_none_or(|named| named == name)
}

fn printable(event: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    event.chars().filter(safe).take(40).collect()
}

/// GitHub's own limit is 25 MB.
const MAX_SIZE: u64 = 32 * 1024 * 1024;

/// What matters of the payload of the event that started the workflow.
#[derive(Deserialize)]
struct Event {
    pull_request: Option<IgnoredAny>,
    #[serde(rename = "ref")]
    full: Option<String>,
    inputs: Option<Map<String, Json>>,
}

impl Event {
    /// Reads the payload; nothing if it can't be read.
    fn read(path: Option<&str>) -> Option<Self> {
        let file = open_file(path?, MAX_SIZE)?;
        serde_json::from_reader(BufReader::new(file)).ok()
    }

    fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }

    /// Whether this is a push to the ref of this full name.
    fn is_push_to(&self, full: &str) -> bool {
        self.full.as_deref() == Some(full)
    }

    /// Whether one of a manual run's inputs may be the name of other code. The payload doesn't tell the inputs' types, and
    /// has a number or a choice as text; only what can be a switch is none.
    fn has_text(&self) -> bool {
        let mut values = self.inputs.iter().flat_map(Map::values);
        values.any(|value| match value {
            Json::Null | Json::Bool(_) => false,
            Json::String(text) => !matches!(text.as_str(), "" | "true" | "false"),
            Json::Number(_) | Json::Array(_) | Json::Object(_) => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{branch, check, kind};
    use super::*;

    fn github(variables: &str) -> RunKind {
        kind("GITHUB_ACTIONS=true", variables)
    }

    /// The kind of run with this event and a payload.
    fn with_payload(name: &str, full: &str, payload: &str) -> RunKind {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event.json");
        std::fs::write(&file, payload).unwrap();
        let file = file.display();
        github(&format!(
            "GITHUB_EVENT_NAME={name} GITHUB_REF={full} GITHUB_EVENT_PATH={file}"
        ))
    }

    #[test]
    fn tells_what_kind_of_run_this_is() {
        check(
            "GITHUB_ACTIONS=true",
            "GITHUB_",
            "
            EVENT_NAME=push REF=refs/heads/main REF_TYPE=branch => push of branch main
            EVENT_NAME=push REF=refs/heads/feat/x => push of branch feat/x
            EVENT_NAME=push REF=refs/tags/v1 REF_TYPE=tag => push of tag v1
            EVENT_NAME=schedule REF=refs/heads/main => other of branch main
            EVENT_NAME=release REF=refs/tags/v1 => other of tag v1
            EVENT_NAME=merge_group REF=refs/heads/gh-readonly-queue/main/pr-5-0123 => other of branch gh-readonly-queue/main/pr-5-0123
            EVENT_NAME=push REF=refs/heads/gh-readonly-queue/main/pr-5-0123 => other of branch gh-readonly-queue/main/pr-5-0123",
        );
    }

    #[test]
    fn a_pull_request_is_one_whatever_else_is_set() {
        check(
            "GITHUB_ACTIONS=true",
            "GITHUB_",
            "
            EVENT_NAME=pull_request REF=refs/pull/5/merge HEAD_REF=main BASE_REF=main => request 5
            EVENT_NAME=pull_request_review REF=refs/pull/5/merge => request 5
            EVENT_NAME=pull_request_review_comment REF=refs/pull/5/merge => request 5
            # Runs with the secrets and the ref of the branch that the request is for.
            EVENT_NAME=pull_request_target REF=refs/heads/main BASE_REF=main => request
            EVENT_NAME=pull_request_target REF=refs/heads/main => request
            # Forged in part.
            EVENT_NAME=push REF=refs/pull/5/merge => request 5
            EVENT_NAME=push REF=refs/heads/main HEAD_REF=patch-1 => request
            EVENT_NAME=workflow_dispatch REF=refs/pull/5/head => request 5
            EVENT_NAME=pull_request REF=refs/pull/x/merge => request",
        );
    }

    #[test]
    fn events_that_others_can_cause_are_never_of_the_branch_they_name() {
        for event in [
            "workflow_run",
            "issue_comment",
            "issues",
            "repository_dispatch",
            "check_run",
            "check_suite",
            "status",
            "deployment",
            "deployment_status",
            "discussion_comment",
            "fork",
            "watch",
            "create",
            "delete",
            "label",
            "workflow_dispatch",
            "registry_package",
            "page_build",
            "gollum",
            "public",
            "dynamic",
            "PUSH",
        ] {
            let variables = format!("GITHUB_EVENT_NAME={event} GITHUB_REF=refs/heads/main");
            assert_eq!(github(&variables), RunKind::Outside, "{event}");
        }
    }

    #[test]
    fn what_is_missing_detached_or_contradictory_is_unknown() {
        for variables in [
            "GITHUB_REF=refs/heads/main",
            "GITHUB_EVENT_NAME=push",
            "GITHUB_EVENT_NAME=push GITHUB_REF=main",
            "GITHUB_EVENT_NAME=push GITHUB_REF=HEAD",
            "GITHUB_EVENT_NAME=push GITHUB_REF=0123456789abcdef0123456789abcdef01234567",
            "GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main GITHUB_REF_TYPE=tag",
            "GITHUB_EVENT_NAME=push GITHUB_REF=refs/tags/main GITHUB_REF_TYPE=branch",
        ] {
            assert_eq!(github(variables), RunKind::Unknown, "{variables}");
        }
    }

    /// `pull_request_target` runs with the secrets of main, and `pull_request` on main once the request is merged: what
    /// the request stored must not get there.
    #[test]
    fn a_request_s_event_on_the_code_of_a_branch_has_no_number() {
        for event in ["pull_request_target", "pull_request", "push"] {
            let payload = r#"{"number": 5, "pull_request": {"number": 5, "merged": true}}"#;
            let kind = with_payload(event, "refs/heads/main", payload);
            assert_eq!(kind, RunKind::PullRequest(None), "{event}");
        }
    }

    #[test]
    fn the_payload_tells_what_the_variables_hide() {
        let main = "refs/heads/main";
        let push = |payload| with_payload("push", main, payload);
        assert_eq!(
            push(r#"{"ref": "refs/heads/main", "after": "0123"}"#),
            RunKind::Push(branch("main"))
        );
        assert_eq!(push(r#"{"ref": "refs/heads/feat"}"#), RunKind::Unknown);
        assert_eq!(push(r#"{"ref": null}"#), RunKind::Unknown);
        assert_eq!(push("{"), RunKind::Push(branch("main")));
    }

    #[test]
    fn a_manual_run_with_any_text_may_choose_its_code_so_it_is_not_of_its_branch() {
        let run = |inputs: &str| {
            with_payload(
                "workflow_dispatch",
                "refs/heads/main",
                &format!(r#"{{"inputs": {inputs}}}"#),
            )
        };
        for inputs in [
            "null",
            "{}",
            r#"{"dry-run": "true", "debug": "false", "force": true}"#,
            r#"{"ref": ""}"#,
            r#"{"ref": null}"#,
        ] {
            assert_eq!(run(inputs), RunKind::Other(branch("main")), "{inputs}");
        }
        for inputs in [
            r#"{"ref": "feat"}"#,
            r#"{"what": "feat"}"#,
            r#"{"stage": "production", "debug": "false"}"#,
            r#"{"number": "5"}"#,
            r#"{"number": 5}"#,
            r#"{"flag": "True"}"#,
            r#"{"list": ["feat"]}"#,
            "5",
        ] {
            assert_eq!(run(inputs), RunKind::Outside, "{inputs}");
        }
    }

    #[test]
    fn a_payload_that_is_no_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Event::read(folder.path().to_str()).is_none() && Event::read(None).is_none());
        assert!(Event::read(folder.path().join("missing").to_str()).is_none());
    }
}
