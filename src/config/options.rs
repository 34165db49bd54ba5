//! The table of options: everything that knows an option by name is derived from it.

use std::time::Duration;

use super::error::nearest;
use super::kind::Kind;
use super::spec::{
    Defaulted, FLAG, Fallback, LEVEL, Opt, SECRET, STRING, STRINGS, Spec, Typed, choice, duration, integer,
    size, variable,
};
use super::types::{Compression, ConditionalWrites, Mode, OnBadSignature, TrustPolicy};
use crate::environment::PREFIX;
use crate::secret::Secret;
use Fallback::{ByEnvironment, Unset, Value};

const BLANK: Spec = Spec {
    name: "",
    kind: Kind::String,
    fallback: Unset("–"),
    description: "",
    example: "",
    in_url: false,
    only_environment: false,
    other_variable: None,
};

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

/// What names of options that protect the cache have in common.
const PROTECTING: [&str; 4] = ["trust", "sign", "encrypt", "kms"];

/// Whether an unknown name may be meant for an option that protects the cache.
pub(super) fn may_protect(name: &str) -> bool {
    let bare = name.strip_prefix(PREFIX).unwrap_or(name);
    let protects = |name: &str| {
        let name = name.to_ascii_lowercase();
        PROTECTING.iter().any(|part| name.contains(part))
    };
    let names = OPTIONS.iter().map(|option| option.name);
    protects(bare) || !nearest(bare, names.filter(|name| protects(name))).is_empty()
}

/// The option called `name`.
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// The nested objects of the section and what each is for.
pub(super) const GROUPS: [(&str, &str); 3] = [
    (
        "assumeRole",
        "A role to assume with the credentials that were found.",
    ),
    ("timeouts", "How long things may take."),
    (
        "trust",
        "Whose results are restored: what keeps pull requests from poisoning the cache.",
    ),
];

const TIMEOUT: Typed<Duration> = duration(Duration::from_millis(10), Duration::from_secs(600));
const MODES: Typed<Mode> = choice(
    "a cache mode",
    &["read-write", "read-only", "read", "write-only", "no-cache"],
);

/// The key of RFC 8032, section 7.1, test 1: everybody knows it.
const EXAMPLE_SECRET_KEY: &str =
    "\"example:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==\"";

/// Makes a constant of each row (description; type, name, kind, example, other fields of [`Spec`]), and the list of all.
macro_rules! options {
    ($(#[doc = $description:literal] $id:ident: $type:ty = $name:literal, $kind:expr, $example:expr
        $(, $field:ident: $value:expr)*;)*) => {
        $(
            #[doc = $description]
            pub(super) const $id: $type = Opt::new($kind, Spec {
                name: $name,
                description: $description,
                example: $example,
                $($field: $value,)*
                ..BLANK
            });
        )*
        /// All options, in the order in which the documentation lists them.
        pub(super) const OPTIONS: &[Spec] = &[$($id.spec),*];
        /// Whether a value of each has its option's type.
        #[cfg(test)]
        const TYPED: &[fn(&super::kind::Value) -> bool] = &[$(|value| $id.accepts(value)),*];
    };
}

options! {
    /// The bucket's name, an access point's ARN, or a store URL such as `s3://bucket/prefix?region=eu-central-1`.
    BUCKET: Opt<String> = "bucket", STRING, "\"my-nx-cache\"", fallback: Unset("required");
    /// The bucket's region.
    REGION: Opt<String> = "region", STRING, "\"eu-central-1\"", in_url: true, fallback: Unset("`AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's; with an `endpoint`, `us-east-1`");
    /// The server, for S3-compatible storage: `http(s)://host[:port]`.
    ENDPOINT: Opt<String> = "endpoint", STRING, "\"https://minio.example.com\"", in_url: true, fallback: Unset("AWS");
    /// Ask for `https://host/bucket/key` rather than `https://bucket.host/key`; most self-hosted servers need it.
    FORCE_PATH_STYLE: Defaulted<bool> = "forcePathStyle", FLAG, "true", in_url: true, fallback: Value("false");
    /// The prefix of all object keys. Workspaces that share a bucket without sharing results need one each.
    CACHE_KEY_PREFIX: Opt<String> = "cacheKeyPrefix", STRING, "\"team-a/web\"", fallback: Unset("the bucket's root");
    /// What this run may do with the cache, whatever `localMode` and `ciMode` say.
    MODE: Opt<Mode> = "mode", MODES, "\"read-only\"", only_environment: true, other_variable: Some("NX_POWERPACK_CACHE_MODE"), fallback: Unset("`ciMode` in CI, `localMode` elsewhere");
    /// What runs outside CI may do with the cache.
    LOCAL_MODE: Defaulted<Mode> = "localMode", MODES, "\"read-only\"", fallback: Value("read-write");
    /// What runs in CI may do with the cache.
    CI_MODE: Defaulted<Mode> = "ciMode", MODES, "\"read-write\"", fallback: Value("read-write");
    /// Encrypts every object. 32 random bytes in base64 or hex, or a passphrase of at least 8 characters. Prefer the environment variable.
    ENCRYPTION_KEY: Opt<Secret> = "encryptionKey", SECRET, "\"a passphrase that is not in the repository\"", fallback: Unset("not encrypted by the client");

    /// The keys whose signatures are believed, each `name:base64` as `nx-s3-cache keygen` prints it. Several may be valid at once, so that keys can be replaced.
    TRUST_PUBLIC_KEYS: Opt<Vec<String>> = "trust.publicKeys", STRINGS, "[\"main-2026:h9CVy0HqWSu/YGOoC6wBvaMn5L3zBq8DgGdNYc1PlNY=\"]", fallback: Unset("only `trust.identities` may sign; without those, nothing is signed or verified");
    /// The repositories, pipelines or projects whose CI runs may sign without any key, by their identity tokens: `github:owner/repository`, with `#id` to pin its number, `github-enterprise:host/owner/repository`, `buildkite:organization/pipeline`, `circleci:organization-id/project-id`.
    TRUST_IDENTITIES: Opt<Vec<String>> = "trust.identities", STRINGS, "[\"github:acme/shop\"]", fallback: Unset("only `trust.publicKeys` may sign");
    /// The branches and tags whose pushes are trusted, when they hold the signing key or are of an identity: `main`, `release/*`, `refs/tags/v*`. A `*` stands for any characters but `/`. With `trust.identities` it must be set, and on GitHub these must be protected there, unless `trust.environment` is set.
    TRUST_BRANCHES: Defaulted<Vec<String>> = "trust.branches", STRINGS, "[\"main\", \"release/*\"]", fallback: Value("main, master");
    /// The events that may have caused a run of `trust.identities`, in the words of its token: on GitHub `push`, `schedule`, `release`, `workflow_dispatch` or `merge_group`, on Buildkite `push` (its webhook), `schedule`, `ui`, `api` or `trigger_job`. Their ref must be listed as well.
    TRUST_EVENTS: Defaulted<Vec<String>> = "trust.events", STRINGS, "[\"push\", \"schedule\"]", fallback: Value("push");
    /// The GitHub environment that a job must have to sign by its identity token. Its own protection then decides which branches and tags may.
    TRUST_ENVIRONMENT: Opt<String> = "trust.environment", STRING, "\"release\"", fallback: Unset("any, or none");
    /// A file with the issuer's keys (JWKS), for machines that can't reach it; relative to the workspace root. Whoever looks after it follows the issuer's key rotation.
    TRUST_JWKS_FILE: Opt<String> = "trust.jwksFile", STRING, "\"ci/github-jwks.json\"", fallback: Unset("the issuer's own, kept for a day");
    /// What other runs may write: `isolated`, pull requests and unlisted branches a part of the cache of their own; `trunk-only`, nothing; `shared`, everything, without any protection.
    TRUST_POLICY: Opt<TrustPolicy> = "trust.policy", choice("a policy", &["isolated", "trunk-only", "shared"]), "\"trunk-only\"", fallback: Unset("`isolated` with `trust.publicKeys` or `trust.identities`, `shared` without");
    /// What an entry without a good signature does: it is a `miss`, or the run must `fail`.
    TRUST_ON_BAD_SIGNATURE: Defaulted<OnBadSignature> = "trust.onBadSignature", choice("a reaction", &["miss", "fail"]), "\"fail\"", fallback: Value("miss");
    /// The file that holds the secret signing key in trusted runs; relative to the workspace root, and not in the repository.
    TRUST_SIGNING_KEY_FILE: Opt<String> = "trust.signingKeyFile", STRING, "\"keys/main-2026.secret\"", fallback: Unset("`NX_S3_CACHE_SIGNING_KEY`");
    /// Which part of the cache this run has, where it isn't recognized: `trusted`, or a name that no other job has, such as `pr-123`. Pull requests and unlisted branches may choose another name by it.
    TRUST_SCOPE: Opt<String> = "trust.scope", STRING, "\"pr-123\"", only_environment: true, fallback: Unset("found from what the CI system tells");
    /// The secret signing key, for trusted runs only.
    SIGNING_KEY: Opt<Secret> = "signingKey", SECRET, EXAMPLE_SECRET_KEY, only_environment: true, fallback: Unset("`trust.signingKeyFile`; this run signs nothing");

    /// The profile of `~/.aws/config` and `~/.aws/credentials` to use.
    PROFILE: Opt<String> = "profile", STRING, "\"build\"", in_url: true, fallback: Unset("`AWS_PROFILE`, `default`");
    /// The profile that holds the single sign-on settings.
    SSO_PROFILE: Opt<String> = "ssoProfile", STRING, "\"my-sso\"", in_url: true;
    /// The access key id, together with `secretAccessKey`.
    ACCESS_KEY_ID: Opt<String> = "accessKeyId", STRING, "\"AKIAIOSFODNN7EXAMPLE\"";
    /// The secret access key. Prefer the environment variable.
    SECRET_ACCESS_KEY: Opt<Secret> = "secretAccessKey", SECRET, "\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"";
    /// The session token of temporary keys. Prefer the environment variable.
    SESSION_TOKEN: Opt<Secret> = "sessionToken", SECRET, "\"IQoJb3JpZ2luX2VjEXAMPLE\"";
    /// The role's ARN.
    ASSUME_ROLE_ROLE_ARN: Opt<String> = "assumeRole.roleArn", STRING, "\"arn:aws:iam::123456789012:role/nx-cache\"";
    /// The external id that the role's trust policy asks for.
    ASSUME_ROLE_EXTERNAL_ID: Opt<String> = "assumeRole.externalId", STRING, "\"nx-cache\"";
    /// The session's name in logs, when `roleArn` is set.
    ASSUME_ROLE_SESSION_NAME: Defaulted<String> = "assumeRole.sessionName", STRING, "\"ci\"", fallback: Value("nx-s3-cache");
    /// Sign no requests: for reading from a public bucket.
    ANONYMOUS: Defaulted<bool> = "anonymous", FLAG, "true", in_url: true, fallback: Value("false");

    /// Use S3 Transfer Acceleration. AWS only.
    ACCELERATE: Defaulted<bool> = "accelerate", FLAG, "true", in_url: true, fallback: Value("false");
    /// Use endpoints that speak IPv6 too. AWS only.
    DUALSTACK: Defaulted<bool> = "dualstack", FLAG, "true", in_url: true, fallback: Value("false");
    /// Use FIPS endpoints. AWS only.
    FIPS: Defaulted<bool> = "fips", FLAG, "true", in_url: true, fallback: Value("false");
    /// A PEM file of certificates to trust besides the system's, for the bucket and its credentials; relative to the workspace root.
    CA_BUNDLE: Opt<String> = "caBundle", STRING, "\"certificates/company.pem\"", fallback: Unset("`AWS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`");
    /// Neither send nor expect `x-amz-checksum-*`, for servers that refuse it. What is restored is verified all the same.
    DISABLE_CHECKSUM: Defaulted<bool> = "disableChecksum", FLAG, "true", in_url: true, fallback: Value("false");
    /// Whether writes ask the server not to replace objects: `auto` while the server can, `require` it to, or `off`.
    CONDITIONAL_WRITES: Defaulted<ConditionalWrites> = "conditionalWrites", choice("a setting of conditional writes", &["auto", "require", "off"]), "\"off\"", fallback: Value("auto");

    /// How the server encrypts new objects.
    SERVER_SIDE_ENCRYPTION: Opt<String> = "serverSideEncryption", choice("a server-side encryption", &["AES256", "aws:kms", "aws:kms:dsse"]), "\"aws:kms\"", fallback: Unset("the bucket's default");
    /// The id or ARN of the KMS key, with `serverSideEncryption` `aws:kms` or `aws:kms:dsse`.
    KMS_KEY_ID: Opt<String> = "kmsKeyId", STRING, "\"1234abcd-12ab-34cd-56ef-1234567890ab\"", fallback: Unset("the account's default key");
    /// The storage class of new objects.
    STORAGE_CLASS: Opt<String> = "storageClass", STRING, "\"INTELLIGENT_TIERING\"", fallback: Unset("the server's default");
    /// The level of zstd, or `none`.
    COMPRESSION_LEVEL: Defaulted<Compression> = "compressionLevel", LEVEL, "3", fallback: Value("1");
    /// Larger task results are neither stored nor restored.
    MAX_ENTRY_SIZE: Defaulted<u64> = "maxEntrySize", size(1, 1_000_000_000_000), "\"500MiB\"", fallback: Value("5GB");
    /// Objects older than this are refreshed on use, so that a lifecycle rule deletes only what nobody uses.
    TOUCH_AFTER: Opt<Duration> = "touchAfter", duration(Duration::from_secs(3600), Duration::from_secs(365 * 86_400)), "\"7d\"", fallback: Unset("off");

    /// Requests in flight at once, at most: 32 to a bucket nearby, more the farther away it is, fewer while the server is throttling, and on Linux an eighth of the limit of open files.
    CONCURRENCY: Defaulted<u16> = "concurrency", integer(1, 256), "64", fallback: Value("256");
    /// Until a connection is open.
    TIMEOUTS_CONNECT: Defaulted<Duration> = "timeouts.connect", TIMEOUT, "\"2s\"", fallback: Value("5s");
    /// How long tasks wait, in all, for a bucket that has not answered anything yet; a later answer is used from then on. Uploads in the background wait as long as the run does.
    TIMEOUTS_FIRST_CONTACT: Defaulted<Duration> = "timeouts.firstContact", TIMEOUT, "\"15s\"", fallback: Value("4s");
    /// From a request to the first byte of its answer.
    TIMEOUTS_READ: Defaulted<Duration> = "timeouts.read", TIMEOUT, "30", fallback: Value("10s");
    /// How long a body may arrive more slowly than `minSpeed`.
    TIMEOUTS_STALL: Defaulted<Duration> = "timeouts.stall", TIMEOUT, "\"30s\"", fallback: Value("10s");
    /// Bytes per second below which a body counts as stalled.
    MIN_SPEED: Defaulted<u64> = "minSpeed", size(1, 1_000_000_000), "\"10KiB\"", fallback: Value("1KiB");
    /// For one attempt at a request, body included.
    TIMEOUTS_ATTEMPT: Defaulted<Duration> = "timeouts.attempt", TIMEOUT, "\"5m\"", fallback: Value("2m");
    /// For a whole store or retrieve, retries included, from the moment it gets its turn. A download that would clearly take longer is dropped once it was watched for 20 s, or a tenth of this where that is more.
    TIMEOUTS_DEADLINE: Defaulted<Duration> = "timeouts.deadline", duration(Duration::from_millis(10), Duration::from_secs(6 * 3600)), "\"10m\"", fallback: Value("5m");
    /// How often a request is retried after a transient failure.
    RETRIES: Defaulted<u16> = "retries", integer(0, 10), "5", fallback: Value("3");
    /// Upload while the next tasks run, rather than before them.
    BACKGROUND_UPLOADS: Defaulted<bool> = "backgroundUploads", FLAG, "false", fallback: Value("true");
    /// How long the end of a run waits for uploads.
    FLUSH_TIMEOUT: Defaulted<Duration> = "flushTimeout", duration(Duration::ZERO, Duration::from_secs(3600)), "\"2m\"", fallback: ByEnvironment { ci: "1m", local: "20s" };
    /// In GitHub Actions, add what the cache did to the job's summary.
    JOB_SUMMARY: Defaulted<bool> = "jobSummary", FLAG, "true", fallback: Value("false");
}

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
    fn every_default_example_and_choice_has_the_type_of_its_option() {
        for (option, is_typed) in OPTIONS.iter().zip(TYPED) {
            let example: serde_json::Value = serde_json::from_str(option.example).unwrap();
            assert!(is_typed(&option.kind.parse(Given::Json(&example)).unwrap()));
            let mut texts = match option.fallback {
                Unset(_) => vec![],
                Value(text) => vec![text],
                ByEnvironment { ci, local } => vec![ci, local],
            };
            if let Kind::Choice(_, allowed) = option.kind {
                texts.extend(allowed);
            }
            for text in texts {
                let value = option.kind.parse(Given::Text(text)).unwrap();
                assert!(is_typed(&value), "{} {text}", option.name);
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
