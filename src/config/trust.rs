//! The `trust` options: whose results are restored, and what this run may write.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::error::Origin;
use super::options as opt;
use super::settings::{Checked, Settings};
use super::types::{TrustConfig, TrustPolicy};
use crate::git_ref::RefPattern;
use crate::scope::{Scope, ScopeName};
use crate::secret::Secret;
use crate::sign::identity::MAX_KEY_SET;
use crate::sign::{Identity, KeySet, PublicKey, PublicKeys, Rules, SigningKey};

/// What sets up keys and everything else that protects the cache.
pub const SET_UP: &str = "npx nx g @nx/s3-cache:trust";
/// A key is a hundred bytes; what is longer is another file.
const MAX_KEY_FILE: u64 = 4096;

pub(super) fn build(checked: &mut Checked<'_>, workspace_root: &Path) -> TrustConfig {
    let settings = checked.settings;
    let (signing_key, readable_key_file) = signing_key(checked, workspace_root);
    let signed = settings.is_on(&opt::TRUST_PUBLIC_KEYS) || settings.is_on(&opt::TRUST_IDENTITIES);
    let policy = if signed {
        TrustPolicy::Isolated
    } else {
        TrustPolicy::Shared
    };
    TrustConfig {
        public_keys: checked
            .value(&opt::TRUST_PUBLIC_KEYS, |texts| public_keys(texts))
            .unwrap_or_default(),
        rules: rules(checked),
        key_set: checked
            .text(&opt::TRUST_JWKS_FILE, |file| {
                key_set(&workspace_root.join(file), settings)
            })
            .map(Arc::new),
        policy: settings.find(&opt::TRUST_POLICY).unwrap_or(policy),
        on_bad_signature: settings.get(&opt::TRUST_ON_BAD_SIGNATURE),
        scope: checked.text(&opt::TRUST_SCOPE, scope),
        signing_key: signing_key.map(Arc::new),
        readable_key_file,
    }
}

fn public_keys(texts: &[String]) -> Result<PublicKeys, String> {
    let mut keys = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        // The text may be a secret: its place says which it is.
        let key = PublicKey::parse(text).map_err(|error| format!("key {} of the list: {error}.", at + 1))?;
        keys.push(key);
    }
    PublicKeys::new(keys).map_err(|error| format!("{error}. Each needs a name of its own."))
}

/// Which CI runs are trusted.
fn rules(checked: &mut Checked<'_>) -> Rules {
    Rules {
        identities: checked
            .value(&opt::TRUST_IDENTITIES, |texts| identities(texts))
            .unwrap_or_default(),
        branches: checked
            .value(&opt::TRUST_BRANCHES, |texts| branches(texts))
            .unwrap_or_default(),
        events: checked
            .value(&opt::TRUST_EVENTS, |texts| events(texts))
            .unwrap_or_default(),
        environment: checked.settings.find(&opt::TRUST_ENVIRONMENT),
    }
}

fn identities(texts: &[String]) -> Result<Vec<Identity>, String> {
    let parse = |(at, text): (usize, &String)| {
        Identity::parse(text).map_err(|error| format!("entry {} of the list: {error}", at + 1))
    };
    texts.iter().enumerate().map(parse).collect()
}

/// Events that only those cause who may write to the repository or start its builds, and whose runs have the code of their
/// ref unless they check out another: GitHub's, then Buildkite's. All others can be caused by outsiders, or are unknown.
const EVENTS: [&str; 8] = [
    "push",
    "schedule",
    "release",
    "workflow_dispatch",
    "merge_group",
    "ui",
    "api",
    "trigger_job",
];

fn events(texts: &[String]) -> Result<Vec<String>, String> {
    match texts.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        Some(event) => Err(format!(
            "{event:?} can't be trusted: outsiders may cause it, so that its runs may have their code although their \
             ref is that of the main branch. What can be: {}. Remove it.",
            EVENTS.join(", ")
        )),
        None => Ok(texts.to_vec()),
    }
}

/// The key set in a file, of the one issuer that all identities have.
fn key_set(path: &Path, settings: &Settings) -> Result<KeySet, String> {
    let identities =
        identities(&settings.find(&opt::TRUST_IDENTITIES).unwrap_or_default()).unwrap_or_default();
    let mut issuers: Vec<_> = identities.iter().map(Identity::issuer).collect();
    issuers.dedup();
    let [issuer] = issuers.as_slice() else {
        return Err(
            "this holds the keys of one issuer, but trust.identities have none or several. Remove it."
                .to_owned(),
        );
    };
    let unreadable = |error: std::io::Error| format!("{} can't be read: {error}.", path.display());
    // Whether it is a file comes first: opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(format!("{} is not a file.", path.display()));
    }
    let mut document = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_KEY_SET as u64 + 1)
        .read_to_end(&mut document)
        .map_err(unreadable)?;
    KeySet::parse(&issuer.url, &document).ok_or_else(|| {
        format!(
            "{} is not a JSON Web Key Set. Save what {} answers.",
            path.display(),
            issuer.key_set
        )
    })
}

fn branches(texts: &[String]) -> Result<Vec<RefPattern>, String> {
    texts.iter().map(|text| RefPattern::parse(text)).collect()
}

fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "trusted" => Ok(Scope::Trusted),
        // Whoever writes these wants the trusted one, and shall not get another unawares.
        "t" | "Trusted" | "TRUSTED" => Err(format!("{text:?} is not a scope. Did you mean \"trusted\"?")),
        name => ScopeName::parse(name)
            .map(Scope::Untrusted)
            .map_err(|error| format!("{error}. Or write \"trusted\".")),
    }
}

/// The key this run signs with, and the file it is in when others can read that.
fn signing_key(checked: &mut Checked<'_>, workspace_root: &Path) -> (Option<SigningKey>, Option<PathBuf>) {
    let parse = |secret: &Secret| SigningKey::parse(secret).map_err(|error| format!("{error}."));
    if let Some(secret) = checked.settings.find(&opt::SIGNING_KEY) {
        return (checked.passed(&opt::SIGNING_KEY, parse(&secret)), None);
    }
    let option = &opt::TRUST_SIGNING_KEY_FILE;
    let Some(file) = checked.settings.find(option) else {
        return (None, None);
    };
    let path = workspace_root.join(file);
    // nx.json names the file for everybody, but only trusted runs have it.
    if checked.settings.origin(option) == Origin::NxJson && !path.exists() {
        let (name, path) = (option.name, path.display());
        let notice = format!("{name}: there is no {path}, so this run signs nothing.");
        checked.findings.notices.push(notice);
        return (None, None);
    }
    let read = read_key_file(&path).and_then(|(secret, readable)| {
        let key = parse(&secret).map_err(|problem| format!("{}: {problem}", path.display()))?;
        Ok((Some(key), readable.then(|| path.clone())))
    });
    checked.passed(option, read).unwrap_or_default()
}

/// What a key file holds, and whether others can read it.
fn read_key_file(path: &Path) -> Result<(Secret, bool), String> {
    let unreadable = |error: std::io::Error| format!("{} can't be read: {error}.", path.display());
    // Whether it is a file comes first: opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(format!("{} is not a file.", path.display()));
    }
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let readable = readable_by_others(&file.metadata().map_err(unreadable)?);
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE as usize + 1));
    file.take(MAX_KEY_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if bytes.len() as u64 <= MAX_KEY_FILE => Ok((Secret::new(text.trim().to_owned()), readable)),
        _ => Err(format!("{} doesn't hold a signing key.", path.display())),
    }
}

#[cfg(unix)]
fn readable_by_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o044 != 0
}

/// Access lists say it elsewhere; their default is the user's own folder's.
#[cfg(not(unix))]
fn readable_by_others(_metadata: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests;
