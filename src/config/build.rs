//! From settings to the checked configuration.

use std::path::Path;

use super::error::Findings;
use super::settings::Settings;
use super::{
    AssumeRole, BucketConfig, ConditionalWrites, Config, CredentialsConfig, Mode, StaticKeys, Timeouts,
    bucket_name, checks, endpoint, key_prefix, rules, trust,
};
use crate::secret::Secret;

/// Builds the configuration. Where `findings` holds problems afterwards, parts of it are placeholders.
pub(super) fn build(settings: &Settings, ci: bool, workspace_root: &Path, findings: &mut Findings) -> Config {
    rules::check(settings, findings);
    let mut checked = Checked { settings, findings };
    let prefix = checked.text("cacheKeyPrefix", key_prefix::check);
    let bucket = bucket(&mut checked, workspace_root);
    let credentials = credentials(&mut checked);
    let trust = trust::build(&mut checked, workspace_root);
    let encryption_key = checked.secret("encryptionKey", checks::encryption_key);
    Config {
        bucket,
        credentials,
        mode: mode(settings, ci),
        cache_key_prefix: prefix.unwrap_or_default(),
        encryption_key,
        trust,
        compression: settings.compression("compressionLevel"),
        max_entry_size: settings.number("maxEntrySize"),
        background_uploads: settings.flag("backgroundUploads"),
        flush_timeout: settings.duration("flushTimeout"),
        deadline: settings.duration("timeouts.deadline"),
        touch_after: settings
            .is_on("touchAfter")
            .then(|| settings.duration("touchAfter")),
        job_summary: settings.flag("jobSummary"),
        notices: Vec::new(),
        resolved: settings.resolved(),
    }
}

fn bucket(checked: &mut Checked<'_>, workspace_root: &Path) -> BucketConfig {
    let settings = checked.settings;
    let own_server = settings.is_on("endpoint");
    let endpoint = checked.text("endpoint", endpoint::check);
    let check_name = |name: &str| bucket_name::check(name, own_server).map(|()| name.to_owned());
    let name = checked.text("bucket", check_name);
    if name.is_none() && !checked.findings.mention("bucket") {
        let problem = "this is missing. Name the bucket in nx.json, \"s3\": { \"bucket\": … }, or in NX_S3_CACHE_BUCKET.";
        checked
            .findings
            .problem("bucket", settings.origin("bucket"), problem.into());
    }
    BucketConfig {
        name: name.unwrap_or_default(),
        region: checked.text("region", |region| checks::region(region, own_server)),
        endpoint,
        force_path_style: settings.flag("forcePathStyle"),
        accelerate: settings.flag("accelerate"),
        dualstack: settings.flag("dualstack"),
        fips: settings.flag("fips"),
        server_side_encryption: settings.text("serverSideEncryption"),
        kms_key_id: settings.text("kmsKeyId"),
        storage_class: checked.text("storageClass", |class| checks::storage_class(class, own_server)),
        disable_checksum: settings.flag("disableChecksum"),
        conditional_writes: match settings.text("conditionalWrites").as_deref() {
            Some("require") => ConditionalWrites::Require,
            Some("off") => ConditionalWrites::Off,
            _ => ConditionalWrites::Auto,
        },
        ca_bundle: checked.text("caBundle", |file| checks::ca_bundle(&workspace_root.join(file))),
        timeouts: Timeouts {
            connect: settings.duration("timeouts.connect"),
            first_contact: settings.duration("timeouts.firstContact"),
            read: settings.duration("timeouts.read"),
            stall: settings.duration("timeouts.stall"),
            attempt: settings.duration("timeouts.attempt"),
        },
        min_speed: settings.number("minSpeed"),
        concurrency: usize::try_from(settings.number("concurrency")).unwrap_or(1),
        retries: u32::try_from(settings.number("retries")).unwrap_or(0),
    }
}

fn credentials(checked: &mut Checked<'_>) -> CredentialsConfig {
    let settings = checked.settings;
    let keys = settings
        .text("accessKeyId")
        .zip(settings.secret("secretAccessKey"));
    let role_arn = checked.text("assumeRole.roleArn", checks::role_arn);
    let session_name = checked.text("assumeRole.sessionName", checks::session_name);
    CredentialsConfig {
        profile: settings.text("profile"),
        sso_profile: settings.text("ssoProfile"),
        keys: keys.map(|(access_key_id, secret_access_key)| StaticKeys {
            access_key_id,
            secret_access_key,
            session_token: settings.secret("sessionToken"),
        }),
        keys_first: false,
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

/// Settings whose values are checked on the way out.
pub(super) struct Checked<'a> {
    pub settings: &'a Settings,
    pub findings: &'a mut Findings,
}

impl Checked<'_> {
    /// The text of an option as `check` returns it.
    pub(super) fn text<T>(&mut self, name: &str, check: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.settings.text(name)?;
        self.passed(name, check(&text))
    }

    /// The secret of an option that `check` lets pass.
    fn secret(&mut self, name: &str, check: impl Fn(&str) -> Result<(), String>) -> Option<Secret> {
        let secret = self.settings.secret(name)?;
        self.passed(name, check(secret.expose())).map(|()| secret)
    }

    pub(super) fn passed<T>(&mut self, name: &str, result: Result<T, String>) -> Option<T> {
        result
            .map_err(|problem| self.findings.problem(name, self.settings.origin(name), problem))
            .ok()
    }
}
