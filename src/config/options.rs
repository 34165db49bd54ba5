//! The table of options: everything that knows an option by name is derived from it.

use std::time::Duration;

use super::environment::PREFIX;
use super::kind::Kind;

/// One option.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "tests generate the schema and the documentation")
)]
pub(super) struct Spec {
    /// The name in nx.json; with a dot when it stands in a nested object.
    pub name: &'static str,
    pub kind: Kind,
    pub default: Fallback,
    /// What it does, in one line.
    pub description: &'static str,
    /// A value that makes sense, as JSON.
    pub example: &'static str,
    /// Whether the query of a store URL may set it.
    pub in_url: bool,
    /// Whether only the environment may set it.
    pub only_environment: bool,
    /// Another variable that sets it, weaker than its own.
    pub other_variable: Option<&'static str>,
}

/// What holds when nobody sets an option.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "tests generate the schema and the documentation")
)]
pub(super) enum Fallback {
    /// No value; this says what happens then.
    Unset(&'static str),
    /// This value, as text.
    Value(&'static str),
    /// One value in CI, another elsewhere.
    ByPlace { ci: &'static str, local: &'static str },
}

impl Spec {
    const fn new(name: &'static str, kind: Kind, description: &'static str, example: &'static str) -> Self {
        let default = Fallback::Unset("–");
        let (in_url, only_environment, other_variable) = (false, false, None);
        Self {
            name,
            kind,
            default,
            description,
            example,
            in_url,
            only_environment,
            other_variable,
        }
    }
    const fn default(self, text: &'static str) -> Self {
        Self {
            default: Fallback::Value(text),
            ..self
        }
    }
    const fn otherwise(self, what_happens: &'static str) -> Self {
        Self {
            default: Fallback::Unset(what_happens),
            ..self
        }
    }
    const fn by_place(self, ci: &'static str, local: &'static str) -> Self {
        Self {
            default: Fallback::ByPlace { ci, local },
            ..self
        }
    }
    const fn in_url(self) -> Self {
        Self { in_url: true, ..self }
    }
    const fn only_environment(self) -> Self {
        Self {
            only_environment: true,
            ..self
        }
    }
    const fn also(self, other_variable: &'static str) -> Self {
        Self {
            other_variable: Some(other_variable),
            ..self
        }
    }

    /// The name of the variable that sets the option: `timeouts.connect` is `NX_S3_CACHE_TIMEOUTS_CONNECT`.
    pub(super) fn variable(&self) -> String {
        variable(self.name)
    }
}

fn variable(option: &str) -> String {
    let mut name = PREFIX.to_owned();
    for c in option.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(if c == '.' { '_' } else { c.to_ascii_uppercase() });
    }
    name
}

/// Options that were removed, and what is said to whoever still sets one.
const REMOVED: [(&str, &str); 1] = [(
    "trust.devWrites",
    "this was removed: whoever may write to the bucket could write to the part of the cache that a developer's machine \
     read unverified. Remove it; developers' machines restore what trusted runs have signed, and store nothing.",
)];

/// What is said of an option that was removed, by its name or by that of its variable.
pub(super) fn removed(name: &str) -> Option<&'static str> {
    let mut removed = REMOVED.iter();
    let found = removed.find(|(option, _)| *option == name || variable(option) == name);
    found.map(|(_, why)| *why)
}

/// The option called `name`.
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// The nested objects of the section and what each is for.
pub(super) const GROUPS: [(&str, &str); 3] = [
    (
        "assumeRole",
        "A role to take with the credentials that were found.",
    ),
    ("timeouts", "How long things may take."),
    (
        "trust",
        "Whose results are restored: what keeps pull requests from poisoning the cache.",
    ),
];

const MODES: Kind = Kind::Choice(
    "a cache mode",
    &["read-write", "read-only", "read", "write-only", "no-cache"],
);
const TIMEOUT: Kind = Kind::Duration(Duration::from_millis(10), Duration::from_secs(600));

/// The key of RFC 8032, section 7.1, test 1: everybody knows it.
const EXAMPLE_SECRET_KEY: &str =
    "\"example:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==\"";

/// All options, in the order in which the documentation lists them.
#[rustfmt::skip]
pub(super) const OPTIONS: &[Spec] = &[
    Spec::new("bucket", Kind::Text, "The bucket's name, an access point's ARN, or a store URL such as `s3://bucket/prefix?region=eu-central-1`.", "\"my-nx-cache\"")
        .otherwise("required"),
    Spec::new("region", Kind::Text, "The bucket's region.", "\"eu-central-1\"").in_url()
        .otherwise("`AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's; with an `endpoint`, `us-east-1`"),
    Spec::new("endpoint", Kind::Text, "The server, for S3-compatible storage: `http(s)://host[:port]`.", "\"https://minio.example.com\"").in_url()
        .otherwise("AWS"),
    Spec::new("forcePathStyle", Kind::Flag, "Ask for `https://host/bucket/key` rather than `https://bucket.host/key`; most self-hosted servers need it.", "true").in_url()
        .default("false"),
    Spec::new("cacheKeyPrefix", Kind::Text, "A folder of the bucket to keep everything in. Workspaces that share a bucket without sharing results need one each.", "\"team-a/web\"")
        .otherwise("the bucket's root"),
    Spec::new("mode", MODES, "What this run may do with the cache, whatever `localMode` and `ciMode` say.", "\"read-only\"")
        .only_environment().also("NX_POWERPACK_CACHE_MODE").otherwise("`ciMode` in CI, `localMode` elsewhere"),
    Spec::new("localMode", MODES, "What runs outside CI may do with the cache.", "\"read-only\"").default("read-write"),
    Spec::new("ciMode", MODES, "What runs in CI may do with the cache.", "\"read-write\"").default("read-write"),
    Spec::new("encryptionKey", Kind::Secret, "Encrypts every object. 32 random bytes in base64 or hex, or a passphrase of at least 8 characters. Prefer the environment variable.", "\"a passphrase that is not in the repository\"")
        .otherwise("not encrypted by the client"),

    Spec::new("trust.publicKeys", Kind::Texts, "The keys whose signatures are believed, each `name:base64` as `nx-s3-cache keygen` prints it. Several may be valid at once, so that keys can be replaced.", "[\"main-2026:h9CVy0HqWSu/YGOoC6wBvaMn5L3zBq8DgGdNYc1PlNY=\"]")
        .otherwise("nothing is signed or verified"),
    Spec::new("trust.branches", Kind::Texts, "The branches and tags whose pushes are trusted, when they hold the signing key: `main`, `release/*`, `refs/tags/v*`. A `*` stands for any characters but `/`.", "[\"main\", \"release/*\"]")
        .default("main, master"),
    Spec::new("trust.policy", Kind::Choice("a policy", &["isolated", "trunk-only", "shared"]), "What other runs may write: `isolated`, pull requests and unlisted branches a part of the cache of their own; `trunk-only`, nothing; `shared`, everything, without any protection.", "\"trunk-only\"")
        .otherwise("`isolated` with `trust.publicKeys`, `shared` without"),
    Spec::new("trust.onBadSignature", Kind::Choice("a reaction", &["miss", "fail"]), "What an entry without a good signature does: it is a `miss`, or the run must `fail`.", "\"fail\"")
        .default("miss"),
    Spec::new("trust.signingKeyFile", Kind::Text, "The file that holds the secret signing key in trusted runs; relative to the workspace root, and not in the repository.", "\"keys/main-2026.secret\"")
        .otherwise("`NX_S3_CACHE_SIGNING_KEY`"),
    Spec::new("trust.scope", Kind::Text, "Which part of the cache this run has, where it isn't recognized: `trusted`, or a name that no other job has, such as `pr-123`. Pull requests and unlisted branches may choose another name by it.", "\"pr-123\"")
        .only_environment().otherwise("found from what the CI system tells"),
    Spec::new("signingKey", Kind::Secret, "The secret signing key, for trusted runs only.", EXAMPLE_SECRET_KEY)
        .only_environment().otherwise("`trust.signingKeyFile`; this run signs nothing"),

    Spec::new("profile", Kind::Text, "The profile of `~/.aws/config` and `~/.aws/credentials` to use.", "\"build\"").in_url()
        .otherwise("`AWS_PROFILE`, `default`"),
    Spec::new("ssoProfile", Kind::Text, "The profile that holds the single sign-on settings.", "\"my-sso\"").in_url(),
    Spec::new("accessKeyId", Kind::Text, "The access key id, together with `secretAccessKey`.", "\"AKIAIOSFODNN7EXAMPLE\""),
    Spec::new("secretAccessKey", Kind::Secret, "The secret access key. Prefer the environment variable.", "\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\""),
    Spec::new("sessionToken", Kind::Secret, "The session token of temporary keys. Prefer the environment variable.", "\"IQoJb3JpZ2luX2VjEXAMPLE\""),
    Spec::new("assumeRole.roleArn", Kind::Text, "The role's ARN.", "\"arn:aws:iam::123456789012:role/nx-cache\""),
    Spec::new("assumeRole.externalId", Kind::Text, "The external id that the role's trust policy asks for.", "\"nx-cache\""),
    Spec::new("assumeRole.sessionName", Kind::Text, "The session's name in logs, when `roleArn` is set.", "\"ci\"").default("nx-s3-cache"),
    Spec::new("anonymous", Kind::Flag, "Sign no requests: for reading from a public bucket.", "true").in_url().default("false"),

    Spec::new("accelerate", Kind::Flag, "Use S3 Transfer Acceleration. AWS only.", "true").in_url().default("false"),
    Spec::new("dualstack", Kind::Flag, "Use endpoints that speak IPv6 too. AWS only.", "true").in_url().default("false"),
    Spec::new("fips", Kind::Flag, "Use FIPS endpoints. AWS only.", "true").in_url().default("false"),
    Spec::new("caBundle", Kind::Text, "A PEM file of certificates to trust beside the system's; relative to the workspace root.", "\"certificates/company.pem\"")
        .otherwise("`AWS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`"),
    Spec::new("disableChecksum", Kind::Flag, "Neither send nor expect `x-amz-checksum-*`, for servers that refuse it. What is restored is verified all the same.", "true").in_url()
        .default("false"),
    Spec::new("conditionalWrites", Kind::Choice("a way of writing", &["auto", "require", "off"]), "Whether writes ask the server not to replace objects: `auto` while the server can, `require` it to, or `off`.", "\"off\"")
        .default("auto"),

    Spec::new("serverSideEncryption", Kind::Choice("a server-side encryption", &["AES256", "aws:kms", "aws:kms:dsse"]), "How the server encrypts new objects.", "\"aws:kms\"")
        .otherwise("the bucket's default"),
    Spec::new("kmsKeyId", Kind::Text, "The id or ARN of the KMS key, with `serverSideEncryption` `aws:kms` or `aws:kms:dsse`.", "\"1234abcd-12ab-34cd-56ef-1234567890ab\"")
        .otherwise("the account's default key"),
    Spec::new("storageClass", Kind::Text, "The storage class of new objects.", "\"INTELLIGENT_TIERING\"").otherwise("the server's default"),
    Spec::new("compressionLevel", Kind::Compression, "How hard zstd tries, or `none`.", "3").default("1"),
    Spec::new("maxEntrySize", Kind::Size(1, 1_000_000_000_000), "Larger task results are neither stored nor restored.", "\"500MiB\"").default("5GB"),
    Spec::new("touchAfter", Kind::Duration(Duration::from_secs(3600), Duration::from_secs(365 * 86_400)), "What is used and was written longer ago becomes as new, so that a lifecycle rule deletes what nobody uses.", "\"7d\"").otherwise("off"),

    Spec::new("concurrency", Kind::Whole(1, 256), "Requests in flight at once, at most: fewer while the server is throttling, and on Linux an eighth of the limit of open files.", "64").default("32"),
    Spec::new("timeouts.connect", TIMEOUT, "Until a connection is open.", "\"2s\"").default("5s"),
    Spec::new("timeouts.firstContact", TIMEOUT, "How long tasks wait, in all, for a bucket that has not answered anything yet; what comes later is used from then on. Uploads in the background wait as long as the run does.", "\"15s\"").default("4s"),
    Spec::new("timeouts.read", TIMEOUT, "From a request to the first byte of its answer.", "30").default("10s"),
    Spec::new("timeouts.stall", TIMEOUT, "How long a body may arrive more slowly than `minSpeed`.", "\"30s\"").default("10s"),
    Spec::new("minSpeed", Kind::Size(1, 1_000_000_000), "Bytes per second below which a body counts as stalled.", "\"10KiB\"").default("1KiB"),
    Spec::new("timeouts.attempt", TIMEOUT, "For one attempt at a request, body included.", "\"5m\"").default("2m"),
    Spec::new("timeouts.deadline", Kind::Duration(Duration::from_millis(10), Duration::from_secs(6 * 3600)), "For a whole store or retrieve, retries included, from the moment it gets its turn. A download that would clearly take longer is dropped once it was watched for 20 s, or a tenth of this where that is more.", "\"10m\"").default("5m"),
    Spec::new("retries", Kind::Whole(0, 10), "How often a request that failed in a way that may pass is tried again.", "5").default("3"),
    Spec::new("backgroundUploads", Kind::Flag, "Upload while the next tasks run, rather than before them.", "false").default("true"),
    Spec::new("flushTimeout", Kind::Duration(Duration::ZERO, Duration::from_secs(3600)), "How long the end of a run waits for uploads.", "\"2m\"").by_place("1m", "20s"),
    Spec::new("jobSummary", Kind::Flag, "In GitHub Actions, add what the cache did to the job's summary.", "true").default("false"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::kind::Given;
    use super::*;

    #[test]
    fn variables_are_the_names_in_capitals() {
        for (name, variable) in [
            ("bucket", "NX_S3_CACHE_BUCKET"),
            ("kmsKeyId", "NX_S3_CACHE_KMS_KEY_ID"),
            ("timeouts.connect", "NX_S3_CACHE_TIMEOUTS_CONNECT"),
            ("assumeRole.roleArn", "NX_S3_CACHE_ASSUME_ROLE_ROLE_ARN"),
        ] {
            assert_eq!(find(name).unwrap().variable(), variable);
        }
    }

    #[test]
    fn no_two_options_share_a_name_or_a_variable() {
        let names: HashSet<_> = OPTIONS.iter().map(|option| option.name).collect();
        let variables: HashSet<_> = OPTIONS.iter().map(Spec::variable).collect();
        assert_eq!((names.len(), variables.len()), (OPTIONS.len(), OPTIONS.len()));
    }

    #[test]
    fn every_default_and_every_example_is_a_value_of_its_kind() {
        for option in OPTIONS {
            let example: serde_json::Value = serde_json::from_str(option.example).unwrap();
            option.kind.parse(Given::Json(&example)).unwrap();
            let defaults = match option.default {
                Fallback::Unset(_) => vec![],
                Fallback::Value(text) => vec![text],
                Fallback::ByPlace { ci, local } => vec![ci, local],
            };
            for default in defaults {
                option.kind.parse(Given::Text(default)).unwrap();
            }
        }
    }

    #[test]
    fn every_group_has_options_and_every_dotted_option_a_group() {
        for (group, _) in GROUPS {
            assert!(
                OPTIONS
                    .iter()
                    .any(|option| option.name.split_once('.').is_some_and(|(g, _)| g == group))
            );
        }
        for (group, _) in OPTIONS.iter().filter_map(|option| option.name.split_once('.')) {
            assert!(GROUPS.iter().any(|(name, _)| *name == group), "{group}");
        }
    }
}
