//! The credentials endpoint of an ECS task or an EKS pod.

use super::machine::{Machine, assert_contains, assert_starts_with, pair};
use super::server::{serve, timestamp};
use crate::support::scripted::Scripted;

/// The endpoint's answer; the metadata service of EC2 has the same.
pub fn answer(id: &str) -> String {
    let expiration = timestamp(3600);
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "{id}", "SecretAccessKey": "s", "Token": "t",
        "Expiration": "{expiration}"}}"#
    )
}

fn machine(endpoint: &Scripted) -> Machine {
    Machine::new().variable(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        format!("{}/v1/credentials", endpoint.endpoint()),
    )
}

#[test]
fn asks_the_endpoint_with_the_token() {
    let endpoint = serve(|_| (200, answer("TASK")));
    let machine = machine(&endpoint).variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer abc");
    assert_eq!(machine.found(), pair("container", "TASK"));
    let request = endpoint.request();
    assert_eq!((request.method(), request.target()), ("GET", "/v1/credentials"));
    assert_eq!(request.header("authorization"), Some("Bearer abc"));
}

#[test]
fn asks_the_endpoint_with_the_token_of_a_file() {
    let endpoint = serve(|_| (200, answer("POD")));
    let machine = machine(&endpoint).file("token", "eks-token");
    let token = machine.home().join("token");
    assert_eq!(
        machine
            .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)
            .found(),
        pair("container", "POD")
    );
    assert_eq!(endpoint.request().header("authorization"), Some("eks-token"));
}

#[test]
fn asks_the_ecs_agent_for_a_relative_address() {
    let report = Machine::new()
        .variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/7")
        .resolve();
    assert_eq!(report.requests[0], "http://169.254.170.2/v2/credentials/7");
    assert!(
        report
            .error
            .unwrap()
            .starts_with("no credentials from container: ")
    );
}

#[test]
fn an_endpoint_that_refuses_is_an_error_without_the_token() {
    let endpoint = serve(|_| (403, "{}".into()));
    let error = machine(&endpoint)
        .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer hush")
        .error();
    assert_starts_with(&error, "no credentials from container: ");
    assert!(error.contains("403") && !error.contains("hush"), "{error}");
}

#[test]
fn an_endpoint_of_another_machine_is_refused_unless_it_is_https() {
    let report = Machine::new()
        .variable(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://192.0.2.1/credentials",
        )
        .resolve();
    assert!(
        report
            .error
            .unwrap()
            .contains("did not refer to an allowed IP address")
    );
    assert_eq!(report.requests, Vec::<String>::new());
}

#[test]
fn a_relative_address_that_is_none_is_an_error() {
    let error = Machine::new()
        .variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "v2/x y")
        .error();
    assert_contains(&error, "`v2/x y`, which is not a path. It has to begin with `/`.");
}
