//! Which options go together, and which don't.

use super::error::Findings;
use super::settings::Settings;

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
const NEEDS: [(&str, &str); 6] = [
    ("accessKeyId", "secretAccessKey"),
    ("secretAccessKey", "accessKeyId"),
    ("sessionToken", "secretAccessKey"),
    ("assumeRole.externalId", "assumeRole.roleArn"),
    ("assumeRole.sessionName", "assumeRole.roleArn"),
    ("kmsKeyId", "serverSideEncryption"),
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
            let problem = format!("this needs {other}, which is not set.");
            findings.problem(one, settings.origin(one), problem);
        }
    }
}
