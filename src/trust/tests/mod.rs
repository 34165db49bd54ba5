//! Who reads and writes what, and what may never happen.

mod forged;
mod identities;
mod rights;
mod warnings;

use std::sync::Arc;

use super::*;
use crate::config::{TrustConfig, TrustPolicy};
use crate::git_ref::{GitRef, RefPattern};
use crate::sign::{Identity, KeyName, PublicKeys, Rules, SigningKey};

fn key(name: &str) -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(KeyName::parse(name).unwrap()).unwrap())
}

/// A configuration with keys. The run holds the secret one if `with_key`.
fn config(policy: TrustPolicy, with_key: bool) -> TrustConfig {
    let key = key("main-2026");
    TrustConfig {
        public_keys: PublicKeys::new(vec![key.public_key()]).unwrap(),
        rules: rules(&[]),
        policy,
        signing_key: with_key.then_some(key),
        ..TrustConfig::default()
    }
}

fn rules(identities: &[&str]) -> Rules {
    Rules {
        identities: identities
            .iter()
            .map(|name| Identity::parse(name).unwrap())
            .collect(),
        branches: ["main", "release/*", "refs/tags/v*"]
            .map(|pattern| RefPattern::parse(pattern).unwrap())
            .into(),
        events: vec!["push".into()],
        environment: None,
    }
}

fn run(kind: RunKind) -> RunFacts {
    let system = match kind {
        RunKind::Developer => System::Developer,
        _ => System::GitHub,
    };
    let reason = "a run".to_owned();
    RunFacts {
        system,
        kind,
        reason,
        event: None,
        tokens: None,
        own_cache: None,
    }
}

fn branch(name: &str) -> GitRef {
    GitRef::branch(name).unwrap()
}

fn tag(name: &str) -> GitRef {
    GitRef::tag(name).unwrap()
}

fn request() -> RunKind {
    RunKind::PullRequest(Some("12".into()))
}

/// What is read and written, as the policy says it.
fn rights(access: &Access) -> String {
    let reads: Vec<String> = access.reads.iter().map(ToString::to_string).collect();
    let writes = access.writes.as_ref().map_or("-".into(), ToString::to_string);
    let signed = match (access.sign, &access.certify) {
        (true, _) => " signed",
        (false, Some(_)) => " certified",
        (false, None) => "",
    };
    format!("{} > {writes}{signed}", reads.join(" "))
}
