//! Wrong keys, wrong addresses, and servers in trouble.

use super::{answered, finds, flat, gated, notes};
use crate::cli::setup::Setup;
use crate::support::authority::Authority;
use crate::support::scripted::{Reply, Scripted, answer, error, object};

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
async fn refusals_that_name_the_option_at_fault_lead_to_it() {
    for (status, code, message, remedy) in [
        (
            "403 Forbidden",
            "InvalidTokenId",
            "The security token included in the request is invalid",
            "The server doesn't know this access key",
        ),
        (
            "400 Bad Request",
            "InvalidBucketName",
            "The specified bucket is not valid.",
            "Correct `bucket` in nx.json",
        ),
        (
            "400 Bad Request",
            "InvalidArgument",
            "S3 API Requests must be made to API port.",
            "Check `endpoint` in nx.json",
        ),
    ] {
        let (_server, setup) = answered(error(status, code, message)).await;
        finds(&setup, "bucket", code, remedy).await;
    }
    let (_server, other) = answered(answer("404 Not Found", "", "")).await;
    finds(&other, "bucket", "HTTP 404", "Check `endpoint` in nx.json").await;
}

#[tokio::test]
async fn a_dead_proxy_is_found_with_the_variable_that_names_it() {
    for (endpoint, variable) in [
        ("http://s3.example.test", "HTTP_PROXY"),
        ("https://s3.example.test", "https_proxy"),
        ("https://s3.example.test", "ALL_PROXY"),
    ] {
        let proxied = Setup::new()
            .await
            .option("endpoint", endpoint)
            .variable(variable, "http://user:word@127.0.0.1:1");
        let named = match cfg!(windows) {
            true => variable.to_uppercase(), // the same variable there
            false => variable.to_owned(),
        };
        let remedy = format!("Check the proxy http://127.0.0.1:1 ({named})");
        let ran = finds(
            &proxied,
            "bucket",
            "unreachable: no connection through the proxy",
            &remedy,
        )
        .await;
        assert!(!ran.text().contains("user:word"), "{}", ran.text());
    }
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
        "not an S3 endpoint: a web page instead of an answer of S3",
        "Check `endpoint`",
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
        let message =
            "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'";
        (!there).then(|| error("400 Bad Request", "AuthorizationHeaderMalformed", message))
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
