//! `doctor` finds what is wrong and says what to do.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::{Value, json};

use super::setup::{Ran, SECRET, Setup};
use crate::support::authority::Authority;
use crate::support::bucket;
use crate::support::machine::{Machine, open};
use crate::support::scripted::{Reply, Scripted, Seen, answer, error, object};

/// The state of the last step of this name.
fn state<'a>(report: &'a Value, name: &str) -> &'a str {
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().rfind(|step| step["name"] == name);
    step.map_or("", |step| step["state"].as_str().unwrap())
}

/// The output on one line, however it was wrapped.
fn flat(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks that the doctor shows `step` with this mark, the cause behind it, and behind that the remedy.
async fn shows(setup: &Setup, mark: char, step: &str, cause: &str, remedy: &str) -> Ran {
    let ran = setup.run(&["doctor"]).await;
    let text = flat(&ran);
    let parts = [format!("{mark} {step} "), cause.to_owned(), format!("→ {remedy}")];
    let mut rest = text.as_str();
    for part in &parts {
        let at = rest.find(part.trim_end_matches("→ "));
        let at = at.unwrap_or_else(|| panic!("no {part:?} behind what comes before:\n{}", ran.text()));
        rest = &rest[at..];
    }
    assert!(!ran.text().contains(SECRET));
    ran
}

/// The same for what is wrong, which the exit code tells, too.
async fn finds(setup: &Setup, step: &str, cause: &str, remedy: &str) -> Ran {
    let ran = shows(setup, '✗', step, cause, remedy).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    ran
}

/// The same for what is worth knowing: the cache works.
async fn notes(setup: &Setup, mark: char, step: &str, cause: &str, remedy: &str) {
    let ran = shows(setup, mark, step, cause, remedy).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
}

/// A set-up whose requests pass a proxy, which answers those itself that the rule has an answer for.
async fn gated(rule: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Setup {
    Setup::new().await.intercepted(rule).await
}

fn denied() -> Reply {
    error("403 Forbidden", "AccessDenied", "Access Denied")
}

/// A set-up whose server answers everything like this.
async fn answered(reply: Reply) -> (Scripted, Setup) {
    let server = Scripted::start([reply]).await;
    let setup = Setup::new().await.option("endpoint", server.endpoint());
    (server, setup)
}

#[tokio::test]
async fn a_good_set_up_is_all_well_and_no_object_stays() {
    let setup = Setup::new().await;
    let ran = setup.run(&["doctor"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.ends_with("All is well.\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(['✗', '!', '\u{1b}']), "{}", ran.stdout);
    let text = flat(&ran);
    for told in [
        "– nx not looked at",
        "✓ credentials from environment, access key t…t",
        "✓ scope nothing is verified (a developer's machine)",
        "✓ mode read-write (localMode, outside CI: default)",
        "(path style)",
        "✓ entries none in t yet",
    ] {
        assert!(text.contains(told), "{told}: {}", ran.stdout);
    }
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 100),
        "{}",
        ran.stdout
    );
    assert_eq!(setup.objects(), [""; 0].map(std::path::PathBuf::from));
}

#[tokio::test]
async fn json_has_every_step_and_option_and_no_secret() {
    let passphrase = "a passphrase that nobody knows";
    let setup = Setup::new()
        .await
        .variable("NX_S3_CACHE_ENCRYPTION_KEY", passphrase)
        .option("cacheKeyPrefix", "team/web");
    let ran = setup.run(&["doctor", "--json"]).await;
    let report = ran.json();
    assert_eq!((ran.code, &report["ok"]), (0, &Value::Bool(true)));
    let steps = "configuration, mode, scope, region, credentials, address, transport, clock, bucket, missing objects, \
                 write, read, head, conditional write, copy, list, throughput, delete, checksums, latency, entries";
    for step in steps.split(", ") {
        assert_eq!(state(&report, step), "good", "{step}: {report:#}");
    }
    let options = report["configuration"].as_array().unwrap();
    let option = |name: &str| options.iter().find(|option| option["name"] == name).unwrap();
    assert_eq!(option("cacheKeyPrefix")["value"], "\"team/web\"");
    assert_eq!(option("cacheKeyPrefix")["origin"], "nx.json");
    assert_eq!(option("encryptionKey")["origin"], "NX_S3_CACHE_ENCRYPTION_KEY");
    assert!(!ran.text().contains(passphrase) && !ran.text().contains(SECRET));
    let requests = setup.server.requests();
    let wrote = requests
        .iter()
        .find(|request| request.starts_with("PUT"))
        .unwrap();
    assert!(wrote.contains("/team/web/v1/t/scratch/doctor-"), "{wrote}");
}

#[tokio::test]
async fn configurations_that_can_not_work_are_found() {
    for (setup, cause, remedy) in [
        (
            Setup::new().await.option("regoin", "eu"),
            "regoin",
            "Did you mean \"region\"?",
        ),
        (
            Setup::new().await.variable("NX_S3_CACHE_RETRIES", "many"),
            "NX_S3_CACHE_RETRIES",
            "from 0 to 10",
        ),
        (
            Setup::new().await.variable("NX_S3_CACHE_BUCKT", "b"),
            "NX_S3_CACHE_BUCKT",
            "Did you mean NX_S3_CACHE_BUCKET?",
        ),
        (
            Setup::new().await.option("caBundle", "no.pem"),
            "caBundle (nx.json)",
            "can't be read",
        ),
        (
            Setup::new().await.option("accelerate", true),
            "accelerate",
            "endpoint",
        ),
    ] {
        let ran = setup.run(&["doctor"]).await;
        let text = flat(&ran);
        assert_eq!(ran.code, 1, "{}", ran.text());
        assert!(
            text.contains("✗ configuration") && text.contains(cause) && text.contains(remedy),
            "{text}"
        );
    }
}

#[tokio::test]
async fn credentials_that_are_missing_wrong_or_expired_are_found_and_told_apart() {
    let missing = Setup::new()
        .await
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", "");
    finds(
        &missing,
        "credentials",
        "no AWS credentials were found. Asked, in this order: - environment",
        "",
    )
    .await;
    let half = Setup::new().await.variable("AWS_SECRET_ACCESS_KEY", "");
    finds(&half, "credentials", "AWS_SECRET_ACCESS_KEY is not", "").await;
    let secret = Setup::new()
        .await
        .variable("AWS_SECRET_ACCESS_KEY", "wrong-secret");
    let ran = finds(
        &secret,
        "bucket",
        "SignatureDoesNotMatch",
        "The server doesn't know this access key, or the secret isn't its secret.",
    )
    .await;
    assert!(!ran.text().contains("wrong-secret"));
    let id = Setup::new().await.variable("AWS_ACCESS_KEY_ID", "somebody-else");
    finds(
        &id,
        "bucket",
        "InvalidAccessKeyId",
        "The server doesn't know this access key",
    )
    .await;
    let (_server, expired) =
        answered(error("400 Bad Request", "ExpiredToken", "The token has expired.")).await;
    finds(
        &expired,
        "bucket",
        "ExpiredToken",
        "These credentials have expired: get new ones",
    )
    .await;
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_found() {
    let setup = Setup::new()
        .await
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", "")
        .variable("AWS_PROFILE", "nobody");
    finds(&setup, "credentials", "nobody", "").await;
}

#[tokio::test]
async fn who_one_is_comes_from_sts_where_there_is_one() {
    let arn = "arn:aws:sts::123456789012:assumed-role/nx-cache/job";
    let identity = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>{arn}</Arn><UserId>u</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
         </GetCallerIdentityResponse>"
    );
    let sts = Scripted::start([object(&identity)]).await;
    let setup = Setup::new()
        .await
        .variable("AWS_ENDPOINT_URL_STS", sts.endpoint());
    assert!(flat(&setup.run(&["doctor"]).await).contains(&format!("✓ identity {arn}")));
    let unknown = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token is invalid.\
                   </Message></Error></ErrorResponse>";
    let unknown = answer("403 Forbidden", "content-type: text/xml\r\n", unknown);
    let sts = Scripted::start([unknown]).await;
    let setup = setup.variable("AWS_ENDPOINT_URL_STS", sts.endpoint());
    notes(
        &setup,
        '!',
        "identity",
        "The security token is invalid",
        "Not needed for the cache",
    )
    .await;
}

#[tokio::test]
async fn endpoints_that_do_not_answer_are_found() {
    let refused = Setup::new().await.option("endpoint", "http://127.0.0.1:1");
    finds(&refused, "bucket", "unreachable", "Check `endpoint`, the network").await;
    let unknown = Setup::new().await.option("endpoint", "http://s3.nowhere.invalid");
    finds(
        &unknown,
        "dns",
        "no address for s3.nowhere.invalid",
        "Check `endpoint`",
    )
    .await;
    let (_server, silent) = answered(Reply::Hang).await;
    let silent = silent.variable("NX_S3_CACHE_TIMEOUTS_READ", "100ms");
    finds(
        &silent,
        "bucket",
        "no answer within",
        "Check `endpoint`, the network",
    )
    .await;
}

#[tokio::test]
async fn servers_that_are_none_or_in_trouble_are_found() {
    let page = answer("404 Not Found", "content-type: text/html\r\n", "<html>");
    let (_server, web) = answered(page).await;
    finds(
        &web,
        "bucket",
        "a web page instead of an answer of S3",
        "Set `region`",
    )
    .await;
    let (_server, busy) = answered(error("503 Slow Down", "SlowDown", "Reduce your request rate.")).await;
    finds(&busy, "bucket", "throttled", "Try again later").await;
}

#[tokio::test]
async fn http_where_https_belongs_is_found_with_the_address_that_works() {
    let setup = Setup::new().await;
    let plain = setup.server.endpoint.clone();
    let setup = setup.option("endpoint", plain.replace("http:", "https:"));
    finds(
        &setup,
        "bucket",
        "unreachable",
        &format!("It works with `endpoint` set to \"{plain}\""),
    )
    .await;

    let authority = Authority::new();
    let missing = error("404 Not Found", "NoSuchKey", "no");
    let server = Scripted::start_tls([missing], authority.acceptor("127.0.0.1")).await;
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("ca.pem");
    std::fs::write(&bundle, authority.pem()).unwrap();
    let setup = Setup::new()
        .await
        .option("endpoint", server.endpoint())
        .option("caBundle", bundle.to_str().unwrap());
    let https = server.endpoint().replace("http:", "https:");
    finds(
        &setup,
        "bucket",
        "",
        &format!("It works with `endpoint` set to \"{https}\""),
    )
    .await;
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_found() {
    let missing = error("404 Not Found", "NoSuchKey", "no");
    let server = Scripted::start_tls([missing], Authority::new().acceptor("127.0.0.1")).await;
    let https = server.endpoint().replace("http:", "https:");
    let setup = Setup::new().await.option("endpoint", https);
    finds(&setup, "bucket", "caBundle", "").await;
}

#[tokio::test]
async fn buckets_in_other_places_are_found_with_the_setting_that_works() {
    let missing = Setup::new().await.option("bucket", "other-bucket");
    finds(
        &missing,
        "bucket",
        "no such bucket",
        "Check `bucket` and `endpoint` in nx.json",
    )
    .await;
    let style = Setup::new().await;
    let port = style.server.address.port();
    let style = style
        .option("forcePathStyle", false)
        .option("endpoint", format!("http://localhost:{port}"));
    finds(&style, "bucket", "", "It works with `forcePathStyle` set to true").await;
    let region = gated(|seen| {
        let there = seen
            .header("authorization")
            .is_some_and(|by| by.contains("/eu-west-1/s3/"));
        let told =
            "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'";
        (!there).then(|| error("400 Bad Request", "AuthorizationHeaderMalformed", told))
    });
    finds(
        &region.await,
        "bucket",
        "wrong region",
        "It works with `region` set to \"eu-west-1\"",
    )
    .await;
}

#[tokio::test]
async fn clocks_that_differ_are_found() {
    let long_ago = "date: Fri, 01 Jan 2021 00:00:00 GMT\r\nx-amz-request-id: R1\r\n";
    let skewed = "<Error><Code>RequestTimeTooSkewed</Code><Message>too large</Message></Error>";
    let setup = gated(move |_| Some(answer("403 Forbidden", long_ago, skewed))).await;
    finds(
        &setup,
        "clock",
        "s ahead of the server's",
        "Set this machine's clock",
    )
    .await;
    finds(
        &setup,
        "bucket",
        "RequestTimeTooSkewed",
        "Set this machine's clock",
    )
    .await;
}

#[tokio::test]
async fn each_permission_that_is_missing_is_named() {
    let put = gated(|seen| seen.is("PUT", "").then(denied)).await;
    finds(
        &put,
        "write",
        "access denied (403)",
        "Allow these credentials s3:PutObject",
    )
    .await;
    let get = gated(|seen| seen.is("GET", "/doctor-").then(denied)).await;
    notes_or_finds_reading(&get).await;
    let list = gated(|seen| seen.is("GET", "list-type=2").then(denied)).await;
    notes(
        &list,
        '!',
        "list",
        "access denied",
        "Builds list nothing, but with s3:ListBucket",
    )
    .await;
    let delete = gated(|seen| seen.is("DELETE", "").then(denied)).await;
    notes(&delete, '!', "delete", "access denied", "Builds delete nothing").await;
    let copy = gated(|seen| seen.header("x-amz-copy-source").map(|_| denied())).await;
    notes(&copy, '–', "copy", "Only the option `touchAfter` needs it", "").await;
}

async fn notes_or_finds_reading(setup: &Setup) {
    shows(
        setup,
        '!',
        "missing objects",
        "are answered with a refusal",
        "Allow s3:ListBucket",
    )
    .await;
    finds(
        setup,
        "read",
        "access denied",
        "Allow these credentials s3:GetObject",
    )
    .await;
}

#[tokio::test]
async fn a_refusal_instead_of_a_miss_is_worth_knowing() {
    let written = AtomicBool::new(false);
    let setup = gated(move |seen| {
        let written = written.fetch_or(seen.is("PUT", ""), Ordering::Relaxed);
        (seen.is("GET", "") && !written).then(denied)
    });
    notes(
        &setup.await,
        '!',
        "missing objects",
        "are answered with a refusal",
        "Allow s3:ListBucket",
    )
    .await;
}

#[tokio::test]
async fn servers_that_do_not_know_what_builds_ask_for_are_found() {
    let conditional = |seen: &Seen| {
        seen.header("if-none-match")
            .map(|_| error("501 Not Implemented", "NotImplemented", "no"))
    };
    notes(
        &gated(conditional).await,
        '!',
        "conditional write",
        "replaced an object",
        "Nothing depends on it",
    )
    .await;
    let required = gated(conditional).await.option("conditionalWrites", "require");
    finds(
        &required,
        "write",
        "request refused (501)",
        "The server doesn't accept such requests",
    )
    .await;
    let checksums = gated(|seen| {
        let checked = seen
            .headers
            .iter()
            .any(|header| header.starts_with("x-amz-checksum-"));
        let checked = checked && seen.is("PUT", "");
        checked.then(|| {
            error(
                "400 Bad Request",
                "InvalidRequest",
                "Unsupported header x-amz-checksum-crc32",
            )
        })
    });
    finds(
        &checksums.await,
        "write",
        "Unsupported header",
        "It works with `disableChecksum` set to true",
    )
    .await;
}

#[tokio::test]
async fn something_in_between_that_changes_answers_is_found() {
    let setup = gated(|seen| {
        let scratch = seen.is("GET", "/doctor-");
        scratch.then(|| object("something else"))
    });
    finds(
        &setup.await,
        "bucket",
        "",
        "Something between here and the bucket",
    )
    .await;
}

#[tokio::test]
async fn a_run_that_stores_nothing_writes_nothing() {
    let setup = Setup::new().await.variable("NX_S3_CACHE_MODE", "read-only");
    notes(&setup, '–', "write", "this run stores nothing", "").await;
    let wrote = setup
        .server
        .requests()
        .into_iter()
        .any(|request| request.starts_with("PUT"));
    assert!(!wrote);
    let off = Setup::new().await.option("localMode", "no-cache");
    notes(
        &off,
        '!',
        "mode",
        "no-cache (localMode, outside CI: nx.json)",
        "The remote cache is switched off",
    )
    .await;
}

#[tokio::test]
async fn trust_that_is_missing_or_does_not_fit_is_told() {
    let open = Setup::new().await.variable("CI", "true");
    notes(&open, '!', "trust", "any pull request can poison this cache", "").await;
    let key = |name: &str| SigningKey::generate(KeyName::parse(name).unwrap()).unwrap();
    let (listed, held) = (key("main-2026"), key("other"));
    let setup = Setup::new()
        .await
        .option(
            "trust",
            json!({ "publicKeys": [listed.public_key().to_string()] }),
        )
        .variable("NX_S3_CACHE_SIGNING_KEY", held.to_text().expose());
    shows(
        &setup,
        '!',
        "trust",
        "the signing key other is not among trust.publicKeys",
        "",
    )
    .await;
}

/// Stores the result of a task as a run with this encryption key does.
async fn store(setup: &Setup, key: &str) {
    let environment = Environment::from([("NX_S3_CACHE_ENCRYPTION_KEY", key)]);
    let section = r#"{"bucket":"tbucket","backgroundUploads":false}"#;
    let config = Config::load(Some(section), &environment, false, Path::new("/")).unwrap();
    let bucket = Arc::new(bucket::of(&setup.server));
    let cache = open(config, &environment, bucket, Producer::default());
    assert!(Machine::new().store(&cache).await);
}

#[tokio::test]
async fn keys_that_do_not_fit_are_found_by_looking_at_what_is_stored() {
    let setup = Setup::new().await;
    store(&setup, "the right passphrase").await;
    let cause = "1 of the newest 1 in t can't be restored: encrypted, but no encryptionKey is set";
    finds(&setup, "entries", cause, "Set NX_S3_CACHE_ENCRYPTION_KEY").await;
    let wrong = setup.variable("NX_S3_CACHE_ENCRYPTION_KEY", "a wrong passphrase");
    finds(
        &wrong,
        "entries",
        "sealed with another",
        "This run has another `encryptionKey`",
    )
    .await;
    let right = wrong.variable("NX_S3_CACHE_ENCRYPTION_KEY", "the right passphrase");
    assert_eq!(right.run(&["doctor"]).await.code, 0);
}
