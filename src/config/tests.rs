//! What holds for a configuration as a whole.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::options::OPTIONS;
use super::spec::Spec;
use super::*;
use crate::secret::Secret;

const ROOT: &str = "/workspace";

fn load(section: Json, environment: impl Into<Environment>) -> Result<Config, ConfigErrors> {
    let section = section.to_string();
    Config::load(Some(&section), &environment.into(), false, Path::new(ROOT))
}

fn ok(section: Json) -> Config {
    load(section, []).unwrap()
}

/// What is wrong with a section, which has a bucket if it names none.
pub(super) fn problems_with(section: &Json) -> Vec<String> {
    let mut whole = json!({ "bucket": "my-bucket" });
    let options = section.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(options);
    match load(whole, []) {
        Ok(config) => config.unknown.iter().map(ToString::to_string).collect(),
        Err(ConfigErrors::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_bucket_is_enough() {
    let config = ok(json!({ "bucket": "my-bucket" }));
    assert_eq!(config.bucket.name, "my-bucket");
    assert_eq!(config.mode, Mode::ReadWrite);
    assert_eq!(config.compression, Compression::Zstd(1));
    assert_eq!(config.flush_timeout, Duration::from_secs(20));
    assert_eq!(config.bucket.timeouts.connect, Duration::from_secs(5));
    assert!(config.background_uploads && config.encryption_key.is_none() && config.notices.is_empty());
}

#[test]
fn ci_waits_longer_for_uploads() {
    let config = Config::load(
        Some(r#"{"bucket": "my-bucket"}"#),
        &Environment::default(),
        true,
        Path::new("/"),
    );
    assert_eq!(config.unwrap().flush_timeout, Duration::from_secs(60));
}

#[test]
fn the_environment_alone_is_enough_and_nothing_at_all_is_not_an_empty_section() {
    let environment = [("NX_S3_CACHE_BUCKET", "s3://my-bucket/web?region=eu-west-1")].into();
    let config = Config::load(None, &environment, false, Path::new("/")).unwrap();
    assert_eq!(config.bucket.name, "my-bucket");
    assert_eq!(config.cache_key_prefix, "web");
    let nothing = Config::load(None, &Environment::default(), false, Path::new("/")).unwrap_err();
    assert!(nothing == ConfigErrors::NotConfigured && nothing.to_string().contains("nx g @nx/s3-cache:init"));
    let empty = load(json!({}), []).unwrap_err().to_string();
    assert!(empty.contains("- bucket: this is missing."), "{empty}");
}

#[test]
fn an_unknown_name_stops_nothing_and_is_listed_with_what_does() {
    let config = load(
        json!({ "bucket": "my-bucket", "colour": 1 }),
        [("NX_S3_CACHE_SHAPE", "round")],
    )
    .unwrap();
    let unknown: Vec<&str> = config.unknown.iter().map(|name| &*name.option).collect();
    assert_eq!(unknown, ["colour", "NX_S3_CACHE_SHAPE"]);
    let wrong = load(json!({ "bucket": "my-bucket", "colour": 1, "retries": -1 }), [])
        .unwrap_err()
        .to_string();
    assert!(
        wrong.contains("- retries (nx.json)") && wrong.contains("- colour (nx.json)"),
        "{wrong}"
    );
    let typo = load(json!({ "buckett": "my-bucket" }), [])
        .unwrap_err()
        .to_string();
    assert!(
        typo.contains("- bucket: this is missing") && typo.contains(r#"Did you mean "bucket"?"#),
        "{typo}"
    );
}

#[test]
fn a_variable_wins_over_the_same_option_in_nx_json_and_its_url() {
    let section =
        json!({ "bucket": "s3://one/team?region=eu-west-1", "timeouts": { "read": 1, "connect": 1 } });
    let environment = [
        ("NX_S3_CACHE_TIMEOUTS_READ", "3s"),
        ("NX_S3_CACHE_REGION", "eu-west-3"),
    ];
    let config = load(section.clone(), environment).unwrap();
    assert_eq!(config.bucket.region.as_deref(), Some("eu-west-3"));
    assert_eq!(config.bucket.timeouts.read, Duration::from_secs(3));
    assert_eq!(config.bucket.timeouts.connect, Duration::from_secs(1));
    let config = load(section, [("NX_S3_CACHE_BUCKET", "two")]).unwrap();
    assert_eq!((&*config.bucket.name, &*config.cache_key_prefix), ("two", "team"));
}

fn mode(section: &Json, environment: impl Into<Environment>, ci: bool) -> Mode {
    let section = section.to_string();
    let config = Config::load(Some(&section), &environment.into(), ci, Path::new(ROOT));
    config.unwrap().mode
}

#[test]
fn the_mode_depends_on_ci_unless_the_environment_says_otherwise() {
    let section = json!({ "bucket": "my-bucket", "localMode": "read", "ciMode": "write-only" });
    let old = ("NX_POWERPACK_CACHE_MODE", "no-cache");
    let own = ("NX_S3_CACHE_MODE", "read-write");
    let local = ("NX_S3_CACHE_LOCAL_MODE", "read-only");
    assert_eq!(mode(&section, [], false), Mode::ReadOnly);
    assert_eq!(mode(&section, [], true), Mode::WriteOnly);
    assert_eq!(mode(&section, [old], true), Mode::NoCache);
    assert_eq!(mode(&section, [old, own], true), Mode::ReadWrite);
    assert_eq!(
        mode(&section, [local, ("NX_S3_CACHE_MODE", "")], false),
        Mode::ReadOnly
    );
    assert_eq!(mode(&json!({ "bucket": "my-bucket" }), [], true), Mode::ReadWrite);
}

#[test]
fn a_bad_mode_is_refused_wherever_it_is_set() {
    let section = json!({ "bucket": "my-bucket", "localMode": "readonly", "ciMode": "all" });
    let environment = [
        ("NX_POWERPACK_CACHE_MODE", "readwrite"),
        ("NX_S3_CACHE_MODE", "off"),
    ];
    let text = load(section, environment).unwrap_err().to_string();
    for (origin, value, suggestion) in [
        ("localMode (nx.json)", "readonly", " Did you mean \"read-only\"?"),
        ("ciMode (nx.json)", "all", ""),
        (
            "mode (NX_POWERPACK_CACHE_MODE)",
            "readwrite",
            " Did you mean \"read-write\"?",
        ),
        ("mode (NX_S3_CACHE_MODE)", "off", ""),
    ] {
        let allowed = "read-write, read-only, read, write-only, no-cache";
        let problem = format!("{origin}: {value:?} is not a cache mode ({allowed}).{suggestion}");
        assert!(text.contains(&problem), "{problem}\n{text}");
    }
}

#[test]
fn all_problems_are_reported_together() {
    let section =
        json!({ "buckt": "a", "endpoint": "minio:9000", "retries": "3", "timeouts": { "read": -1 } });
    let text = load(section, [("NX_S3_CACHE_FIPS", "maybe")])
        .unwrap_err()
        .to_string();
    assert!(
        text.starts_with("the configuration is not valid.\n\n  - "),
        "{text}"
    );
    assert_eq!(text.matches("\n  - ").count(), 6, "{text}");
}

#[test]
#[rustfmt::skip]
fn a_value_that_fails_its_check_is_reported_with_its_option() {
    for (section, expected) in [
        (json!({ "region": "EU (Frankfurt)" }), "region (nx.json): \"EU"),
        (json!({ "endpoint": "minio:9000" }), "endpoint (nx.json): \"minio:9000\" has no scheme."),
        (json!({ "storageClass": "GLACIER" }), "storageClass (nx.json): objects"),
        (json!({ "encryptionKey": "" }), "encryptionKey (nx.json): this is empty."),
        (json!({ "assumeRole": { "roleArn": "nx-cache" } }), "assumeRole.roleArn (nx.json): \"nx-cache\""),
        (json!({ "assumeRole": { "roleArn": "arn:aws:iam::1:role/x", "sessionName": "a b" } }), "assumeRole.sessionName (nx.json): \"a b\""),
        (json!({ "caBundle": "no/such.pem" }), "caBundle (nx.json): /workspace"),
        (json!({ "cacheKeyPrefix": "a/../b" }), "cacheKeyPrefix (nx.json): \"a/../b\" has an empty part"),
        (json!({ "bucket": "My-Bucket" }), "bucket (nx.json): \"My-Bucket\" can't be a bucket's name on AWS"),
        (json!({ "bucket": "s3://my-bucket/a//b" }), "cacheKeyPrefix (the store URL in nx.json)"),
    ] {
        let problems = problems_with(&section);
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{problems:?}");
    }
    ok(json!({ "bucket": "B", "endpoint": "http://a", "region": "My_Region", "storageClass": "HOT" }));
}

#[test]
fn a_ca_bundle_is_found_from_the_workspace_root() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("company.pem"), "").unwrap();
    let section = r#"{"bucket": "my-bucket", "caBundle": "company.pem"}"#;
    let config = Config::load(Some(section), &Environment::default(), false, root.path()).unwrap();
    assert_eq!(config.bucket.ca_bundle, Some(root.path().join("company.pem")));
}

/// The smallest section in which an option's example is valid.
fn section_for(option: &Spec) -> Json {
    let mut section = json!({ "bucket": "my-bucket" });
    match option.name {
        "accessKeyId" | "secretAccessKey" | "sessionToken" => {
            section = json!({ "bucket": "my-bucket", "accessKeyId": "x", "secretAccessKey": "x" });
        }
        "kmsKeyId" => section["serverSideEncryption"] = json!("aws:kms"),
        name if name.starts_with("assumeRole.") => {
            section["assumeRole"] = json!({ "roleArn": "arn:aws:iam::1:role/x" })
        }
        "trust.publicKeys" => {}
        "trust.identities" => {
            section["trust"] = json!({ "publicKeys": example_json("trust.publicKeys"), "branches": ["main"] })
        }
        "trust.events" | "trust.environment" | "trust.jwksFile" => {
            section["trust"] = json!({ "identities": example_json("trust.identities"), "branches": ["main"] })
        }
        name if name.starts_with("trust.") => {
            section["trust"] = json!({ "publicKeys": example_json("trust.publicKeys") })
        }
        _ => {}
    }
    section
}

fn example_json(option: &str) -> Json {
    let option = super::options::find(option).unwrap();
    serde_json::from_str(option.example).unwrap()
}

/// `option`'s example as a variable would have it.
fn example(option: &Spec) -> String {
    match example_json(option.name) {
        // The example of `ciMode` is its default: another value makes the difference.
        _ if option.name == "ciMode" => "no-cache".into(),
        Json::String(text) => text,
        Json::Array(texts) => {
            let texts: Vec<&str> = texts.iter().filter_map(Json::as_str).collect();
            texts.join(",")
        }
        other => other.to_string(),
    }
}

/// All of a configuration as text, secrets included, which `Debug` hides.
fn shape(config: &Config) -> String {
    let keys = config.credentials.keys.as_ref();
    let secrets = [
        config.encryption_key.as_ref(),
        keys.map(|keys| &keys.secret_access_key),
        keys.and_then(|keys| keys.session_token.as_ref()),
    ];
    let secrets: Vec<&str> = secrets.into_iter().flatten().map(Secret::expose).collect();
    let config = Config {
        resolved: Vec::new(),
        unknown: Vec::new(),
        notices: Vec::new(),
        ..config.clone()
    };
    format!("{config:?} {secrets:?}")
}

#[test]
fn every_option_reaches_the_configuration() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("certificates")).unwrap();
    std::fs::write(root.path().join("certificates/company.pem"), "").unwrap();
    std::fs::create_dir(root.path().join("keys")).unwrap();
    std::fs::create_dir(root.path().join("ci")).unwrap();
    std::fs::write(root.path().join("ci/github-jwks.json"), r#"{"keys":[]}"#).unwrap();
    let key = example_json("signingKey");
    std::fs::write(root.path().join("keys/main-2026.secret"), key.as_str().unwrap()).unwrap();
    for option in OPTIONS {
        let section = section_for(option).to_string();
        let load = |environment: Environment| {
            let ci = option.name == "ciMode";
            shape(&Config::load(Some(&section), &environment, ci, root.path()).unwrap())
        };
        let with = load([(&*option.variable(), &*example(option))].into());
        assert_ne!(with, load(Environment::default()), "{}", option.name);
    }
}

#[test]
fn every_resolved_option_has_its_value_and_origin_but_no_secret() {
    let section = json!({ "bucket": "my-bucket", "encryptionKey": "correct horse" });
    let config = load(section, [("NX_S3_CACHE_RETRIES", "0")]).unwrap();
    let resolved: Vec<String> = config
        .resolved
        .iter()
        .map(|o| format!("{} {} {}", o.name, o.value.as_deref().unwrap_or("-"), o.origin))
        .collect();
    for expected in [
        "bucket \"my-bucket\" nx.json",
        "encryptionKey (set, not shown) nx.json",
        "retries 0 NX_S3_CACHE_RETRIES",
        "concurrency 256 default",
        "profile - default",
    ] {
        assert!(
            resolved.iter().any(|line| line == expected),
            "{expected}: {resolved:#?}"
        );
    }
    assert!(!format!("{config:?}").contains("horse"));
}

#[test]
fn no_message_shows_a_secret() {
    for secret in ["encryptionKey", "secretAccessKey", "sessionToken"] {
        for value in [
            json!(["hunter2"]),
            json!({ "hunter2": 1 }),
            json!("hunter2"),
            json!("hunter2 "),
            json!(null),
        ] {
            let text = load(json!({ secret: value, "bucket": "my-bucket" }), [])
                .unwrap_err()
                .to_string();
            assert!(text.contains(secret) && !text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn a_run_that_lost_the_encryption_key_to_its_parent_is_not_one_that_encrypts_nothing() {
    let section = json!({ "bucket": "my-bucket" });
    let removed = (
        "NX_S3_CACHE_KEYS_REMOVED",
        "NX_S3_CACHE_SIGNING_KEY,NX_S3_CACHE_ENCRYPTION_KEY",
    );
    assert_eq!(
        load(section.clone(), [removed]).unwrap_err(),
        ConfigErrors::KeyRemoved
    );
    assert!(!crate::error::Error::from(ConfigErrors::KeyRemoved).is_fatal());
    // Another key than the one that the environment had.
    let with_key = json!({ "bucket": "my-bucket", "encryptionKey": "in the repository" });
    assert_eq!(load(with_key, [removed]).unwrap_err(), ConfigErrors::KeyRemoved);
    // Its own key, or no cache, or another key that is missing: all is well.
    for environment in [
        [removed, ("NX_S3_CACHE_ENCRYPTION_KEY", "set by the task")],
        [removed, ("NX_S3_CACHE_MODE", "no-cache")],
        [
            ("NX_S3_CACHE_KEYS_REMOVED", "NX_S3_CACHE_SIGNING_KEY"),
            ("CI", "true"),
        ],
    ] {
        assert!(load(section.clone(), environment).is_ok(), "{environment:?}");
    }
}
