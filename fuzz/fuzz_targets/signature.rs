//! Fuzzes `sign`: signature blocks and the texts of keys.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::signature::check(data));
