//! The order of the sources: of each two neighbours, the documented one wins.

use super::container;
use super::machine::{Machine, pair};
use super::server::serve;
use crate::support::scripted::{Scripted, Seen};

const KEYS: &str = "aws_access_key_id = FILE\naws_secret_access_key = s\n";

/// Every endpoint at once: STS, the single sign-on portal, the container's and the metadata service.
fn endpoints(request: &Seen) -> (u16, String) {
    if request.target().starts_with("/federation") {
        let keys = r#"{"accessKeyId": "SSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4102444800000}"#;
        return (200, format!(r#"{{"roleCredentials": {keys}}}"#));
    }
    match (request.method(), request.target()) {
        ("POST", _) => (
            200,
            super::server::assumed("AssumeRoleWithWebIdentity", "WEB", 3600),
        ),
        ("PUT", _) => (200, "session".into()),
        ("GET", "/container") => (200, container::answer("CONTAINER")),
        ("GET", "/latest/meta-data/iam/security-credentials/") => (200, "role".into()),
        _ => (200, container::answer("INSTANCE")),
    }
}

/// A machine where every source from the `first` on (by its place in the order) has credentials.
fn machine(first: usize, server: &Scripted) -> Machine {
    let sso =
        "[profile dev]\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\nsso_start_url = u\n";
    let token = r#"{"accessToken": "token", "expiresAt": "2099-01-01T00:00:00Z"}"#;
    // SHA-1 of the start URL, `u`.
    let mut machine = Machine::new()
        .file(
            ".aws/sso/cache/51e69892ab49df85c6230ccc57f8e1d1606caccc.json",
            token,
        )
        .file("jwt", "token")
        .variable("AWS_ENDPOINT_URL", server.endpoint())
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.endpoint());
    let jwt = machine.home().join("jwt");
    machine = machine.config(&if first <= 2 {
        format!("[default]\n{KEYS}{sso}")
    } else {
        sso.into()
    });
    if first <= 1 {
        machine = machine.environment("ENV");
    }
    if first <= 3 {
        machine = machine.options(|task| task.sso_profile = Some("dev".into()));
    }
    if first <= 4 {
        machine = machine
            .variable("AWS_WEB_IDENTITY_TOKEN_FILE", jwt)
            .variable("AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
    }
    if first <= 5 {
        machine = machine.options(|task| task.keys = Some(("NX".into(), "s".into())));
    }
    if first <= 6 {
        machine = machine.variable(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/container", server.endpoint()),
        );
    }
    machine
}

#[test]
fn each_source_wins_over_all_that_come_after_it() {
    let server = serve(endpoints);
    let order = [
        pair("environment", "ENV"),
        pair("profile default (keys)", "FILE"),
        pair("profile dev (single sign-on)", "SSO"),
        pair("web identity", "WEB"),
        pair("nx.json", "NX"),
        pair("container", "CONTAINER"),
        pair("EC2 metadata", "INSTANCE"),
    ];
    for (place, expected) in order.into_iter().enumerate() {
        assert_eq!(machine(place + 1, &server).found(), expected);
    }
}

#[test]
fn a_source_that_fails_ends_the_search() {
    let server = serve(endpoints);
    let machine = machine(2, &server).config("[default]\naws_access_key_id = HALF\n");
    assert!(
        machine
            .error()
            .starts_with("no credentials from profile default (keys): ")
    );
}
