//! Poison that a pull request plants under the names of other runs' scopes. No run restores it whose code may be
//! released.

use std::sync::Arc;

use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::scope::{Scope, ScopeName};
use nx_s3_cache::sign::SigningKey;
use tempfile::TempDir;

use super::support::*;
use super::trust::{Who, key, pull_request, restored, store};

/// Runs of code that may be released, and what CI tells each.
const VICTIMS: [(&str, &str); 16] = [
    (
        "a push to main",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main",
    ),
    (
        "a schedule",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main",
    ),
    (
        "a manual run",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=workflow_dispatch GITHUB_REF=refs/heads/main GITHUB_EVENT_PATH=PAYLOAD",
    ),
    (
        "a tag",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=push GITHUB_REF=refs/tags/v1.0.0",
    ),
    (
        "a release",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=release GITHUB_REF=refs/tags/v1.0.0",
    ),
    (
        "a merge queue",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=merge_group GITHUB_REF=refs/heads/gh-readonly-queue/main/pr-5-0",
    ),
    (
        "a merge queue's push",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/gh-readonly-queue/main/pr-5-0",
    ),
    (
        "a request's event with the secrets of main",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request_target GITHUB_REF=refs/heads/main GITHUB_EVENT_PATH=PAYLOAD",
    ),
    (
        "another workflow's end",
        "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=workflow_run GITHUB_REF=refs/heads/main",
    ),
    (
        "a GitLab schedule on a protected branch",
        "GITLAB_CI=true CI_PIPELINE_SOURCE=schedule CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
    ),
    (
        "a GitLab push to main that isn't protected",
        "GITLAB_CI=true CI_PIPELINE_SOURCE=push CI_COMMIT_BRANCH=main",
    ),
    (
        "a GitLab merge train",
        "GITLAB_CI=true CI_MERGE_REQUEST_IID=5 CI_MERGE_REQUEST_EVENT_TYPE=merge_train",
    ),
    (
        "a Buildkite build of main, with a request from main to another branch",
        "BUILDKITE=true BUILDKITE_PULL_REQUEST=5 BUILDKITE_BRANCH=main",
    ),
    (
        "a CircleCI build of main, with a request from main to another branch",
        "CIRCLECI=true CIRCLE_BRANCH=main CIRCLE_PULL_REQUEST=https://github.com/o/r/pull/5",
    ),
    (
        "a CircleCI build of a GitHub App's project",
        "CIRCLECI=true CIRCLE_BRANCH=main",
    ),
    ("a developer", "USER=ada"),
];

/// The names that these runs' scopes have or had.
fn names() -> Vec<ScopeName> {
    let fixed = [
        "branch-main",
        "branch-v1.0.0",
        "tag-v1.0.0",
        "dev-ada",
        "pr-5",
        "pr-5-train",
    ];
    let queue = ScopeName::branch("gh-readonly-queue/main/pr-5-0");
    let fixed = fixed.iter().map(|name| ScopeName::parse(name).unwrap());
    fixed.chain([queue]).collect()
}

/// The victims, as they believe one key, and the file of the event's payload.
struct Victims(TempDir);

impl Victims {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let payload = r#"{"number": 5, "inputs": {"dry-run": "false"}}"#;
        std::fs::write(directory.path().join("event.json"), payload).unwrap();
        Self(directory)
    }

    fn believing(&self, key: &SigningKey) -> Vec<(&'static str, Who)> {
        let payload = self.0.path().join("event.json").display().to_string();
        let of = |(victim, variables): (_, &str)| {
            let variables = variables.replace("PAYLOAD", &payload);
            let pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
            (victim, Who::believing(&[key], pairs.collect()))
        };
        VICTIMS.into_iter().map(of).collect()
    }
}

/// A bucket in which pull request 1 has stored poison under every name, by naming its scope so.
async fn planted(key: &SigningKey) -> Arc<MemoryStore> {
    let bucket = bucket();
    for name in names() {
        let mut request = pull_request(key);
        request.config.trust.scope = Some(Scope::Untrusted(name));
        store(&bucket, request, "poison").await;
    }
    assert_eq!(bucket.keys().len(), names().len());
    bucket
}

#[tokio::test]
async fn planted_poison_is_a_miss_for_every_run_with_and_without_the_key() {
    let (key, victims) = (key("main"), Victims::new());
    let bucket = planted(&key).await;
    for (victim, mut who) in victims.believing(&key) {
        assert_eq!(restored(&bucket, who.clone()).await.0, None, "{victim}");
        who.config.trust.signing_key = Some(key.clone());
        assert_eq!(restored(&bucket, who).await.0, None, "{victim}, with the key");
    }
}

#[tokio::test]
async fn planted_poison_is_a_miss_also_where_every_job_names_the_same_scope() {
    let (key, victims) = (key("main"), Victims::new());
    let bucket = planted(&key).await;
    for (victim, mut who) in victims.believing(&key) {
        // It isn't recognized, so its job's word is all there is.
        if victim == "a CircleCI build of a GitHub App's project" {
            continue;
        }
        who.config.trust.scope = Some(Scope::Untrusted(ScopeName::pull_request("5")));
        let (found, cache) = restored(&bucket, who).await;
        assert_eq!(found, None, "{victim}");
        let warnings = titles(cache.take_warnings());
        assert!(
            warnings.iter().any(|title| title.contains("a scope of its own")),
            "{victim}: {warnings:?}"
        );
    }
}

#[tokio::test]
async fn a_run_without_a_scope_of_its_own_stores_nothing() {
    let (key, victims) = (key("main"), Victims::new());
    for (victim, who) in victims.believing(&key) {
        let bucket = bucket();
        store(&bucket, who, "own").await;
        assert_eq!(bucket.keys(), [""; 0], "{victim}");
    }
}
