//! The binary, run against a real server.
#![allow(clippy::panic, clippy::unwrap_used)] // tests

#[path = "../support/mod.rs"]
mod support;

mod attack;
mod doctor;
mod flush;
mod guard;
mod holdings;
mod keygen;
mod purge;
mod setup;
