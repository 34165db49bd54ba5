//! Unpacking a hostile archive, with everything around watched.

use std::fs;
use std::io::{BufReader, Read};
use std::os::unix::fs::symlink;

use nx_s3_cache::archive::{Error, Fault, Limits, Origin, Platform, Unpacked, scan, unpack};

use super::forge::Record;
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
    // Whoever only looks refuses the same, and says the same.
    match scan(archive, limits, &mut |_| Ok::<_, Error>(())) {
        Err(looked) => assert_eq!(looked.to_string(), error.to_string()),
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

/// The same with the default limits.
pub fn fault(archive: &[u8]) -> Fault {
    fault_with(archive, &Limits::default())
}

/// A file system that only looks at bytes.
pub fn linux() -> Limits {
    Limits {
        platform: Platform {
            windows_names: false,
            ignores_case: false,
        },
        ..Limits::default()
    }
}

/// A file system that ignores case.
pub fn mac() -> Limits {
    Limits {
        platform: Platform {
            windows_names: false,
            ignores_case: true,
        },
        ..Limits::default()
    }
}

/// A file system with rules for names.
pub fn windows() -> Limits {
    Limits {
        platform: Platform {
            windows_names: true,
            ignores_case: true,
        },
        ..Limits::default()
    }
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
