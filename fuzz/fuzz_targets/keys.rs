//! Fuzzes the keys that a bucket lists, and the names of archives.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::keys::check(data));
