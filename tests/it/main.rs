//! The parts together, in one binary; each module is an area.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // clippy allows them in tests only

mod architecture;
mod archive;
mod cache;
mod cli;
mod credentials;
mod fuzz_smoke;
mod object_store;
mod reliability;
mod second_way;
mod support;
mod vectors;
