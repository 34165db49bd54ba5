//! For any store URL or section of nx.json: it is refused, or means the same as its options one by one; and a password in it
//! is never repeated.

use std::path::Path;

use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::config::{Config, ConfigErrors};

/// What must not be said.
const PASSWORD: &str = "hunter2";

/// Takes `data` for what follows `s3://`, for a URL's options around an endpoint with a password, and for a section.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let _ = load(Some(text), &[]);
    check_url(&format!("s3://{text}"));
    check_secrecy(text);
}

fn check_url(url: &str) {
    let Ok(config) = load(None, &[("NX_S3_CACHE_BUCKET", url)]) else {
        return;
    };
    check_prefix(&config.cache_key_prefix);
    let again = spelled_out(&config);
    assert_eq!(meaning(&again), meaning(&config), "{url}");
}

/// A prefix of keys has plain parts, and is used unchanged.
fn check_prefix(prefix: &str) {
    let parts: Vec<_> = prefix.split('/').collect();
    assert!(
        prefix.is_empty() || !parts.iter().any(|part| matches!(*part, "" | "." | "..")),
        "{prefix:?}"
    );
    assert!(prefix.len() <= 200 && prefix.is_ascii(), "{prefix:?}");
}

fn check_secrecy(text: &str) {
    if text.contains(PASSWORD) {
        return;
    }
    let (before, after) = text.split_once('\0').unwrap_or((text, ""));
    for url in [
        format!("s3://key:{PASSWORD}@{text}"),
        format!("s3://b?{before}&endpoint=https://key:{PASSWORD}@host&{after}"),
        format!("s3://?{before}&endpoint=https%3A%2F%2Fkey:{PASSWORD}%40host&{after}"),
    ] {
        if let Err(errors) = load(None, &[("NX_S3_CACHE_BUCKET", &url)]) {
            assert!(!errors.to_string().contains(PASSWORD), "{errors}");
        }
    }
}

/// The same configuration without a store URL.
fn spelled_out(config: &Config) -> Config {
    let flag = |set: bool| if set { "true" } else { "false" };
    let (bucket, credentials) = (&config.bucket, &config.credentials);
    let options = [
        ("BUCKET", bucket.name.as_str()),
        ("CACHE_KEY_PREFIX", config.cache_key_prefix.as_str()),
        ("REGION", bucket.region.as_deref().unwrap_or("")),
        ("ENDPOINT", bucket.endpoint.as_deref().unwrap_or("")),
        ("FORCE_PATH_STYLE", flag(bucket.force_path_style)),
        ("PROFILE", credentials.profile.as_deref().unwrap_or("")),
        ("SSO_PROFILE", credentials.sso_profile.as_deref().unwrap_or("")),
        ("ANONYMOUS", flag(credentials.anonymous)),
        ("ACCELERATE", flag(bucket.accelerate)),
        ("DUALSTACK", flag(bucket.dualstack)),
        ("FIPS", flag(bucket.fips)),
        ("DISABLE_CHECKSUM", flag(bucket.disable_checksum)),
    ];
    let variables: Vec<_> = options
        .iter()
        .map(|(name, value)| (format!("NX_S3_CACHE_{name}"), *value))
        .collect();
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    load(None, &variables).expect("what a URL may say, options may say")
}

/// What the cache does with a configuration; not where each value stood.
fn meaning(config: &Config) -> String {
    format!(
        "{:?} {:?} {:?}",
        config.bucket, config.credentials, config.cache_key_prefix
    )
}

fn load(section: Option<&str>, variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let environment: Environment = variables.iter().copied().collect();
    let loaded = Config::load(section, &environment, false, Path::new("/workspace"));
    if let Err(errors) = &loaded {
        assert!(!errors.to_string().is_empty());
    }
    loaded
}
