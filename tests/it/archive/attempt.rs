//! Unpacks hostile archives, and checks that nothing around them changes.

use std::fs;
use std::io::{BufReader, Read};
use std::os::unix::fs::symlink;

use nx_s3_cache::archive::{Error, Fault, Limits, Origin, Platform, Unpacked, scan, unpack};

use super::forge::{Record, outputs};
use super::trees::{self, Scratch};

/// Unpacks between canaries: a tree around the staging directory that must stay what it is.
pub fn attempt(archive: impl Read, limits: &Limits) -> Result<Unpacked, Error> {
    let scratch = Scratch::new();
    let around = scratch.directory("around");
    fs::create_dir_all(around.join("workspace/src")).unwrap();
    fs::write(around.join("workspace/src/main.js"), "original").unwrap();
    fs::write(around.join("canary"), "original").unwrap();
    symlink("workspace", around.join("link")).unwrap();
    let staging = around.join("workspace/staging");
    let before = trees::read(&around);
    fs::create_dir(&staging).unwrap();
    let result = unpack(BufReader::new(archive), &staging, limits);
    fs::remove_dir_all(&staging).unwrap();
    assert_eq!(
        trees::read(&around),
        before,
        "something outside the staging directory was touched"
    );
    result
}

/// Why an archive is refused.
pub fn fault_with(archive: &[u8], limits: &Limits) -> Fault {
    let error = attempt(archive, limits).expect_err("the archive was accepted");
    assert_eq!(error.origin(), Origin::Archive, "{error}");
    // A scan refuses it for the same reason.
    match scan(archive, limits, &mut |_| Ok::<_, Error>(())) {
        Err(scanned) => assert_eq!(scanned.to_string(), error.to_string()),
        // Only a file system knows which names are too long for it.
        Ok(()) => assert!(
            error.to_string().contains(&Fault::ForeignName.to_string()),
            "{error}"
        ),
    }
    match error {
        Error::Archive { fault, .. } => fault,
        error => panic!("not the archive's fault: {error}"),
    }
}

/// Why an archive is refused with the default limits.
pub fn fault(archive: &[u8]) -> Fault {
    fault_with(archive, &Limits::default())
}

/// Asserts that these entries are refused, and why.
#[track_caller]
pub fn assert_refused(records: &[Record], fault: Fault) {
    assert_refused_with(&Limits::default(), records, fault);
}

/// The same within these limits.
#[track_caller]
pub fn assert_refused_with(limits: &Limits, records: &[Record], fault: Fault) {
    assert_eq!(fault_with(&outputs(records), limits), fault, "{records:?}");
}

/// The default limits, with these rules for names.
fn limits(windows_names: bool, ignores_case: bool) -> Limits {
    let platform = Platform {
        windows_names,
        ignores_case,
    };
    Limits {
        platform,
        ..Limits::default()
    }
}

/// A file system that only looks at bytes.
pub fn linux() -> Limits {
    limits(false, false)
}

/// A file system that ignores case.
pub fn mac() -> Limits {
    limits(false, true)
}

/// A file system that ignores case and has rules for names.
pub fn windows() -> Limits {
    limits(true, true)
}

pub fn dir(name: &str) -> Record {
    Record::new(b'5', name.as_bytes()).mode(0o755)
}

pub fn file(name: &str) -> Record {
    Record::file(name, b"evil")
}

pub fn link(name: &str, target: &str) -> Record {
    Record::new(b'2', name.as_bytes()).field(157, target.as_bytes())
}
