//! What holds for the `trust` options as a whole.

use serde_json::{Value as Json, json};

use super::super::{Config, ConfigErrors, Environment, OnBadSignature};
use super::*;
use crate::git_ref::GitRef;

const PUBLIC: &str = "main-2026:h9CVy0HqWSu/YGOoC6wBvaMn5L3zBq8DgGdNYc1PlNY=";
const OTHER: &str = "main-2025:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// The secret of [`OTHER`]: RFC 8032, section 7.1, test 1.
const SECRET: &str =
    "main-2025:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";

fn load_in(root: &Path, trust: Json, environment: impl Into<Environment>) -> Result<Config, ConfigErrors> {
    let section = json!({ "bucket": "my-bucket", "trust": trust }).to_string();
    Config::load(Some(&section), &environment.into(), true, root)
}

fn load(trust: Json, environment: impl Into<Environment>) -> TrustConfig {
    load_in(Path::new("/workspace"), trust, environment)
        .unwrap()
        .trust
}

/// The only problem of a configuration.
fn problem(trust: Json, environment: impl Into<Environment>) -> String {
    match load_in(Path::new("/workspace"), trust, environment) {
        Err(ConfigErrors::Invalid(problems)) if problems.len() == 1 => problems[0].to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_keys_everything_is_shared_and_with_keys_isolated() {
    let none = load(json!({}), []);
    assert!(none.policy == TrustPolicy::Shared && none.public_keys.is_empty());
    assert_eq!(
        load(json!({ "policy": "shared" }), []).policy,
        TrustPolicy::Shared
    );
    let keys = load(json!({ "publicKeys": [PUBLIC, OTHER] }), []);
    assert_eq!(keys.policy, TrustPolicy::Isolated);
    assert_eq!(keys.public_keys.iter().count(), 2);
    assert!(keys.on_bad_signature == OnBadSignature::Miss && keys.signing_key.is_none());
    let strict = json!({ "publicKeys": [PUBLIC], "policy": "trunk-only", "onBadSignature": "fail" });
    let strict = load(strict, []);
    assert_eq!(
        (strict.policy, strict.on_bad_signature),
        (TrustPolicy::TrunkOnly, OnBadSignature::Fail)
    );
}

#[test]
fn main_and_master_are_trusted_unless_others_are_named() {
    let lists = |trust: &TrustConfig, branch: &str| trust.lists(&GitRef::branch(branch).unwrap());
    let default = load(json!({ "publicKeys": [PUBLIC] }), []);
    assert!(lists(&default, "main") && lists(&default, "master") && !lists(&default, "develop"));
    let named = load(json!({ "publicKeys": [PUBLIC], "branches": ["develop"] }), []);
    assert!(lists(&named, "develop") && !lists(&named, "main"));
}

#[test]
fn variables_hold_lists_with_commas_or_spaces() {
    let keys = format!("{PUBLIC}, {OTHER}");
    let trust = load(
        json!({ "branches": ["main"] }),
        [
            ("NX_S3_CACHE_TRUST_PUBLIC_KEYS", &*keys),
            ("NX_S3_CACHE_TRUST_BRANCHES", "a b,c"),
        ],
    );
    assert_eq!(
        (trust.public_keys.iter().count(), trust.rules.branches.len()),
        (2, 3)
    );
}

#[test]
fn a_policy_and_keys_that_contradict_each_other_are_refused() {
    for policy in ["isolated", "trunk-only"] {
        let message = problem(json!({ "policy": policy }), []);
        let expected = format!(
            "trust.policy (nx.json): {policy:?} needs trust.identities or trust.publicKeys, and neither is set."
        );
        assert!(
            message.starts_with(&expected) && message.contains(SET_UP),
            "{message}"
        );
    }
    let message = problem(json!({ "policy": "shared", "publicKeys": [PUBLIC] }), []);
    assert_eq!(
        message,
        "trust.policy (nx.json): \"shared\" verifies nothing, but there are trust.publicKeys (nx.json). \
         Remove one of them."
    );
}

#[test]
fn no_empty_list_of_keys_switches_the_protection_off() {
    assert!(problem(json!({ "publicKeys": [] }), []).contains("is not a list of strings"));
    let section = json!({ "publicKeys": [PUBLIC] });
    assert!(
        problem(section.clone(), [("NX_S3_CACHE_TRUST_PUBLIC_KEYS", " , ")])
            .contains("not a list of strings")
    );
    let trust = load(section, [("NX_S3_CACHE_TRUST_PUBLIC_KEYS", "")]);
    assert_eq!(trust.policy, TrustPolicy::Isolated);
}

#[test]
fn a_public_key_that_is_none_is_refused_by_its_place() {
    for (keys, message) in [
        (
            json!([PUBLIC, "main"]),
            "key 2 of the list: this is not a key of the form name:base64.",
        ),
        (
            json!([PUBLIC, PUBLIC]),
            "two keys have the name main-2026. Each needs a name of its own.",
        ),
        (
            json!([SECRET]),
            "key 1 of the list: this is a secret key, and its place is public.",
        ),
    ] {
        let problem = problem(json!({ "publicKeys": keys }), []);
        assert!(
            problem.starts_with(&format!("trust.publicKeys (nx.json): {message}")),
            "{problem}"
        );
    }
}

#[test]
fn branches_that_can_not_match_are_refused() {
    let message = problem(
        json!({ "publicKeys": [PUBLIC], "branches": ["main", "refs/pull/*"] }),
        [],
    );
    assert!(
        message.contains("\"refs/pull/*\" is neither a branch"),
        "{message}"
    );
}

#[test]
fn a_signing_key_comes_from_the_environment_and_is_never_shown() {
    let config = load_in(Path::new("/"), json!({}), [("NX_S3_CACHE_SIGNING_KEY", SECRET)]).unwrap();
    assert_eq!(
        config
            .trust
            .signing_key
            .as_ref()
            .unwrap()
            .public_key()
            .to_string(),
        OTHER
    );
    assert!(!format!("{config:?}").contains("nWGxne"));
    for (key, message) in [
        (
            OTHER,
            "signingKey (NX_S3_CACHE_SIGNING_KEY): this is a public key. The secret key has twice its length.",
        ),
        (
            "hunter2",
            "signingKey (NX_S3_CACHE_SIGNING_KEY): this is not a key of the form name:base64.",
        ),
    ] {
        assert_eq!(problem(json!({}), [("NX_S3_CACHE_SIGNING_KEY", key)]), message);
    }
}

#[test]
fn a_signing_key_in_nx_json_is_refused_with_a_warning() {
    for section in [
        json!({ "bucket": "my-bucket", "signingKey": SECRET }),
        json!({ "bucket": "my-bucket", "trust": { "signingKey": SECRET } }),
    ] {
        let error = Config::load(
            Some(&section.to_string()),
            &Environment::default(),
            true,
            Path::new("/"),
        );
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("make a new key pair") && text.contains("NX_S3_CACHE_SIGNING_KEY"),
            "{text}"
        );
        assert!(!text.contains("nWGxne"), "{text}");
    }
}

#[test]
fn a_scope_is_chosen_by_the_environment_only() {
    let scope = |text: &str| {
        load(json!({}), [("NX_S3_CACHE_TRUST_SCOPE", text)])
            .scope
            .unwrap()
    };
    assert_eq!(scope("trusted"), Scope::Trusted);
    assert_eq!(scope("pr-7").to_string(), "u/pr-7");
    assert_eq!(load(json!({}), []).scope, None);
    let message = problem(json!({ "scope": "trusted" }), []);
    assert!(
        message.contains("no such option in nx.json") && message.contains("NX_S3_CACHE_TRUST_SCOPE"),
        "{message}"
    );
    for wrong in ["t", "Trusted", "u/pr-1", "../t", "a b"] {
        let message = problem(json!({}), [("NX_S3_CACHE_TRUST_SCOPE", wrong)]);
        assert!(message.contains("trusted\""), "{message}");
    }
}

#[test]
fn dev_writes_is_refused_with_the_reason_why_it_was_removed() {
    let section = json!({ "publicKeys": [PUBLIC], "devWrites": false });
    let message = problem(section, []);
    assert!(
        message.starts_with("trust.devWrites (nx.json): this was removed: whoever may write")
            && message.contains("Remove it;"),
        "{message}"
    );
    for value in ["true", ""] {
        let message = problem(json!({}), [("NX_S3_CACHE_TRUST_DEV_WRITES", value)]);
        assert!(
            message.starts_with("NX_S3_CACHE_TRUST_DEV_WRITES: this was removed"),
            "{message}"
        );
    }
}

#[test]
fn a_key_file_is_read_from_the_workspace_root_and_weaker_than_the_variable() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("key"), format!("{SECRET}\n")).unwrap();
    let file = json!({ "signingKeyFile": "key" });
    let trust = load_in(root.path(), file.clone(), []).unwrap().trust;
    assert_eq!(trust.signing_key.unwrap().name().as_str(), "main-2025");
    let other = SECRET.replace("main-2025", "main-2026");
    let trust = load_in(root.path(), file, [("NX_S3_CACHE_SIGNING_KEY", &*other)])
        .unwrap()
        .trust;
    assert_eq!(trust.signing_key.unwrap().name().as_str(), "main-2026");
    assert_eq!(trust.readable_key_file, None);
}

#[test]
fn only_trusted_runs_need_to_have_the_file_that_nx_json_names() {
    let config = load_in(Path::new("/workspace"), json!({ "signingKeyFile": "no/key" }), []).unwrap();
    assert!(config.trust.signing_key.is_none());
    assert!(
        config.notices[0].ends_with("so this run signs nothing."),
        "{:?}",
        config.notices
    );
    let message = problem(json!({}), [("NX_S3_CACHE_TRUST_SIGNING_KEY_FILE", "no/key")]);
    assert!(message.contains("key can't be read"), "{message}");
}

#[test]
fn a_key_file_that_holds_something_else_is_refused_and_not_shown() {
    let root = tempfile::tempdir().unwrap();
    let long = "hunter2".repeat(1000);
    for content in [
        b"hunter2" as &[u8],
        b"main:hunter2",
        b"\xff",
        long.as_bytes(),
        b"",
    ] {
        std::fs::write(root.path().join("key"), content).unwrap();
        let text = load_in(root.path(), json!({ "signingKeyFile": "key" }), [])
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("trust.signingKeyFile (nx.json)") && !text.contains("hunter2"),
            "{text}"
        );
    }
    let text = load_in(root.path(), json!({ "signingKeyFile": "." }), [])
        .unwrap_err()
        .to_string();
    assert!(text.contains("is not a file."), "{text}");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let key = root.path().join("key");
    std::fs::write(&key, SECRET).unwrap();
    for (mode, readable) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let trust = load_in(root.path(), json!({ "signingKeyFile": "key" }), [])
            .unwrap()
            .trust;
        assert_eq!(trust.readable_key_file, readable.then(|| key.clone()), "{mode:o}");
    }
}

#[test]
fn identities_alone_protect_the_cache_and_believe_pushes() {
    let trust = load(
        json!({ "identities": ["github:acme/shop", "buildkite:acme/shop"], "branches": ["main"] }),
        [],
    );
    assert!(trust.verifies() && trust.public_keys.is_empty());
    assert_eq!(trust.policy, TrustPolicy::Isolated);
    assert_eq!(
        (trust.rules.identities.len(), &*trust.rules.events),
        (2, &["push".to_owned()][..])
    );
    assert!(trust.lists(&GitRef::branch("main").unwrap()));
    let both = load(
        json!({ "identities": ["github:acme/shop"], "branches": ["main"], "publicKeys": [PUBLIC] }),
        [],
    );
    assert!(!both.public_keys.is_empty() && both.rules.identities.len() == 1);
    assert!(!load(json!({}), []).verifies());
}

#[test]
fn events_that_only_insiders_cause_can_be_listed() {
    let events = [
        "push",
        "schedule",
        "release",
        "workflow_dispatch",
        "merge_group",
        "ui",
        "api",
        "trigger_job",
    ];
    let section = json!({ "identities": ["github:acme/shop"], "branches": ["main"], "events": events });
    assert_eq!(load(section, []).rules.events, events);
}

#[test]
#[rustfmt::skip]
fn identities_that_could_never_vouch_for_anything_are_refused_with_what_to_do() {
    let (github, main) = ("github:acme/shop", ["main"]);
    for (trust, message) in [
        (json!({ "identities": ["acme/shop"], "branches": main }), "trust.identities (nx.json): entry 1 of the list: this is not an identity: github:owner"),
        (json!({ "identities": ["gitlab:acme/shop"], "branches": main }), "Sign with a key there: trust.publicKeys."),
        (json!({ "identities": [] }), "is not a list of strings"),
        (json!({ "identities": [github], "branches": main, "policy": "shared" }), "but there are trust.identities (nx.json). Remove one of them."),
        (json!({ "identities": [github], "branches": main, "events": ["push", "pull_request_target"] }), "\"pull_request_target\" can't be trusted: outsiders may cause it"),
        (json!({ "identities": [github], "branches": main, "events": ["repository_dispatch"] }), "\"repository_dispatch\" can't be trusted"),
        (json!({ "identities": [github], "branches": main, "events": ["PUSH"] }), "What can be: push, schedule, release,"),
        (json!({ "identities": [github], "branches": main, "events": ["webhook"] }), "\"webhook\" can't be trusted"),
        (json!({ "identities": [github], "branches": main, "events": ["workflow_run"] }), "trust.events (nx.json): \"workflow_run\" can't be trusted"),
        (json!({ "identities": [github] }), "trust.identities (nx.json): this needs trust.branches, which is not set"),
        (json!({ "identities": [github], "publicKeys": [PUBLIC] }), "such as \"branches\": [\"main\"]."),
        (json!({ "identities": [github], "branches": ["refs/pull/*"] }), "trust.branches (nx.json): \"refs/pull/*\" is neither"),
        (json!({ "events": ["push"] }), "trust.events (nx.json): this needs trust.identities, which is not set."),
        (json!({ "environment": "release" }), "trust.environment (nx.json): this needs trust.identities"),
        (json!({ "publicKeys": [PUBLIC], "environment": "release" }), "this needs trust.identities"),
        (json!({ "identities": ["buildkite:acme/shop", github], "branches": main, "environment": "release" }), "no run of \"buildkite:acme/shop\" could sign. Remove one"),
        (json!({ "identities": [github, "buildkite:acme/shop"], "branches": main, "jwksFile": "jwks.json" }), "this holds the keys of one issuer"),
        (json!({ "identities": [github], "branches": main, "jwksFile": "missing.json" }), "missing.json can't be read"),
    ] {
        let problem = problem(trust, []);
        assert!(problem.contains(message), "{problem}");
    }
}

#[test]
fn the_issuer_s_keys_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let trust = json!({ "identities": ["github:acme/shop", "github:acme/web"], "branches": ["main"], "jwksFile": "jwks.json" });
    std::fs::write(&file, "{}").unwrap();
    let Err(ConfigErrors::Invalid(problems)) = load_in(folder.path(), trust.clone(), []) else {
        panic!("no key set");
    };
    let message = problems[0].to_string();
    assert!(
        message.contains("Save what https://token.actions.githubusercontent.com/.well-known/jwks answers."),
        "{message}"
    );
    std::fs::write(&file, r#"{"keys":[]}"#).unwrap();
    let keys = load_in(folder.path(), trust, []).unwrap().trust.key_set.unwrap();
    assert_eq!(keys.issuer(), "https://token.actions.githubusercontent.com");
}
