//! From settings to the checked configuration.

use std::path::Path;

use super::error::Findings;
use super::options as opt;
use super::settings::{Checked, Settings};
use super::types::{AssumeRole, BucketConfig, Config, CredentialsConfig, Mode, StaticKeys, Timeouts};
use super::{bucket_name, checks, rules, trust};

/// Builds the configuration. Where `findings` holds problems afterwards, parts of it are placeholders.
pub(super) fn build(settings: &Settings, ci: bool, workspace_root: &Path, findings: &mut Findings) -> Config {
    let mut checked = Checked { settings, findings };
    rules::check(&mut checked);
    let prefix = checked.text(&opt::CACHE_KEY_PREFIX, checks::key_prefix);
    let bucket = bucket(&mut checked, workspace_root);
    let credentials = credentials(&mut checked);
    let trust = trust::build(&mut checked, workspace_root);
    let encryption_key = checked.value(&opt::ENCRYPTION_KEY, checks::encryption_key);
    Config {
        bucket,
        credentials,
        mode: mode(settings, ci),
        cache_key_prefix: prefix.unwrap_or_default(),
        encryption_key,
        trust,
        compression: settings.get(&opt::COMPRESSION_LEVEL),
        max_entry_size: settings.get(&opt::MAX_ENTRY_SIZE),
        background_uploads: settings.get(&opt::BACKGROUND_UPLOADS),
        flush_timeout: settings.get(&opt::FLUSH_TIMEOUT),
        deadline: settings.get(&opt::TIMEOUTS_DEADLINE),
        touch_after: settings.find(&opt::TOUCH_AFTER),
        job_summary: settings.get(&opt::JOB_SUMMARY),
        unknown: Vec::new(),
        notices: Vec::new(),
        resolved: settings.resolved(),
    }
}

fn bucket(checked: &mut Checked<'_>, workspace_root: &Path) -> BucketConfig {
    let settings = checked.settings;
    let own_server = settings.is_on(&opt::ENDPOINT);
    let check_name = |name: &str| bucket_name::check(name, own_server).map(|()| name.to_owned());
    let endpoint = checked.text(&opt::ENDPOINT, checks::endpoint);
    let name = checked.text(&opt::BUCKET, check_name);
    if name.is_none() && !checked.findings.mention(opt::BUCKET.name) {
        checked.refuse(
            &opt::BUCKET,
            "this is missing. Name the bucket in nx.json, \"s3\": { \"bucket\": … }, or in NX_S3_CACHE_BUCKET.",
        );
    }
    BucketConfig {
        name: name.unwrap_or_default(),
        endpoint,
        region: checked.text(&opt::REGION, |region| checks::region(region, own_server)),
        force_path_style: settings.get(&opt::FORCE_PATH_STYLE),
        accelerate: settings.get(&opt::ACCELERATE),
        dualstack: settings.get(&opt::DUALSTACK),
        fips: settings.get(&opt::FIPS),
        server_side_encryption: settings.find(&opt::SERVER_SIDE_ENCRYPTION),
        kms_key_id: settings.find(&opt::KMS_KEY_ID),
        storage_class: checked.text(&opt::STORAGE_CLASS, |class| {
            checks::storage_class(class, own_server)
        }),
        disable_checksum: settings.get(&opt::DISABLE_CHECKSUM),
        conditional_writes: settings.get(&opt::CONDITIONAL_WRITES),
        ca_bundle: checked.text(&opt::CA_BUNDLE, |file| {
            checks::ca_bundle(&workspace_root.join(file))
        }),
        timeouts: Timeouts {
            connect: settings.get(&opt::TIMEOUTS_CONNECT),
            first_contact: settings.get(&opt::TIMEOUTS_FIRST_CONTACT),
            read: settings.get(&opt::TIMEOUTS_READ),
            stall: settings.get(&opt::TIMEOUTS_STALL),
            attempt: settings.get(&opt::TIMEOUTS_ATTEMPT),
        },
        min_speed: settings.get(&opt::MIN_SPEED),
        concurrency: settings.get(&opt::CONCURRENCY).into(),
        retries: settings.get(&opt::RETRIES).into(),
    }
}

fn credentials(checked: &mut Checked<'_>) -> CredentialsConfig {
    let settings = checked.settings;
    let keys = settings
        .find(&opt::ACCESS_KEY_ID)
        .zip(settings.find(&opt::SECRET_ACCESS_KEY));
    let role_arn = checked.text(&opt::ASSUME_ROLE_ROLE_ARN, checks::role_arn);
    let session_name = checked.text(&opt::ASSUME_ROLE_SESSION_NAME, checks::session_name);
    CredentialsConfig {
        profile: settings.find(&opt::PROFILE),
        sso_profile: settings.find(&opt::SSO_PROFILE),
        keys: keys.map(|(access_key_id, secret_access_key)| StaticKeys {
            access_key_id,
            secret_access_key,
            session_token: settings.find(&opt::SESSION_TOKEN),
        }),
        keys_first: false,
        assume_role: role_arn
            .zip(session_name)
            .map(|(role_arn, session_name)| AssumeRole {
                role_arn,
                external_id: settings.find(&opt::ASSUME_ROLE_EXTERNAL_ID),
                session_name,
            }),
        anonymous: settings.get(&opt::ANONYMOUS),
    }
}

/// The run's own mode, or the mode of the environment it runs in.
fn mode(settings: &Settings, ci: bool) -> Mode {
    let otherwise = if ci { opt::CI_MODE } else { opt::LOCAL_MODE };
    settings
        .find(&opt::MODE)
        .unwrap_or_else(|| settings.get(&otherwise))
}
