//! Checks of single values: which regions, storage classes, files, roles and keys make sense.
//!
//! Each returns what to use, or a sentence that quotes what it got.

use std::path::{Path, PathBuf};

use super::suggest::did_you_mean;

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

pub(super) fn region(region: &str, own_server: bool) -> Result<String, String> {
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

pub(super) fn storage_class(class: &str, own_server: bool) -> Result<String, String> {
    if matches!(class, "GLACIER" | "DEEP_ARCHIVE") {
        return Err(format!(
            "objects in {class:?} can't be read without thawing them first, so nothing could be restored."
        ));
    }
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if STORAGE_CLASSES.contains(&class) || (own_server && class.chars().all(safe)) {
        return Ok(class.to_owned());
    }
    let nearest = did_you_mean(class, STORAGE_CLASSES);
    Err(format!(
        "{class:?} is not a storage class: {}.{nearest}",
        STORAGE_CLASSES.join(", ")
    ))
}

pub(super) fn ca_bundle(file: &Path) -> Result<PathBuf, String> {
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

pub(super) fn role_arn(arn: &str) -> Result<String, String> {
    if arn.starts_with("arn:") && arn.contains(":role/") {
        return Ok(arn.to_owned());
    }
    Err(format!(
        "{arn:?} is not the ARN of a role, such as \"arn:aws:iam::123456789012:role/nx-cache\"."
    ))
}

pub(super) fn session_name(name: &str) -> Result<String, String> {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=64).contains(&name.len()) && name.chars().all(safe) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "{name:?} can't name a session: STS takes 2 to 64 letters, digits and _+=,.@- only."
    ))
}

pub(super) fn encryption_key(key: &str) -> Result<(), String> {
    match key.chars().count() {
        0 => Err("this is empty. Give a key, or leave it out to store without encryption.".into()),
        1..MIN_PASSPHRASE => Err(format!(
            "a passphrase needs at least {MIN_PASSPHRASE} characters. Best are 32 random bytes: openssl rand -base64 32"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(encryption_key("").unwrap_err().contains("empty"));
        assert!(
            encryption_key("ééééééé")
                .unwrap_err()
                .contains("at least 8 characters")
        );
        assert!(encryption_key("éééééééé").is_ok());
    }
}
