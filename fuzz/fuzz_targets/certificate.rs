//! Fuzzes `sign::identity`: certificates, their signature blocks, key sets and the names of identities.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::certificate::check(data));
