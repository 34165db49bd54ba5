//! Without Nx, nx.json is read as Nx reads it. Where its `s3` section can't be determined, no command goes on as if there were none:
//! it would restore what nobody signed.

use std::path::Path;

use nx_s3_cache::sign::{KeyName, SigningKey};
use tempfile::TempDir;

use super::setup::{Ran, Setup, run_in};
use crate::support::machine::directory_of;

const NAME: &str = "acme/shop/modules";

/// A bucket with an archive that nobody signed.
async fn poisoned() -> Setup {
    let (setup, theirs) = (
        Setup::new().await,
        directory_of(&[("node_modules/a.js", "poison")]),
    );
    let kept = run(&setup, &theirs, &["rebuild", NAME, "--mount", "node_modules"]).await;
    assert!(
        kept.code == 0 && setup.has("v1/t/n/acme/shop/modules"),
        "{}",
        kept.text()
    );
    setup
}

/// Runs the binary with everything but the keys in the environment.
async fn run(setup: &Setup, at: &TempDir, args: &[&str]) -> Ran {
    run_below(setup, at.path(), args).await
}

async fn run_below(setup: &Setup, at: &Path, args: &[&str]) -> Ran {
    let mut variables = setup.variables().to_vec();
    variables.extend([
        ("NX_S3_CACHE_BUCKET", "tbucket".into()),
        ("NX_S3_CACHE_ENDPOINT", setup.server.endpoint.clone()),
        ("NX_S3_CACHE_FORCE_PATH_STYLE", "true".into()),
    ]);
    run_in(at, args, &variables).await
}

fn public_key() -> String {
    let key = SigningKey::generate(KeyName::parse("main").unwrap()).unwrap();
    key.public_key().to_string()
}

#[tokio::test]
async fn a_section_that_can_not_be_determined_restores_nothing_and_asks_nothing() {
    let setup = poisoned().await;
    let before = setup.server.requests().len();
    for (nx_json, cause) in [
        (
            r#"{ "extends": "@acme/preset/nx.json" }"#,
            "\"@acme/preset/nx.json\", which isn't there",
        ),
        (r#"{ "extends": "./broken.json" }"#, "broken.json can't be read"),
        (
            r#"{ "s3": { "trust": { "publicKeys": [ } }"#,
            "nx.json can't be read",
        ),
        ("", "nx.json can't be read"),
    ] {
        let victim = directory_of(&[("nx.json", nx_json), ("broken.json", "{"), ("apps/web/x", "")]);
        for directory in [victim.path(), &victim.path().join("apps/web")] {
            for command in [
                &["restore", NAME][..],
                &["rebuild", NAME, "--mount", "x"],
                &["ls"],
                &["doctor", "--attack"],
                &[
                    "vela",
                    "--action=restore",
                    "--org=acme",
                    "--repo=shop",
                    "--filename=modules",
                ],
            ] {
                let ran = run_below(&setup, directory, command).await;
                assert!(
                    ran.code == 2 && ran.stderr.contains(cause),
                    "{command:?}: {}",
                    ran.text()
                );
            }
            assert!(!directory.join("node_modules").exists());
        }
    }
    assert_eq!(setup.server.requests().len(), before);
}

#[tokio::test]
async fn keys_count_wherever_nx_finds_them() {
    let setup = poisoned().await;
    let section = format!(
        "\"s3\": {{\r\n  // reviewed\r\n  \"trust\": {{ \"publicKeys\": [\"{}\",] }},\r\n}}",
        public_key()
    );
    let own = format!("\u{feff}{{\r\n{section}, /* more */\r\n}}\r\n");
    let own_and_preset = format!("{{ \"extends\": \"@acme/gone\", {section} }}");
    let preset = format!("{{ {section} }}");
    for files in [
        &[("nx.json", own.as_str())][..],
        &[("nx.json", &own_and_preset)],
        &[
            ("nx.json", r#"{ "extends": "./tools/base.json" }"#),
            ("tools/base.json", &preset),
        ],
        &[
            ("nx.json", r#"{ "extends": "@acme/preset" }"#),
            (
                "node_modules/@acme/preset/package.json",
                r#"{ "exports": { "require": "./nx.json" } }"#,
            ),
            ("node_modules/@acme/preset/nx.json", &preset),
        ],
    ] {
        let victim = directory_of(files);
        let ran = run(&setup, &victim, &["restore", NAME]).await;
        assert!(
            ran.code == 0 && ran.stdout.ends_with("not signed\n"),
            "{files:?}: {}",
            ran.text()
        );
        assert!(!victim.path().join("node_modules/a.js").exists());
    }
}

#[tokio::test]
async fn without_an_nx_json_the_environment_alone_counts() {
    let (setup, machine) = (poisoned().await, directory_of(&[]));
    let ran = run(&setup, &machine, &["restore", NAME]).await;
    assert!(
        ran.code == 0 && ran.stdout.starts_with("Restored"),
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn commands_that_need_no_section_do_not_ask_for_it() {
    let (setup, machine) = (Setup::new().await, directory_of(&[("nx.json", "{")]));
    for command in [
        &["keygen", "--name", "main"][..],
        &["--version"],
        &["restore", "--help"],
        &["completions", "bash"],
    ] {
        let ran = run(&setup, &machine, command).await;
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.text());
    }
}
