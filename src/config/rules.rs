//! Which options go together, and which don't.

use super::error::Findings;
use super::settings::Settings;
use super::trust::SET_UP;

/// Two options that can't both be set, and why.
const EXCLUSIVE: [(&str, &str, &str); 9] = [
    ("accelerate", "endpoint", ONLY_AWS),
    ("dualstack", "endpoint", ONLY_AWS),
    ("fips", "endpoint", ONLY_AWS),
    (
        "accelerate",
        "forcePathStyle",
        "acceleration works with https://bucket.host addresses only",
    ),
    ("accelerate", "fips", "AWS has no endpoints that do both"),
    ("anonymous", "accessKeyId", UNSIGNED),
    ("anonymous", "secretAccessKey", UNSIGNED),
    ("anonymous", "sessionToken", UNSIGNED),
    ("anonymous", "assumeRole.roleArn", UNSIGNED),
];
const ONLY_AWS: &str = "only AWS has this";
const UNSIGNED: &str = "anonymous requests are not signed";

/// Options that mean nothing without another one.
const NEEDS: [(&str, &str); 8] = [
    ("accessKeyId", "secretAccessKey"),
    ("secretAccessKey", "accessKeyId"),
    ("sessionToken", "secretAccessKey"),
    ("assumeRole.externalId", "assumeRole.roleArn"),
    ("assumeRole.sessionName", "assumeRole.roleArn"),
    ("kmsKeyId", "serverSideEncryption"),
    ("trust.branches", "trust.publicKeys"),
    ("trust.onBadSignature", "trust.publicKeys"),
];

/// Finds options that exclude each other or miss each other.
pub(super) fn check(settings: &Settings, findings: &mut Findings) {
    for (one, other, why) in EXCLUSIVE {
        if settings.is_on(one) && settings.is_on(other) {
            let problem = format!(
                "this excludes {other} ({}): {why}. Remove one of them.",
                settings.origin(other)
            );
            findings.problem(one, settings.origin(one), problem);
        }
    }
    for (one, other) in NEEDS {
        if settings.is_on(one) && !settings.is_on(other) && !findings.mention(other) {
            findings.problem(
                one,
                settings.origin(one),
                format!("this needs {other}, which is not set."),
            );
        }
    }
    check_values(settings, findings);
    check_policy(settings, findings);
}

/// Finds options that exclude one value of another.
fn check_values(settings: &Settings, findings: &mut Findings) {
    if settings.is_on("kmsKeyId") && settings.text("serverSideEncryption").as_deref() == Some("AES256") {
        let problem =
            "this needs the serverSideEncryption \"aws:kms\" or \"aws:kms:dsse\", but it is \"AES256\".";
        findings.problem("kmsKeyId", settings.origin("kmsKeyId"), problem.into());
    }
    let access_point = settings
        .text("bucket")
        .is_some_and(|bucket| bucket.starts_with("arn:"));
    for option in ["accelerate", "forcePathStyle"] {
        if access_point && settings.is_on(option) {
            let problem = "access points don't have this, but bucket is one. Remove it, or name the bucket.";
            findings.problem(option, settings.origin(option), problem.into());
        }
    }
}

/// With keys everything is verified, and without them nothing can be: there is no policy in between.
fn check_policy(settings: &Settings, findings: &mut Findings) {
    let (policy, keys) = (settings.text("trust.policy"), settings.is_on("trust.publicKeys"));
    let origin = settings.origin("trust.policy");
    let problem = match policy.as_deref() {
        Some("shared") if keys => format!(
            "\"shared\" verifies nothing, but there are trust.publicKeys ({}). Remove one of them.",
            settings.origin("trust.publicKeys")
        ),
        Some(policy @ ("isolated" | "trunk-only")) if !keys && !findings.mention("trust.publicKeys") => {
            format!("{policy:?} needs trust.publicKeys, which is not set. \"{SET_UP}\" makes a key pair.")
        }
        _ => return,
    };
    findings.problem("trust.policy", origin, problem);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value as Json, json};

    use super::super::{Config, ConfigErrors, Environment};

    fn problems(mut section: Json) -> Vec<String> {
        if section.get("bucket").is_none() {
            section["bucket"] = json!("my-bucket");
        }
        match Config::load(
            Some(&section.to_string()),
            &Environment::default(),
            false,
            Path::new("/"),
        ) {
            Ok(_) => Vec::new(),
            Err(ConfigErrors::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn options_that_exclude_each_other_are_refused() {
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/nx";
        let role = json!({ "roleArn": "arn:aws:iam::1:role/x" });
        for (section, told) in [
            (
                json!({ "endpoint": "http://a", "accelerate": true }),
                "accelerate (nx.json): this excludes endpoint (nx.json)",
            ),
            (json!({ "endpoint": "http://a", "dualstack": true }), "dualstack"),
            (json!({ "endpoint": "http://a", "fips": true }), "fips"),
            (
                json!({ "forcePathStyle": true, "accelerate": true }),
                "accelerate",
            ),
            (json!({ "fips": true, "accelerate": true }), "accelerate"),
            (json!({ "anonymous": true, "assumeRole": role }), "anonymous"),
            (
                json!({ "kmsKeyId": "x", "serverSideEncryption": "AES256" }),
                "kmsKeyId",
            ),
            (json!({ "bucket": arn, "forcePathStyle": true }), "forcePathStyle"),
            (json!({ "bucket": arn, "accelerate": true }), "accelerate"),
        ] {
            let problems = problems(section);
            assert!(
                problems.len() == 1 && problems[0].starts_with(told),
                "{problems:?}"
            );
        }
        let keys =
            json!({ "anonymous": true, "accessKeyId": "x", "secretAccessKey": "x", "sessionToken": "x" });
        assert_eq!(problems(keys).len(), 3);
    }

    #[test]
    fn options_that_miss_another_are_refused() {
        for (section, told) in [
            (
                json!({ "accessKeyId": "x" }),
                "accessKeyId (nx.json): this needs secretAccessKey, which is not set.",
            ),
            (
                json!({ "secretAccessKey": "x" }),
                "secretAccessKey (nx.json): this needs accessKeyId",
            ),
            (
                json!({ "sessionToken": "x" }),
                "sessionToken (nx.json): this needs secretAccessKey",
            ),
            (
                json!({ "assumeRole": { "externalId": "x" } }),
                "assumeRole.externalId",
            ),
            (
                json!({ "assumeRole": { "sessionName": "ci" } }),
                "assumeRole.sessionName",
            ),
            (
                json!({ "kmsKeyId": "x" }),
                "kmsKeyId (nx.json): this needs serverSideEncryption",
            ),
            (
                json!({ "trust": { "branches": ["main"] } }),
                "trust.branches (nx.json): this needs trust.publicKeys, which is not set.",
            ),
            (
                json!({ "trust": { "onBadSignature": "fail" } }),
                "trust.onBadSignature",
            ),
        ] {
            let problems = problems(section);
            assert!(
                problems.len() == 1 && problems[0].starts_with(told),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn what_is_off_excludes_nothing_and_what_is_wrong_is_not_missing() {
        let none: [String; 0] = [];
        assert_eq!(problems(json!({ "endpoint": "http://a", "fips": false })), none);
        assert_eq!(
            problems(json!({ "kmsKeyId": "x", "serverSideEncryption": "aws:kms:dsse" })),
            none
        );
        assert_eq!(
            problems(json!({ "accessKeyId": 5, "secretAccessKey": "x" })).len(),
            1
        );
    }
}
