//! Attacks on buckets with policies.

use std::path::Path;
use std::sync::Arc;

use super::findings::{Findings, Kind, Lock2};
use super::outcome::{Bucket, Verdict};
use super::poison::Client;
use super::runs::{self, Run};
use super::target::Target;
use crate::cli::scratch;
use crate::cli::testing::{Guarded, Request};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::scope::{Scope, ScopeName};
use crate::sign::{KeyName, SigningKey};
use crate::trust::{ReadScope, decide, detect};

const EXISTING: &str = "v1/t/e/123";

fn in_trusted(request: Request, key: &str) -> bool {
    key.starts_with("v1/t/") && !matches!(request, Request::Get | Request::List)
}

/// Attacks `bucket`, in which there is an entry already.
async fn attack(bucket: Guarded, keys: bool) -> Findings {
    attack_as(&Environment::default(), bucket, keys).await
}

/// Attacks `bucket` in a CI system that says `environment`.
async fn attack_as(environment: &Environment, bucket: Guarded, keys: bool) -> Findings {
    attack_runs(environment, bucket, keys, |_| ()).await
}

/// The same with other runs than the policy says.
async fn attack_runs(
    environment: &Environment,
    bucket: Guarded,
    keys: bool,
    alter: impl FnOnce(&mut Vec<Run>),
) -> Findings {
    let key = SigningKey::generate(KeyName::parse("main").unwrap()).unwrap();
    let trust = if keys {
        format!(r#","trust":{{"publicKeys":["{}"]}}"#, key.public_key())
    } else {
        String::new()
    };
    let section = format!(r#"{{"bucket":"test-bucket"{trust}}}"#);
    let config = Config::load(Some(&section), &Environment::default(), false, Path::new("/")).unwrap();
    let facts = detect(environment, false);
    let access = decide(&config.trust, &facts);
    let mut runs = runs::all(&config.trust, &facts).unwrap();
    alter(&mut runs);
    let scopes = runs::scopes(&config.trust, &facts, &runs, Some("ada"));
    bucket.objects.replace(EXISTING, "an entry");
    let store = Arc::new(bucket);
    let mut target = Target {
        config: &config,
        access: &access,
        store: store.clone(),
        directory: tempfile::tempdir().unwrap(),
        name: scratch::name().unwrap(),
        written: Vec::new(),
    };
    let (attempts, planted, runs) = target.attack(&runs, scopes).await.unwrap();
    let left_behind = target.clean_up().await;
    let mut there = left_behind.clone();
    there.push(EXISTING.into());
    there.sort();
    assert_eq!(store.objects.keys(), there);
    assert_eq!(store.objects.object(EXISTING).unwrap(), "an entry");
    Findings {
        bucket: "test-bucket".into(),
        credentials: "environment".into(),
        run: access.why.clone(),
        trusted_run: access.sign,
        keys,
        attempts,
        planted,
        runs,
        left_behind,
    }
}

fn bucket_of(findings: &Findings, kind: Kind) -> &Bucket {
    let attempt = findings.attempts.iter().find(|attempt| attempt.kind == kind);
    &attempt.unwrap().bucket
}

#[tokio::test]
async fn a_bucket_that_guards_the_trusted_scope_is_closed_and_the_client_is_tried_nevertheless() {
    let findings = attack(Guarded::new(in_trusted), true).await;
    assert_eq!((findings.lock2(), findings.code()), (Lock2::Closed, 0));
    assert_eq!(bucket_of(&findings, Kind::Copied), &Bucket::Denied);
    let refused = |client: &Client| matches!(client, Client::Refused(_));
    assert_eq!(
        findings
            .attempts
            .iter()
            .filter_map(|attempt| attempt.client.as_ref())
            .filter(|client| refused(client))
            .count(),
        4
    );
}

#[tokio::test]
async fn a_closed_bucket_does_not_make_a_client_without_keys_safe() {
    let findings = attack(Guarded::new(in_trusted), false).await;
    assert_eq!((findings.lock2(), findings.code()), (Lock2::Closed, 1));
}

#[tokio::test]
async fn credentials_that_write_nowhere_are_kept_out_though_there_is_nothing_to_copy() {
    let reads_only = |request, _: &str| !matches!(request, Request::Get | Request::List);
    let findings = attack(Guarded::new(reads_only), true).await;
    assert_eq!(findings.lock2(), Lock2::Closed);
    assert!(matches!(bucket_of(&findings, Kind::Copied), Bucket::Unknown(_)));
}

#[tokio::test]
async fn a_bucket_that_only_forbids_overwriting_is_partly_open() {
    let findings = attack(Guarded::new(|request, _| request == Request::Replace), true).await;
    assert_eq!(findings.lock2(), Lock2::Partly);
    assert_eq!(bucket_of(&findings, Kind::Overwritten), &Bucket::Denied);
}

#[tokio::test]
async fn what_can_not_be_deleted_is_named() {
    let findings = attack(Guarded::new(|request, _| request == Request::Delete), true).await;
    // Four entries, what one of them was copied from, and what was planted.
    assert_eq!(findings.left_behind.len(), 5 + findings.planted.len());
    assert!(findings.left_behind.iter().all(|key| key.contains("/e/doctor-")));
}

#[tokio::test]
async fn a_bucket_that_can_not_be_read_back_does_not_hide_what_the_client_takes() {
    let findings = attack(Guarded::new(|request, _| request == Request::Get), false).await;
    assert_eq!((findings.lock2(), findings.code()), (Lock2::Open, 1));
}

fn open_bucket() -> Guarded {
    Guarded::new(|_, _| false)
}

/// The runs that did not restore signed entries only, and what they restored.
fn suspicious(findings: &Findings) -> Vec<(&str, &str, Verdict)> {
    let suspicious = findings.runs.iter().filter(|run| run.verdict != Verdict::Clean);
    suspicious
        .map(|run| (run.run, run.restored.as_deref().unwrap(), run.verdict))
        .collect()
}

#[tokio::test]
async fn poison_is_planted_wherever_some_run_might_look() {
    let findings = attack(open_bucket(), true).await;
    let planted: Vec<String> = findings
        .planted
        .iter()
        .map(|planted| planted.scope.to_string())
        .collect();
    for scope in [
        "t",
        "u/pr-1",
        "u/branch-feature",
        "u/branch-main",
        "u/branch-master",
        "u/tag-v1.0.0",
        "u/dev-ada",
    ] {
        assert!(
            planted.iter().any(|planted| planted == scope),
            "{scope}: {planted:?}"
        );
    }
}

#[tokio::test]
async fn only_pull_requests_and_unlisted_branches_restore_what_is_planted() {
    let findings = attack(open_bucket(), true).await;
    let own = [
        ("pull request", "u/pr-1", Verdict::OwnScope),
        ("unlisted branch", "u/branch-feature", Verdict::OwnScope),
    ];
    assert_eq!((suspicious(&findings), findings.code()), (own.to_vec(), 0));
    assert_eq!(findings.runs.len(), 15, "{:?}", findings.runs);
    let push = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/fix"),
    ];
    let findings = attack_as(&push.into(), open_bucket(), true).await;
    let own = [
        ("this run", "u/branch-fix", Verdict::OwnScope),
        ("pull request", "u/pr-1", Verdict::OwnScope),
        ("unlisted branch", "u/branch-fix", Verdict::OwnScope),
    ];
    assert_eq!((suspicious(&findings), findings.code()), (own.to_vec(), 0));
}

#[tokio::test]
async fn the_branch_of_this_run_is_attacked_too() {
    let schedule = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "schedule"),
        ("GITHUB_REF", "refs/heads/release-1"),
    ];
    let findings = attack_as(&schedule.into(), open_bucket(), true).await;
    let scope = Scope::Untrusted(ScopeName::branch("release-1"));
    assert!(findings.planted.iter().any(|planted| planted.scope == scope));
    assert_eq!(findings.runs[0].verdict, Verdict::Clean);
}

#[tokio::test]
async fn without_keys_every_run_restores_what_is_planted() {
    let findings = attack(open_bucket(), false).await;
    assert!(findings.runs.len() == 15 && findings.code() == 1);
    for run in findings.runs {
        assert_eq!(
            (run.restored.as_deref(), run.verdict),
            (Some("t"), Verdict::Poisoned),
            "{run:?}"
        );
    }
}

/// As it was in earlier versions, where a schedule on main read `u/branch-main`.
#[tokio::test]
async fn a_run_that_reads_what_pull_requests_may_write_is_open_to_attack() {
    let main = Scope::Untrusted(ScopeName::branch("main"));
    let reads_own = |runs: &mut Vec<Run>| {
        let schedule = runs
            .iter_mut()
            .find(|run| run.name.starts_with("schedule"))
            .unwrap();
        schedule.accesses[1].reads.push(ReadScope {
            scope: main,
            verified: false,
        });
    };
    let findings = attack_runs(&Environment::default(), open_bucket(), true, reads_own).await;
    assert_eq!(
        suspicious(&findings)[0],
        ("schedule, with the key", "u/branch-main", Verdict::Poisoned)
    );
    assert_eq!(findings.code(), 1);
}

#[tokio::test]
async fn what_these_credentials_can_not_plant_others_can() {
    let read_only = |request, _: &str| !matches!(request, Request::Get | Request::List);
    let findings = attack(Guarded::new(read_only), true).await;
    assert!(
        findings
            .planted
            .iter()
            .all(|planted| planted.bucket == Bucket::Denied)
    );
    assert_eq!(suspicious(&findings).len(), 2);
}
