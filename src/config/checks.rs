//! Checks of single values: which endpoints, prefixes, regions, storage classes, files, roles and keys make sense.
//!
//! Each returns what to use, or a sentence that quotes what it got.

use std::path::{Path, PathBuf};

use url::Url;

use super::error::did_you_mean;
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
/// Keys have 1024 bytes at most; this leaves room for what follows the prefix.
const MAX_PREFIX: usize = 200;

/// Returns this message unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}

/// The address of an S3-compatible server, without a slash at its end.
pub(super) fn endpoint(text: &str) -> Result<String, String> {
    if text.contains('@') {
        return Err("an endpoint holds no credentials: put them in the environment.".into());
    }
    let host = text.trim_start_matches('/');
    ensure!(
        text.contains("://"),
        "{host:?} has no scheme. Write \"https://{host}\", or \"http://{host}\" without TLS."
    );
    let url = Url::parse(text).map_err(|error| format!("{text:?} is not an address: {error}."))?;
    let (scheme, extra) = (url.scheme(), url.query().or(url.fragment()));
    ensure!(
        matches!(scheme, "http" | "https"),
        "{text:?} has the scheme {scheme:?}; it must be http or https."
    );
    ensure!(
        extra.is_none(),
        "{text:?} has a ? or #. Write only scheme, host and port."
    );
    Ok(text.trim_end_matches('/').to_owned())
}

/// The prefix of all object keys, without slashes at its ends.
pub(super) fn key_prefix(text: &str) -> Result<String, String> {
    let prefix = text.trim_matches('/');
    let length = prefix.len();
    ensure!(
        length <= MAX_PREFIX,
        "this has {length} bytes; at most {MAX_PREFIX} are allowed."
    );
    let safe = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()/".contains(c);
    if let Some(c) = prefix.chars().find(|c| !safe(*c)) {
        return Err(format!(
            "{text:?} has {c:?}. Letters, digits, / and !-_.*'() are safe in keys."
        ));
    }
    let empty = |part: &str| matches!(part, "" | "." | "..");
    ensure!(
        prefix.is_empty() || !prefix.split('/').any(empty),
        "{text:?} has an empty part, \".\" or \"..\" between slashes."
    );
    Ok(prefix.to_owned())
}

pub(super) fn region(region: &str, own_server: bool) -> Result<String, String> {
    // It becomes a part of the server's name on AWS, and of the signature everywhere.
    let aws = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let safe = |c: char| aws(c) || own_server && (c.is_ascii_alphanumeric() || c == '_');
    ensure!(
        region.len() <= 63 && region.chars().all(safe),
        "{region:?} is not a region's name, such as \"eu-central-1\" or \"auto\"."
    );
    Ok(region.to_owned())
}

pub(super) fn storage_class(class: &str, own_server: bool) -> Result<String, String> {
    ensure!(
        !matches!(class, "GLACIER" | "DEEP_ARCHIVE"),
        "objects in {class:?} can't be read without thawing them first, so nothing could be restored."
    );
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    ensure!(
        STORAGE_CLASSES.contains(&class) || (own_server && class.chars().all(safe)),
        "{class:?} is not a storage class: {}.{}",
        STORAGE_CLASSES.join(", "),
        did_you_mean(class, STORAGE_CLASSES)
    );
    Ok(class.to_owned())
}

pub(super) fn ca_bundle(file: &Path) -> Result<PathBuf, String> {
    let unreadable = |error: std::io::Error| format!("{} can't be read: {error}.", file.display());
    // Whether it is a file comes first: opening a pipe would wait for its other end.
    let is_file = std::fs::metadata(file).map_err(unreadable)?.is_file();
    ensure!(is_file, "{} is not a file.", file.display());
    std::fs::File::open(file).map_err(unreadable)?;
    Ok(file.to_owned())
}

pub(super) fn role_arn(arn: &str) -> Result<String, String> {
    ensure!(
        arn.starts_with("arn:") && arn.contains(":role/"),
        "{arn:?} is not the ARN of a role, such as \"arn:aws:iam::123456789012:role/nx-cache\"."
    );
    Ok(arn.to_owned())
}

pub(super) fn session_name(name: &str) -> Result<String, String> {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    ensure!(
        (2..=64).contains(&name.len()) && name.chars().all(safe),
        "{name:?} can't name a session: STS takes 2 to 64 letters, digits and _+=,.@- only."
    );
    Ok(name.to_owned())
}

pub(super) fn encryption_key(key: &Secret) -> Result<Secret, String> {
    let length = key.expose().chars().count();
    ensure!(
        length > 0,
        "this is empty. Give a key, or leave it out to store without encryption."
    );
    ensure!(
        length >= MIN_PASSPHRASE,
        "a passphrase needs at least {MIN_PASSPHRASE} characters. Best are 32 random bytes: openssl rand -base64 32"
    );
    Ok(key.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_addresses_with_http_or_https() {
        for (given, address) in [
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("https://s3.example.com/", "https://s3.example.com"),
            ("https://[::1]:9000/s3", "https://[::1]:9000/s3"),
        ] {
            assert_eq!(endpoint(given).unwrap(), address);
        }
    }

    #[test]
    fn an_endpoint_without_scheme_is_offered_both() {
        assert_eq!(
            endpoint("minio.local:9000").unwrap_err(),
            r#""minio.local:9000" has no scheme. Write "https://minio.local:9000", or "http://minio.local:9000" without TLS."#
        );
        assert!(
            endpoint("localhost")
                .unwrap_err()
                .contains(r#""http://localhost""#)
        );
    }

    #[test]
    fn other_addresses_are_refused_and_quoted() {
        for (text, expected) in [
            ("ftp://host", "it must be http or https"),
            ("s3://bucket", "it must be http or https"),
            ("https://", "is not an address"),
            ("https://host:99999", "is not an address"),
            ("https://host?a=b", "has a ? or #"),
            ("https://host/#a", "has a ? or #"),
        ] {
            let problem = endpoint(text).unwrap_err();
            assert!(problem.contains(expected) && problem.contains(text), "{problem}");
        }
    }

    #[test]
    fn credentials_in_an_address_are_refused_and_not_quoted() {
        let problem = endpoint("https://user:hunter2@host").unwrap_err();
        assert!(problem.contains("credentials") && !problem.contains("hunter2"));
    }

    #[test]
    fn slashes_at_the_ends_of_a_prefix_are_dropped() {
        for (given, prefix) in [
            ("team/web", "team/web"),
            ("/team/", "team"),
            ("/", ""),
            ("a!-_.*'()", "a!-_.*'()"),
        ] {
            assert_eq!(key_prefix(given).unwrap(), prefix);
        }
        assert!(key_prefix(&"a".repeat(200)).is_ok());
    }

    #[test]
    fn prefixes_that_servers_and_tools_would_change_are_refused() {
        let too_long = "a".repeat(201);
        for text in [
            "a//b", "a/./b", "..", "a/..", "a b", "a\\b", "é", "a?b", "a%2fb", &too_long,
        ] {
            assert!(key_prefix(text).is_err(), "{text}");
        }
    }

    #[test]
    fn regions_become_host_names_on_aws_and_are_free_elsewhere() {
        for name in ["eu-central-1", "us-gov-west-1", "auto"] {
            assert_eq!(region(name, false).unwrap(), name);
        }
        assert_eq!(region("My_Garage", true).unwrap(), "My_Garage");
        for name in ["EU (Frankfurt)", "My_Garage", "eu.west", "a/b", &"a".repeat(64)] {
            assert!(
                region(name, false)
                    .unwrap_err()
                    .contains(&format!("{name:?} is not a region's name"))
            );
        }
    }

    #[test]
    fn storage_classes_must_be_readable_at_once() {
        assert!(storage_class("STANDARD_IA", false).is_ok() && storage_class("HOT", true).is_ok());
        assert!(
            storage_class("GLACIER", true)
                .unwrap_err()
                .contains("can't be read")
        );
        assert!(
            storage_class("HOT", false)
                .unwrap_err()
                .contains("STANDARD, STANDARD_IA")
        );
        assert!(
            storage_class("standard_ia", false)
                .unwrap_err()
                .ends_with(r#"Did you mean "STANDARD_IA"?"#)
        );
    }

    #[test]
    fn a_ca_bundle_is_a_file_that_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("company.pem");
        assert!(
            ca_bundle(&file)
                .unwrap_err()
                .contains("company.pem can't be read")
        );
        std::fs::write(&file, "").unwrap();
        assert_eq!(ca_bundle(&file).unwrap(), file);
        assert!(ca_bundle(folder.path()).unwrap_err().ends_with("is not a file."));
    }

    #[test]
    fn roles_and_sessions_have_the_form_that_sts_takes() {
        assert!(role_arn("arn:aws:iam::123456789012:role/ci/nx").is_ok() && session_name("nx@ci").is_ok());
        assert!(
            role_arn("nx-cache")
                .unwrap_err()
                .contains("\"nx-cache\" is not the ARN of a role")
        );
        for name in ["a", "a b", "é-é", &"a".repeat(65)] {
            assert!(session_name(name).unwrap_err().contains("can't name a session"));
        }
    }

    #[test]
    fn a_passphrase_has_eight_characters() {
        let check = |key: &str| encryption_key(&Secret::new(key.into()));
        assert!(check("").unwrap_err().contains("empty"));
        assert!(check("ééééééé").unwrap_err().contains("at least 8 characters"));
        assert!(check("éééééééé").is_ok());
    }
}
