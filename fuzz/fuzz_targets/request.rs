//! Fuzzes the heads of requests to the server for Nx's client.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::request::check(data));
