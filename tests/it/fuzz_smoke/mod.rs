//! Fuzzes briefly, with the checks and the seeds of `fuzz/` and a fixed seed of its own, on any toolchain.
//!
//! The fuzzer itself finds more; `fuzz/README.md` says how to run it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

#[path = "../../../fuzz/checks/mod.rs"]
pub mod checks;
mod mutate;
mod seeds;

use mutate::Mutator;
use snapbox::data::DataFormat;
use snapbox::{Data, assert_data_eq};

fn directory(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target)
}

/// The committed seeds of a target, by name.
fn committed(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = fs::read_dir(directory(target))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    seeds.sort();
    seeds
}

/// Checks the seeds, and `rounds` mutations of them.
fn fuzz(target: &str, rounds: u32, check: fn(&[u8])) {
    let seeds: Vec<_> = committed(target).into_iter().map(|(_, seed)| seed).collect();
    seeds.iter().for_each(|seed| check(seed));
    let mut mutator = Mutator::new(seeds);
    for round in 0..rounds {
        let input = mutator.next();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&input))) {
            let found = std::env::temp_dir().join(format!("{target}-{round}"));
            fs::write(&found, &input).unwrap();
            eprintln!("round {round} failed; its input is now {}", found.display());
            resume_unwind(panic);
        }
    }
}

#[test]
fn no_archive_does_harm() {
    fuzz("unpack", 4000, checks::unpack::check);
}

#[test]
fn no_object_is_taken_for_what_it_is_not() {
    fuzz("entry", 4000, checks::entry::check);
}

#[test]
fn no_signature_is_forged() {
    fuzz("signature", 4000, checks::signature::check);
}

#[test]
fn no_certificate_is_forged() {
    fuzz("certificate", 4000, checks::certificate::check);
}

#[test]
fn no_key_is_read_as_another() {
    fuzz("keys", 4000, checks::keys::check);
}

#[cfg(unix)]
#[test]
fn no_path_that_is_kept_gets_lost() {
    fuzz("mounts", 1000, checks::mounts::check);
}

#[test]
fn no_name_is_more_than_a_name() {
    fuzz("names", 2000, checks::names::check);
}

#[test]
fn no_request_gets_more_than_its_token_allows() {
    fuzz("request", 4000, checks::request::check);
}

#[test]
fn no_store_url_means_something_else_than_it_says() {
    fuzz("store_url", 4000, checks::store_url::check);
}

/// With `SNAPSHOTS=overwrite`, writes them.
#[test]
fn the_seeds_are_what_the_code_makes() {
    for (target, made) in [
        ("unpack", seeds::unpack()),
        ("entry", seeds::entry()),
        ("keys", seeds::keys()),
        ("mounts", seeds::mounts()),
        ("names", seeds::names()),
        ("request", seeds::request()),
        ("signature", seeds::signature()),
        ("certificate", seeds::certificate()),
        ("store_url", seeds::store_url()),
    ] {
        for (name, seed) in &made {
            let file = Data::read_from(&directory(target).join(name), Some(DataFormat::Binary));
            assert_data_eq!(seed.clone(), file);
        }
        assert!(committed(target) == made, "{target}: there are others");
    }
}
