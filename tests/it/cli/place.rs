//! `--bucket`, `--endpoint` and `--prefix` instead of what is configured, for every command that works on a bucket.

use super::setup::{Setup, run_in};

const FILES: [(&str, &[u8]); 1] = [("dist/main.js", b"console.log(1)\n")];

#[tokio::test]
async fn a_bucket_that_is_named_needs_no_workspace() {
    let setup = Setup::new().await;
    setup.store("123", &FILES, "").await;
    let nowhere = tempfile::tempdir().unwrap();
    let endpoint = setup.section()["endpoint"].as_str().unwrap().to_owned();
    let mut variables = setup.variables().to_vec();
    variables.push(("NX_S3_CACHE_FORCE_PATH_STYLE", "true".into()));
    let place = ["--bucket", "tbucket", "--endpoint", &endpoint];
    for command in [
        ["ls", "--json"],
        ["inspect", "123"],
        ["cat", "123"],
        ["verify", "--all"],
        ["doctor", "--json"],
    ] {
        let args = [&command[..], &place].concat();
        let ran = run_in(nowhere.path(), &args, &variables).await;
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.text());
    }
}

#[tokio::test]
async fn what_is_named_wins_over_nx_json_and_the_environment() {
    let setup = Setup::new().await.option("cacheKeyPrefix", "web");
    setup.store("123", &FILES, "").await;
    let setup = setup.variable("NX_S3_CACHE_CACHE_KEY_PREFIX", "api");
    assert_eq!(setup.run(&["inspect", "123"]).await.code, 1);
    assert_eq!(setup.run(&["inspect", "123", "--prefix", "web"]).await.code, 0);
}
