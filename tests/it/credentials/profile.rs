//! Profiles of `~/.aws/config` and `~/.aws/credentials`.

use super::machine::{Machine, assert_contains, assert_starts_with, pair};

const CI: &str = "[profile ci]\naws_access_key_id = CI\naws_secret_access_key = ci-secret\n";

#[test]
fn takes_the_profile_that_the_option_names_before_that_of_the_environment() {
    let machine = Machine::new()
        .config(CI)
        .credentials("[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n[other]\n")
        .variable("AWS_PROFILE", "other");
    let machine = machine.options(|task| task.profile = Some("ci".into()));
    assert_eq!(machine.found(), pair("profile ci (keys)", "CI"));
}

#[test]
fn takes_the_profile_that_the_environment_names_before_the_default() {
    let machine = Machine::new()
        .config(&format!(
            "[default]\naws_access_key_id = D\naws_secret_access_key = s\n{CI}"
        ))
        .variable("AWS_PROFILE", "ci");
    assert_eq!(machine.found(), pair("profile ci (keys)", "CI"));
}

#[test]
fn the_credentials_file_wins_over_the_config_file() {
    let report = Machine::new()
        .config(&format!("{CI}region = sa-east-1\n"))
        .credentials("[ci]\naws_access_key_id = CREDENTIALS\naws_secret_access_key = credentials\n")
        .variable("AWS_PROFILE", "ci")
        .options(|task| task.region = None)
        .resolve();
    assert_eq!(report.access_key_id.as_deref(), Some("CREDENTIALS"));
    assert_eq!(report.secret_access_key.as_deref(), Some("credentials"));
    assert_eq!(
        report.region.as_deref(),
        Some("sa-east-1"),
        "what only one file has is kept"
    );
}

#[test]
fn a_profile_without_its_prefix_does_not_count_in_the_config_file() {
    let machine = Machine::new()
        .config(&CI.replace("profile ci", "ci"))
        .variable("AWS_PROFILE", "ci");
    assert!(machine.error().contains("add `[profile ci]` to the config file"));
}

#[test]
fn reads_the_files_that_the_environment_names() {
    let machine = Machine::new().file(
        "elsewhere",
        "[ci]\naws_access_key_id = E\naws_secret_access_key = s\n",
    );
    let path = machine.home().join("elsewhere");
    let machine = machine
        .variable("AWS_SHARED_CREDENTIALS_FILE", path)
        .options(|task| task.profile = Some("ci".into()));
    assert_eq!(machine.found(), pair("profile ci (keys)", "E"));
}

#[test]
fn a_default_profile_without_credentials_is_passed_over() {
    let machine = Machine::new().config("[default]\nregion = eu-west-1\n");
    let machine = machine.options(|task| task.keys = Some(("NX".into(), "s".into())));
    assert_eq!(machine.found(), pair("nx.json", "NX"));
}

#[test]
fn a_named_profile_that_does_not_exist_is_an_error_that_names_it() {
    let machine = Machine::new()
        .config(CI)
        .options(|task| task.keys = Some(("NX".into(), "s".into())));
    assert_eq!(
        machine.variable("AWS_PROFILE", "cl").error(),
        "no credentials from profile cl: AWS_PROFILE names it, but ~/.aws/config and ~/.aws/credentials hold \
         no such profile (there: ci). Correct the name, or add `[profile cl]` to the config file."
    );
    let error = Machine::new()
        .options(|task| task.profile = Some("ci".into()))
        .error();
    assert_contains(&error, "the option `profile` names it");
    assert_contains(&error, "(there: none)");
}

#[test]
fn a_profile_with_half_a_pair_of_keys_is_named() {
    let error = Machine::new()
        .credentials("[default]\naws_access_key_id = HALF\n")
        .error();
    assert_starts_with(&error, "no credentials from profile default (keys): ");
    assert_contains(&error, "aws_secret_access_key");
}

#[test]
fn a_malformed_file_is_named_with_its_line_and_without_its_content() {
    let machine = Machine::new().credentials("[default]\naws_access_key_id = A\nhush hush\n");
    let error = machine.error();
    assert_starts_with(&error, "no credentials from the AWS profile files: ");
    let file = std::path::Path::new(".aws").join("credentials");
    assert_contains(&error, &format!("{} on line 3", file.display()));
    assert!(!error.contains("hush"), "{error}");
}

#[test]
fn a_circle_of_profiles_is_an_error() {
    let machine = Machine::new().config(
        "[default]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = c\nsource_profile = default\n",
    );
    let error = machine.error();
    assert_starts_with(&error, "no credentials from profile default (role_arn): ");
    assert_contains(&error, "infinite loop");
}

#[test]
fn a_console_login_is_an_error_with_a_way_out() {
    let error = Machine::new()
        .config("[default]\nlogin_session = arn:aws:iam::1:user/me\n")
        .error();
    assert_contains(&error, "aws configure export-credentials --profile default");
}
