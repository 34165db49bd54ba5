//! Web identity: a token file and a role, as GitHub's OIDC and EKS set them up.

use super::machine::{Machine, assert_contains, assert_starts_with, pair};
use super::server::{denied, serve, sts};
use crate::support::scripted::Scripted;

const ROLE: &str = "arn:aws:iam::123456789012:role/ci";

fn machine(sts: &Scripted) -> Machine {
    let machine = Machine::new().file("token", "header.payload.signature");
    let token = machine.home().join("token");
    machine
        .variable("AWS_WEB_IDENTITY_TOKEN_FILE", token)
        .variable("AWS_ROLE_ARN", ROLE)
        .variable("AWS_ENDPOINT_URL_STS", sts.endpoint())
}

#[test]
fn exchanges_the_token_for_the_roles_credentials() {
    let sts = sts("WEB");
    let machine = machine(&sts).variable("AWS_ROLE_SESSION_NAME", "build-7");
    assert_eq!(machine.found(), pair("web identity", "WEB"));
    let request = sts.request();
    assert_eq!(
        request.form("Action").as_deref(),
        Some("AssumeRoleWithWebIdentity")
    );
    assert_eq!(request.form("RoleArn").as_deref(), Some(ROLE));
    assert_eq!(request.form("RoleSessionName").as_deref(), Some("build-7"));
    assert_eq!(
        request.form("WebIdentityToken").as_deref(),
        Some("header.payload.signature")
    );
    assert_eq!(
        request.header("authorization"),
        None,
        "the token is the proof, nothing is signed"
    );
}

#[test]
fn a_refused_token_is_an_error_without_the_token() {
    let sts = serve(|_| denied("InvalidIdentityToken", "No OpenIDConnect provider found"));
    let error = machine(&sts)
        .options(|task| task.keys = Some(("NX".into(), "s".into())))
        .error();
    assert_starts_with(
        &error,
        "no credentials from web identity: InvalidIdentityTokenException: No OpenID",
    );
    assert!(error.contains(ROLE) && !error.contains("payload"), "{error}");
}

#[test]
fn a_token_without_a_role_is_an_error() {
    let error = Machine::new()
        .variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")
        .error();
    assert_contains(&error, "AWS_ROLE_ARN is not. Set AWS_ROLE_ARN");
}

#[test]
fn a_token_file_that_is_gone_is_an_error_that_names_it() {
    let sts = sts("WEB");
    let error = machine(&sts)
        .variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/gone/token")
        .error();
    let missing = std::fs::read("/gone/token").unwrap_err();
    assert_starts_with(&error, &format!("no credentials from web identity: {missing}"));
    assert_contains(&error, "Check the token in /gone/token");
}
