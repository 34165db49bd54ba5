//! Which options go together, and which don't.

use super::options as opt;
use super::settings::Checked;
use super::spec::Spec;
use super::trust::SET_UP;
use super::types::TrustPolicy;

const ONLY_AWS: &str = "only AWS has this";
const UNSIGNED: &str = "anonymous requests are not signed";

/// Finds options that exclude each other, and options that lack another.
pub(super) fn check(checked: &mut Checked<'_>) {
    check_exclusive(checked);
    check_needs(checked);
    check_values(checked);
    check_policy(checked);
}

fn check_exclusive(checked: &mut Checked<'_>) {
    let exclusive: [(&Spec, &Spec, &str); 9] = [
        (&opt::ACCELERATE, &opt::ENDPOINT, ONLY_AWS),
        (&opt::DUALSTACK, &opt::ENDPOINT, ONLY_AWS),
        (&opt::FIPS, &opt::ENDPOINT, ONLY_AWS),
        (
            &opt::ACCELERATE,
            &opt::FORCE_PATH_STYLE,
            "acceleration works with https://bucket.host addresses only",
        ),
        (&opt::ACCELERATE, &opt::FIPS, "AWS has no endpoints that do both"),
        (&opt::ANONYMOUS, &opt::ACCESS_KEY_ID, UNSIGNED),
        (&opt::ANONYMOUS, &opt::SECRET_ACCESS_KEY, UNSIGNED),
        (&opt::ANONYMOUS, &opt::SESSION_TOKEN, UNSIGNED),
        (&opt::ANONYMOUS, &opt::ASSUME_ROLE_ROLE_ARN, UNSIGNED),
    ];
    let settings = checked.settings;
    for (one, other, why) in exclusive {
        if settings.is_on(one) && settings.is_on(other) {
            let (name, origin) = (other.name, settings.origin(other));
            checked.refuse(
                one,
                format!("this excludes {name} ({origin}): {why}. Remove one of them."),
            );
        }
    }
}

fn check_needs(checked: &mut Checked<'_>) {
    let needs: [(&Spec, &Spec); 9] = [
        (&opt::ACCESS_KEY_ID, &opt::SECRET_ACCESS_KEY),
        (&opt::SECRET_ACCESS_KEY, &opt::ACCESS_KEY_ID),
        (&opt::SESSION_TOKEN, &opt::SECRET_ACCESS_KEY),
        (&opt::ASSUME_ROLE_EXTERNAL_ID, &opt::ASSUME_ROLE_ROLE_ARN),
        (&opt::ASSUME_ROLE_SESSION_NAME, &opt::ASSUME_ROLE_ROLE_ARN),
        (&opt::KMS_KEY_ID, &opt::SERVER_SIDE_ENCRYPTION),
        (&opt::TRUST_EVENTS, &opt::TRUST_IDENTITIES),
        (&opt::TRUST_ENVIRONMENT, &opt::TRUST_IDENTITIES),
        (&opt::TRUST_JWKS_FILE, &opt::TRUST_IDENTITIES),
    ];
    let settings = checked.settings;
    for (one, other) in needs {
        if settings.is_on(one) && !settings.is_on(other) && !checked.findings.mention(other.name) {
            checked.refuse(one, format!("this needs {}, which is not set.", other.name));
        }
    }
    // Whoever may push creates a branch that only the default lists.
    if settings.is_on(&opt::TRUST_IDENTITIES)
        && !settings.is_on(&opt::TRUST_BRANCHES)
        && !checked.findings.mention(opt::TRUST_BRANCHES.name)
    {
        checked.refuse(
            &opt::TRUST_IDENTITIES,
            "this needs trust.branches, which is not set: runs of which protected branches and tags may sign, such as \
             \"branches\": [\"main\"].",
        );
    }
    for option in [&*opt::TRUST_BRANCHES, &opt::TRUST_ON_BAD_SIGNATURE] {
        if settings.is_on(option) && !has_signers(checked) {
            checked.refuse(
                option,
                "this needs trust.identities or trust.publicKeys, and neither is set.",
            );
        }
    }
}

/// Whether somebody is to be believed, or was meant to be.
fn has_signers(checked: &Checked<'_>) -> bool {
    let signers: [&Spec; 2] = [&opt::TRUST_IDENTITIES, &opt::TRUST_PUBLIC_KEYS];
    let (settings, findings) = (checked.settings, &checked.findings);
    signers
        .into_iter()
        .any(|option| settings.is_on(option) || findings.mention(option.name))
}

/// Finds options that exclude one value of another.
fn check_values(checked: &mut Checked<'_>) {
    let settings = checked.settings;
    let encryption = settings.find(&opt::SERVER_SIDE_ENCRYPTION);
    if settings.is_on(&opt::KMS_KEY_ID) && encryption.as_deref() == Some("AES256") {
        checked.refuse(
            &opt::KMS_KEY_ID,
            "this needs the serverSideEncryption \"aws:kms\" or \"aws:kms:dsse\", but it is \"AES256\".",
        );
    }
    let identities = settings.find(&opt::TRUST_IDENTITIES).unwrap_or_default();
    let elsewhere = identities.iter().find(|name| !name.starts_with("github"));
    if let (true, Some(name)) = (settings.is_on(&opt::TRUST_ENVIRONMENT), elsewhere) {
        checked.refuse(
            &opt::TRUST_ENVIRONMENT,
            format!("only GitHub's tokens name an environment, so no run of {name:?} could sign. Remove one of them."),
        );
    }
    let bucket = settings.find(&opt::BUCKET).unwrap_or_default();
    for option in [&opt::ACCELERATE, &opt::FORCE_PATH_STYLE] {
        if bucket.starts_with("arn:") && settings.is_on(option) {
            checked.refuse(
                option,
                "access points don't have this, but bucket is one. Remove it, or name the bucket.",
            );
        }
    }
}

/// Where somebody may sign everything is verified, and elsewhere nothing can be: there is no policy in between.
fn check_policy(checked: &mut Checked<'_>) {
    let settings = checked.settings;
    let signers: [&Spec; 2] = [&opt::TRUST_PUBLIC_KEYS, &opt::TRUST_IDENTITIES];
    let signer = signers.into_iter().find(|option| settings.is_on(option));
    let policy = match (settings.find(&opt::TRUST_POLICY), signer) {
        (Some(TrustPolicy::Shared), Some(signer)) => {
            let (name, origin) = (signer.name, settings.origin(signer));
            return checked.refuse(
                &opt::TRUST_POLICY,
                format!("\"shared\" verifies nothing, but there are {name} ({origin}). Remove one of them."),
            );
        }
        (Some(TrustPolicy::Isolated), _) => "isolated",
        (Some(TrustPolicy::TrunkOnly), _) => "trunk-only",
        (Some(TrustPolicy::Shared) | None, _) => return,
    };
    if !has_signers(checked) {
        checked.refuse(
            &opt::TRUST_POLICY,
            format!("{policy:?} needs trust.identities or trust.publicKeys, and neither is set. \"{SET_UP}\" sets one."),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::problems_with;

    /// The only problem of a configuration.
    fn problem(section: Json) -> String {
        let problems = problems_with(&section);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].clone()
    }

    #[test]
    #[rustfmt::skip]
    fn options_that_exclude_each_other_are_refused() {
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/nx";
        let role = json!({ "roleArn": "arn:aws:iam::1:role/x" });
        for (section, expected) in [
            (json!({ "endpoint": "http://a", "accelerate": true }), "accelerate (nx.json): this excludes endpoint (nx.json)"),
            (json!({ "endpoint": "http://a", "dualstack": true }), "dualstack"),
            (json!({ "endpoint": "http://a", "fips": true }), "fips"),
            (json!({ "forcePathStyle": true, "accelerate": true }), "accelerate"),
            (json!({ "fips": true, "accelerate": true }), "accelerate"),
            (json!({ "anonymous": true, "assumeRole": role }), "anonymous"),
            (json!({ "kmsKeyId": "x", "serverSideEncryption": "AES256" }), "kmsKeyId"),
            (json!({ "bucket": arn, "forcePathStyle": true }), "forcePathStyle"),
            (json!({ "bucket": arn, "accelerate": true }), "accelerate"),
        ] {
            let problem = problem(section);
            assert!(problem.starts_with(expected), "{problem}");
        }
        let keys = json!({ "anonymous": true, "accessKeyId": "x", "secretAccessKey": "x", "sessionToken": "x" });
        assert_eq!(problems_with(&keys).len(), 3);
    }

    #[test]
    #[rustfmt::skip]
    fn options_that_lack_another_are_refused() {
        for (section, expected) in [
            (json!({ "accessKeyId": "x" }), "accessKeyId (nx.json): this needs secretAccessKey, which is not set."),
            (json!({ "secretAccessKey": "x" }), "secretAccessKey (nx.json): this needs accessKeyId"),
            (json!({ "sessionToken": "x" }), "sessionToken (nx.json): this needs secretAccessKey"),
            (json!({ "assumeRole": { "externalId": "x" } }), "assumeRole.externalId"),
            (json!({ "assumeRole": { "sessionName": "ci" } }), "assumeRole.sessionName"),
            (json!({ "kmsKeyId": "x" }), "kmsKeyId (nx.json): this needs serverSideEncryption"),
            (json!({ "trust": { "branches": ["main"] } }), "trust.branches (nx.json): this needs trust.identities or trust.publicKeys, and neither is set."),
            (json!({ "trust": { "onBadSignature": "fail" } }), "trust.onBadSignature"),
        ] {
            let problem = problem(section);
            assert!(problem.starts_with(expected), "{problem}");
        }
    }

    #[test]
    fn what_is_off_excludes_nothing_and_what_is_wrong_is_not_missing() {
        for section in [
            json!({ "endpoint": "http://a", "fips": false }),
            json!({ "kmsKeyId": "x", "serverSideEncryption": "aws:kms:dsse" }),
        ] {
            assert_eq!(problems_with(&section), [] as [&str; 0]);
        }
        problem(json!({ "accessKeyId": 5, "secretAccessKey": "x" }));
    }
}
