//! The metadata service of EC2.

use super::container::answer;
use super::machine::{Machine, assert_contains, pair};
use super::server::serve;
use crate::support::scripted::{Scripted, Seen};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// An instance with the role `ci-role`.
fn metadata(request: &Seen) -> (u16, String) {
    match (request.method(), request.target()) {
        ("PUT", "/latest/api/token") => (200, "session".into()),
        ("GET", _) if request.header("x-aws-ec2-metadata-token") != Some("session") => (401, String::new()),
        ("GET", ROLES) => (200, "ci-role".into()),
        ("GET", "/latest/meta-data/iam/security-credentials/ci-role") => (200, answer("INSTANCE")),
        ("GET", "/latest/meta-data/placement/region") => (200, "ap-south-1".into()),
        _ => (404, String::new()),
    }
}

fn machine(service: &Scripted) -> Machine {
    Machine::new().variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.endpoint())
}

#[test]
fn takes_the_instances_role() {
    let service = serve(metadata);
    assert_eq!(machine(&service).found(), pair("EC2 metadata", "INSTANCE"));
}

#[test]
fn an_instance_without_a_role_is_one_of_the_reasons() {
    let service = serve(|request| match metadata(request) {
        (200, role) if role == "ci-role" => (404, String::new()),
        other => other,
    });
    let error = machine(&service).error();
    assert_contains(&error, "\n- EC2 metadata: received 404 from IMDS\n");
    assert_contains(&error, "\n- environment: AWS_ACCESS_KEY_ID is not set\n");
}

#[test]
fn the_variable_switches_it_off() {
    let service = serve(metadata);
    let error = machine(&service)
        .variable("AWS_EC2_METADATA_DISABLED", "TRUE")
        .error();
    assert_contains(
        &error,
        "- EC2 metadata: AWS_EC2_METADATA_DISABLED switches it off",
    );
    assert!(service.seen().is_empty());
}

#[test]
fn a_machine_that_is_no_instance_sends_no_request() {
    let vendor = std::fs::read_to_string("/sys/class/dmi/id/sys_vendor").unwrap_or_default();
    if vendor.starts_with("Amazon EC2") {
        return; // The machine that runs the tests is one.
    }
    let report = Machine::new().options(|task| task.region = None).resolve();
    assert_eq!(report.requests, Vec::<String>::new());
    let report = Machine::new().resolve();
    assert_eq!(report.requests, Vec::<String>::new());
    assert!(
        report
            .error
            .unwrap()
            .contains("- EC2 metadata: this machine is no EC2 instance")
    );
}

#[test]
fn the_region_is_the_instances_when_nothing_names_another() {
    let service = serve(metadata);
    let machine = machine(&service).options(|task| {
        task.region = None;
        task.region_only = true;
    });
    assert_eq!(machine.resolve().region.as_deref(), Some("ap-south-1"));
}
