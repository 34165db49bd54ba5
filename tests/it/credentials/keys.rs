//! Keys in nx.json, no keys at all, and nothing configured.

use super::machine::{Machine, pair};

#[test]
fn takes_the_keys_of_nx_json() {
    let machine = Machine::new().options(|task| task.keys = Some(("NX".into(), "secret".into())));
    assert_eq!(machine.found(), pair("nx.json", "NX"));
}

#[test]
fn what_was_found_shows_no_secret() {
    let file = "[default]\naws_access_key_id = FILE\naws_secret_access_key = hush\n";
    for machine in [
        Machine::new().options(|task| task.keys = Some(("NX".into(), "hush".into()))),
        Machine::new().credentials(file),
        Machine::new()
            .environment("ENV")
            .variable("AWS_SECRET_ACCESS_KEY", "hush"),
    ] {
        let report = machine.resolve();
        assert_eq!(report.secret_access_key.as_deref(), Some("hush"));
        assert!(
            report.debug.contains("Refreshing") && !report.debug.contains("hush"),
            "{}",
            report.debug
        );
    }
}

#[test]
fn anonymous_asks_nobody() {
    let report = Machine::new()
        .environment("ENV")
        .options(|task| task.anonymous = true)
        .resolve();
    assert_eq!(report.source.as_deref(), Some("anonymous"));
    assert_eq!((report.access_key_id, report.error), (None, None));
}

#[test]
fn lists_every_source_when_none_has_anything() {
    let report = Machine::new()
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .resolve();
    assert_eq!(
        report.error.unwrap(),
        "no AWS credentials were found. Asked, in this order:\n\
         - environment: AWS_ACCESS_KEY_ID is not set\n\
         - profile: ~/.aws/config and ~/.aws/credentials hold no profile `default`\n\
         - single sign-on: the option `ssoProfile` is not set\n\
         - web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set\n\
         - nx.json: the option `accessKeyId` is not set\n\
         - container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor \
         AWS_CONTAINER_CREDENTIALS_FULL_URI is set\n\
         - EC2 metadata: AWS_EC2_METADATA_DISABLED switches it off\n\
         Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with AWS_PROFILE or the option \
         `profile`, or set the option `anonymous` for a public bucket."
    );
    assert_eq!(report.requests, Vec::<String>::new());
}
