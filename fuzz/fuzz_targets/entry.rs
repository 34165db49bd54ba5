//! Fuzzes `entry`: entry objects, manifests and chunk objects.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::entry::check(data));
