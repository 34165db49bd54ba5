//! The remote cache against a bucket in memory: what it asks for, what it restores, what it does in trouble.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests may panic"
)]

mod encryption;
mod hostile;
mod present;
mod requests;
mod round_trip;
mod support;
mod tampering;
mod touch;
mod trouble;
mod trust;
