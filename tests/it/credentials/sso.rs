//! Single sign-on: a token that `aws sso login` left, and the portal that gives credentials for it.

use super::machine::{Machine, assert_contains, assert_starts_with, pair};
use super::server::{serve, timestamp};
use crate::support::scripted::{Scripted, Seen};

const SESSION: &str = "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n\
                       [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n";
const LEGACY: &str = "[profile dev]\nsso_account_id = 123456789012\nsso_role_name = Dev\n\
                      sso_region = eu-west-1\nsso_start_url = https://corp.example/start\n";
/// SHA-1 of `corp` and of the start URL: how the CLI names the files of its tokens.
const SESSION_FILE: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
const LEGACY_FILE: &str = ".aws/sso/cache/f7c9b39d0b4c7a7d82c79307585f77e1c5e74378.json";

/// A portal where `token` is logged in.
fn portal(request: &Seen) -> (u16, String) {
    if request.header("x-amz-sso_bearer_token") != Some("token") {
        let body = r#"{"__type": "UnauthorizedException", "message": "Session token not found or invalid"}"#;
        return (401, body.into());
    }
    let body = r#"{"roleCredentials": {"accessKeyId": "SSO", "secretAccessKey": "s", "sessionToken": "t",
        "expiration": 4102444800000}}"#;
    (200, body.into())
}

fn token(seconds: u64) -> String {
    let expires = timestamp(seconds);
    format!(
        r#"{{"accessToken": "token", "expiresAt": "{expires}", "startUrl": "https://corp.example/start"}}"#
    )
}

fn machine(portal: &Scripted, config: &str) -> Machine {
    let machine = Machine::new()
        .config(config)
        .variable("AWS_ENDPOINT_URL_SSO", portal.endpoint());
    machine.options(|task| task.sso_profile = Some("dev".into()))
}

#[test]
fn takes_the_login_of_an_sso_session() {
    let portal = serve(portal);
    let machine = machine(&portal, SESSION).file(SESSION_FILE, &token(3600));
    assert_eq!(machine.found(), pair("profile dev (single sign-on)", "SSO"));
    let target = portal.request().target().to_owned();
    assert!(target.starts_with("/federation/credentials?"), "{target}");
    assert!(
        target.contains("role_name=Dev") && target.contains("account_id=123456789012"),
        "{target}"
    );
}

#[test]
fn takes_a_login_of_the_legacy_form() {
    let portal = serve(portal);
    let machine = machine(&portal, LEGACY).file(LEGACY_FILE, &token(3600));
    assert_eq!(machine.found(), pair("profile dev (single sign-on)", "SSO"));
}

#[test]
fn takes_a_login_of_an_ordinary_profile() {
    let portal = serve(portal);
    let machine = machine(&portal, SESSION)
        .file(SESSION_FILE, &token(3600))
        .variable("AWS_PROFILE", "dev");
    let machine = machine.options(|task| task.sso_profile = None);
    assert_eq!(machine.found(), pair("profile dev (single sign-on)", "SSO"));
}

#[test]
fn an_expired_login_says_how_to_log_in() {
    let portal = serve(portal);
    let stale = token(0).replace("token\"", "stale\"");
    for machine in [
        machine(&portal, SESSION),
        machine(&portal, LEGACY),
        machine(&portal, SESSION).file(SESSION_FILE, &token(0)),
        machine(&portal, LEGACY).file(LEGACY_FILE, &stale),
    ] {
        let error = machine.error();
        assert_starts_with(&error, "no credentials from profile dev (single sign-on): ");
        assert_contains(&error, "Run `aws sso login --profile dev`");
        assert!(!error.contains("stale"), "{error}");
    }
}

#[test]
fn an_expired_login_that_can_be_renewed_is_renewed() {
    let portal = serve(portal);
    let oidc = serve(|_| {
        (
            200,
            r#"{"accessToken": "token", "expiresIn": 3600, "refreshToken": "next"}"#.into(),
        )
    });
    let refreshable = token(0).replace("token\"", "stale\"").replace(
        '{',
        r#"{"refreshToken": "r", "clientId": "i", "clientSecret": "c", "registrationExpiresAt": "2099-01-01T00:00:00Z","#,
    );
    let machine = machine(&portal, SESSION)
        .file(SESSION_FILE, &refreshable)
        .variable("AWS_ENDPOINT_URL_SSO_OIDC", oidc.endpoint());
    assert_eq!(machine.found(), pair("profile dev (single sign-on)", "SSO"));
    assert_eq!(oidc.request().target(), "/token");
}

#[test]
fn a_role_on_top_of_an_expired_login_names_the_profile_to_log_in_with() {
    let portal = serve(portal);
    let roles = "[profile ci]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = dev\n";
    let machine = machine(&portal, &format!("{roles}{SESSION}")).variable("AWS_PROFILE", "ci");
    let error = machine.error();
    assert_contains(&error, "Run `aws sso login --profile dev`");
}

#[test]
fn a_machine_without_profiles_passes_over_the_option() {
    let machine = Machine::new().options(|task| {
        task.sso_profile = Some("dev".into());
        task.keys = Some(("NX".into(), "s".into()));
    });
    assert_eq!(machine.found(), pair("nx.json", "NX"));
}

#[test]
fn a_profile_that_is_missing_among_others_is_an_error() {
    let machine = Machine::new().config("[profile other]\n");
    let error = machine
        .options(|task| task.sso_profile = Some("dev".into()))
        .error();
    assert_starts_with(
        &error,
        "no credentials from profile dev: the option `ssoProfile` names it",
    );
}

#[test]
fn a_profile_without_settings_is_an_error() {
    let machine = Machine::new().config("[profile dev]\nregion = eu-west-1\n");
    let error = machine
        .options(|task| task.sso_profile = Some("dev".into()))
        .error();
    assert!(
        error.ends_with("Run `aws configure sso --profile dev`."),
        "{error}"
    );
}
