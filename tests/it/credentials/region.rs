//! The bucket's region.

use super::machine::Machine;

fn machine() -> Machine {
    let machine = Machine::new().variable("AWS_EC2_METADATA_DISABLED", "true");
    machine.options(|task| {
        task.region = None;
        task.region_only = true;
    })
}

fn region(machine: Machine) -> String {
    let report = machine.resolve();
    report.region.unwrap_or_else(|| panic!("{:?}", report.error))
}

#[test]
fn the_option_wins() {
    let machine = machine().variable("AWS_REGION", "us-west-1");
    assert_eq!(
        region(machine.options(|task| task.region = Some("eu-north-1".into()))),
        "eu-north-1"
    );
}

#[test]
fn then_the_environment() {
    let machine = machine()
        .config("[default]\nregion = eu-west-3\n")
        .variable("AWS_DEFAULT_REGION", "us-west-2");
    assert_eq!(machine.resolve().region.as_deref(), Some("us-west-2"));
    assert_eq!(region(machine.variable("AWS_REGION", "us-west-1")), "us-west-1");
}

#[test]
fn then_the_profile_and_what_it_is_based_on() {
    let files = "[default]\nregion = eu-west-3\n[profile ci]\nrole_arn = a\nsource_profile = base\n\
                 [profile base]\nregion = eu-south-1\n";
    assert_eq!(region(machine().config(files)), "eu-west-3");
    assert_eq!(
        region(machine().config(files).variable("AWS_PROFILE", "ci")),
        "eu-south-1"
    );
}

#[test]
fn then_the_single_sign_on_profile() {
    let machine = machine().config("[profile dev]\nregion = ca-central-1\n");
    assert_eq!(
        region(machine.options(|task| task.sso_profile = Some("dev".into()))),
        "ca-central-1"
    );
}

#[test]
fn a_custom_endpoint_needs_none() {
    let machine = machine().options(|task| task.endpoint = Some("http://127.0.0.1:9000".into()));
    assert_eq!(region(machine), "us-east-1");
}

#[test]
fn no_region_is_an_error_that_names_the_option() {
    assert_eq!(
        machine().error(),
        "the bucket's region is not known. Asked, in this order:\n\
         - nx.json: the option `region` is not set\n\
         - environment: neither AWS_REGION nor AWS_DEFAULT_REGION is set\n\
         - profile: profile `default` of ~/.aws/config and ~/.aws/credentials names no region\n\
         - EC2 metadata: AWS_EC2_METADATA_DISABLED switches it off\n\
         Set `s3.region` in nx.json, for example to \"eu-central-1\"."
    );
}
