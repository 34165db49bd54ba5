//! From settings to the checked configuration.

use std::path::{Path, PathBuf};

use super::error::Findings;
use super::settings::Settings;
use super::{
    AssumeRole, BucketConfig, ConditionalWrites, Config, CredentialsConfig, Mode, StaticKeys, Timeouts,
    bucket_name, endpoint, key_prefix, rules,
};
use crate::secret::Secret;

/// Storage classes of AWS whose objects can be read at once.
const STORAGE_CLASSES: [&str; 7] = [
    "STANDARD",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
    "REDUCED_REDUNDANCY",
    "EXPRESS_ONEZONE",
];
/// A shorter passphrase is a typo or a placeholder.
const MIN_PASSPHRASE: usize = 8;

/// Builds the configuration. Where `findings` holds problems afterwards, parts of it are placeholders.
pub(super) fn build(settings: &Settings, ci: bool, workspace_root: &Path, findings: &mut Findings) -> Config {
    rules::check(settings, findings);
    let mut checks = Checks { settings, findings };
    let prefix = checks
        .text("cacheKeyPrefix", key_prefix::check)
        .unwrap_or_default();
    let bucket = bucket(&mut checks, workspace_root);
    let credentials = credentials(&mut checks);
    let encryption_key = checks.secret("encryptionKey", check_encryption_key);
    Config {
        bucket,
        credentials,
        mode: mode(settings, ci),
        cache_key_prefix: prefix,
        encryption_key,
        compression: settings.compression("compressionLevel"),
        concurrency: usize::try_from(settings.number("concurrency")).unwrap_or(1),
        max_entry_size: settings.number("maxEntrySize"),
        background_uploads: settings.flag("backgroundUploads"),
        flush_timeout: settings.duration("flushTimeout"),
        deadline: settings.duration("timeouts.deadline"),
        notices: Vec::new(),
        resolved: settings.resolved(),
    }
}

fn bucket(checks: &mut Checks<'_>, workspace_root: &Path) -> BucketConfig {
    let settings = checks.settings;
    let own_server = settings.is_on("endpoint");
    let endpoint = checks.text("endpoint", endpoint::check);
    let check_name = |name: &str| bucket_name::check(name, own_server).map(|()| name.to_owned());
    let name = checks.text("bucket", check_name);
    if name.is_none() && !checks.findings.mention("bucket") {
        let problem =
            "this is missing. Name the bucket in the \"s3\" section of nx.json or in NX_S3_CACHE_BUCKET.";
        checks
            .findings
            .problem("bucket", settings.origin("bucket"), problem.into());
    }
    let encryption = settings.text("serverSideEncryption");
    let by_kms = encryption
        .as_deref()
        .is_none_or(|name| name.starts_with("aws:kms"));
    let check_kms_key = |key: &str| {
        let problem =
            "this needs the serverSideEncryption \"aws:kms\" or \"aws:kms:dsse\", which is \"AES256\".";
        if by_kms {
            Ok(key.to_owned())
        } else {
            Err(problem.to_owned())
        }
    };
    BucketConfig {
        name: name.unwrap_or_default(),
        region: checks.text("region", |region| check_region(region, own_server)),
        endpoint,
        force_path_style: settings.flag("forcePathStyle"),
        accelerate: settings.flag("accelerate"),
        dualstack: settings.flag("dualstack"),
        fips: settings.flag("fips"),
        server_side_encryption: encryption,
        kms_key_id: checks.text("kmsKeyId", check_kms_key),
        storage_class: checks.text("storageClass", |class| check_storage_class(class, own_server)),
        disable_checksum: settings.flag("disableChecksum"),
        conditional_writes: match settings.text("conditionalWrites").as_deref() {
            Some("require") => ConditionalWrites::Require,
            Some("off") => ConditionalWrites::Off,
            _ => ConditionalWrites::Auto,
        },
        ca_bundle: checks.text("caBundle", |file| check_ca_bundle(&workspace_root.join(file))),
        timeouts: Timeouts {
            connect: settings.duration("timeouts.connect"),
            read: settings.duration("timeouts.read"),
            attempt: settings.duration("timeouts.attempt"),
        },
        retries: u32::try_from(settings.number("retries")).unwrap_or(0),
    }
}

fn credentials(checks: &mut Checks<'_>) -> CredentialsConfig {
    let settings = checks.settings;
    let keys = settings
        .text("accessKeyId")
        .zip(settings.secret("secretAccessKey"));
    let role_arn = checks.text("assumeRole.roleArn", check_role_arn);
    let session_name = checks.text("assumeRole.sessionName", check_session_name);
    CredentialsConfig {
        profile: settings.text("profile"),
        sso_profile: settings.text("ssoProfile"),
        keys: keys.map(|(access_key_id, secret_access_key)| StaticKeys {
            access_key_id,
            secret_access_key,
            session_token: settings.secret("sessionToken"),
        }),
        assume_role: role_arn
            .zip(session_name)
            .map(|(role_arn, session_name)| AssumeRole {
                role_arn,
                external_id: settings.text("assumeRole.externalId"),
                session_name,
            }),
        anonymous: settings.flag("anonymous"),
    }
}

/// The run's own mode, or that of the place it runs in.
fn mode(settings: &Settings, ci: bool) -> Mode {
    let of_place = if ci { "ciMode" } else { "localMode" };
    match settings
        .text("mode")
        .or_else(|| settings.text(of_place))
        .as_deref()
    {
        Some("read-only" | "read") => Mode::ReadOnly,
        Some("write-only") => Mode::WriteOnly,
        Some("no-cache") => Mode::NoCache,
        _ => Mode::ReadWrite,
    }
}

/// Options with the checks of their values.
struct Checks<'a> {
    settings: &'a Settings,
    findings: &'a mut Findings,
}

impl Checks<'_> {
    /// The text of an option as `check` returns it.
    fn text<T>(&mut self, name: &str, check: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.settings.text(name)?;
        self.passed(name, check(&text))
    }

    /// The secret of an option that `check` lets pass.
    fn secret(&mut self, name: &str, check: impl Fn(&str) -> Result<(), String>) -> Option<Secret> {
        let secret = self.settings.secret(name)?;
        self.passed(name, check(secret.expose())).map(|()| secret)
    }

    fn passed<T>(&mut self, name: &str, checked: Result<T, String>) -> Option<T> {
        checked
            .map_err(|problem| self.findings.problem(name, self.settings.origin(name), problem))
            .ok()
    }
}

fn check_region(region: &str, own_server: bool) -> Result<String, String> {
    // It becomes a part of the server's name on AWS, and of the signature everywhere.
    let aws = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let safe = |c: char| aws(c) || own_server && (c.is_ascii_alphanumeric() || c == '_');
    if region.len() <= 63 && region.chars().all(safe) {
        return Ok(region.to_owned());
    }
    Err(format!(
        "{region:?} is not a region's name, such as \"eu-central-1\" or \"auto\"."
    ))
}

fn check_storage_class(class: &str, own_server: bool) -> Result<String, String> {
    if matches!(class, "GLACIER" | "DEEP_ARCHIVE") {
        return Err(format!(
            "objects in {class:?} can't be read without thawing them first, so nothing could be restored."
        ));
    }
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if STORAGE_CLASSES.contains(&class) || (own_server && class.chars().all(safe)) {
        return Ok(class.to_owned());
    }
    let nearest = super::suggest::did_you_mean(class, STORAGE_CLASSES);
    Err(format!(
        "{class:?} is not a storage class: {}.{nearest}",
        STORAGE_CLASSES.join(", ")
    ))
}

fn check_ca_bundle(file: &Path) -> Result<PathBuf, String> {
    // Whether it is a file comes first: opening a pipe would wait for its other end.
    let readable = match std::fs::metadata(file) {
        Ok(metadata) if !metadata.is_file() => return Err(format!("{} is not a file.", file.display())),
        Ok(_) => std::fs::File::open(file).map(drop),
        Err(error) => Err(error),
    };
    match readable {
        Ok(()) => Ok(file.to_owned()),
        Err(error) => Err(format!("{} can't be read: {error}.", file.display())),
    }
}

fn check_role_arn(arn: &str) -> Result<String, String> {
    if arn.starts_with("arn:") && arn.contains(":role/") {
        return Ok(arn.to_owned());
    }
    Err(format!(
        "{arn:?} is not the ARN of a role, such as \"arn:aws:iam::123456789012:role/nx-cache\"."
    ))
}

fn check_session_name(name: &str) -> Result<String, String> {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=64).contains(&name.len()) && name.chars().all(safe) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "{name:?} can't name a session: STS takes 2 to 64 letters, digits and _+=,.@- only."
    ))
}

fn check_encryption_key(key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err("this is empty. Give a key, or leave it out to store without encryption.".into());
    }
    if key.trim() != key {
        return Err(
            "this begins or ends with white space, which other machines may not have. Remove it.".into(),
        );
    }
    if key.chars().count() < MIN_PASSPHRASE {
        return Err(format!(
            "a passphrase needs at least {MIN_PASSPHRASE} characters. 32 random bytes in base64 are best: openssl rand -base64 32"
        ));
    }
    Ok(())
}
