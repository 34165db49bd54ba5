//! Fuzzes store URLs and sections of nx.json.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::store_url::check(data));
