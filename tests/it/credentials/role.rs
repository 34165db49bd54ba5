//! Roles taken through STS: `role_arn` in a profile, and the option `assumeRole`.

use super::machine::{Machine, assert_contains, assert_starts_with, pair};
use super::server::{denied, serve, sts};
use crate::support::scripted::Scripted;

const ROLE: &str = "arn:aws:iam::123456789012:role/cache";

/// A profile `ci` with a role, on top of keys in the profile `base`.
fn machine(sts: &Scripted) -> Machine {
    Machine::new()
        .config(&format!(
            "[profile ci]\nrole_arn = {ROLE}\nsource_profile = base\nexternal_id = x-1\n"
        ))
        .credentials("[base]\naws_access_key_id = BASE\naws_secret_access_key = base-secret\n")
        .variable("AWS_ENDPOINT_URL_STS", sts.endpoint())
        .variable("AWS_PROFILE", "ci")
}

#[test]
fn takes_a_profiles_role_with_its_source_profile() {
    let sts = sts("ROLE");
    let report = machine(&sts).resolve();
    assert_eq!(report.source.as_deref(), Some("profile ci (role_arn)"));
    assert_eq!(report.access_key_id.as_deref(), Some("ROLE"));
    assert_eq!(report.session_token.as_deref(), Some("sts-token"));
    let request = sts.request();
    assert_eq!(
        request.signed_by().as_deref(),
        Some("BASE/eu-west-1/sts/aws4_request")
    );
    assert_eq!(request.form("Action").as_deref(), Some("AssumeRole"));
    assert_eq!(request.form("RoleArn").as_deref(), Some(ROLE));
    assert_eq!(request.form("ExternalId").as_deref(), Some("x-1"));
}

#[test]
fn takes_a_profiles_role_with_its_credential_source() {
    let sts = sts("ROLE");
    let machine = Machine::new()
        .config(&format!(
            "[default]\nrole_arn = {ROLE}\ncredential_source = EcsContainer\n"
        ))
        .variable("AWS_ENDPOINT_URL_STS", sts.endpoint());
    let container = serve(|_| (200, super::container::answer("TASK")));
    let machine = machine.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.endpoint());
    assert_eq!(machine.found(), pair("profile default (role_arn)", "ROLE"));
    assert_eq!(
        sts.request().signed_by().as_deref(),
        Some("TASK/eu-west-1/sts/aws4_request")
    );
}

#[test]
fn a_role_that_sts_denies_is_an_error_in_its_words() {
    let sts = serve(|_| denied("AccessDenied", "User base may not assume the role"));
    let error = machine(&sts).error();
    assert_starts_with(
        &error,
        "no credentials from profile ci (role_arn): AccessDenied: User base may not assume the role. Check",
    );
    assert!(!error.contains("base-secret"), "{error}");
}

#[test]
fn an_sts_that_cannot_be_reached_is_an_error_that_says_so() {
    let sts = sts("ROLE");
    let error = machine(&sts)
        .variable("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
        .error();
    assert_starts_with(&error, "no credentials from profile ci (role_arn): ");
    assert_contains(&error, "refused");
}

#[test]
fn a_source_profile_that_does_not_exist_is_an_error() {
    let machine = Machine::new().config(&format!("[default]\nrole_arn = {ROLE}\nsource_profile = gone\n"));
    let error = machine.error();
    assert!(
        error.contains("gone") && error.contains("Check `role_arn`"),
        "{error}"
    );
}

#[test]
fn a_profile_that_wants_a_code_says_why_it_cannot_work() {
    let sts = serve(|_| denied("AccessDenied", "MultiFactorAuthentication failed"));
    let machine = machine(&sts).config(&format!(
        "[profile ci]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n"
    ));
    assert!(machine.error().contains("A build can't ask for the code"));
}

#[test]
fn the_option_takes_a_role_with_whatever_was_found() {
    let sts = sts("ASSUMED");
    let machine = Machine::new()
        .environment("ENV")
        .variable("AWS_ENDPOINT_URL_STS", sts.endpoint())
        .options(|task| task.assume_role = Some((ROLE.into(), Some("x-2".into()))));
    assert_eq!(
        machine.found(),
        pair(&format!("role {ROLE} with environment"), "ASSUMED")
    );
    let request = sts.request();
    assert_eq!(
        request.signed_by().as_deref(),
        Some("ENV/eu-west-1/sts/aws4_request")
    );
    assert_eq!(request.form("RoleArn").as_deref(), Some(ROLE));
    assert_eq!(request.form("ExternalId").as_deref(), Some("x-2"));
    assert_eq!(request.form("RoleSessionName").as_deref(), Some("nx-s3-cache"));
}

#[test]
fn the_option_names_role_and_source_when_sts_says_no() {
    let sts = serve(|_| denied("AccessDenied", "not you"));
    let error = Machine::new()
        .environment("ENV")
        .variable("AWS_ENDPOINT_URL", sts.endpoint())
        .options(|task| task.assume_role = Some((ROLE.into(), None)))
        .error();
    assert_eq!(
        error,
        format!(
            "no credentials from role {ROLE} with environment: AccessDenied: not you. Check that the trust \
             policy of the role lets environment take it."
        )
    );
}
