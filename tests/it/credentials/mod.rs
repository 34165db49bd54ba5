//! Credentials and the region, found in real processes: each test sets up a machine (a home directory, an
//! environment, local endpoints), starts a child on it that resolves, and reads what it found.

// Helpers of tests fail by panicking; clippy exempts only the tests themselves.
#![allow(clippy::panic, clippy::unwrap_used)]

mod child;
mod container;
mod ec2;
mod environment;
mod keys;
mod machine;
mod order;
#[cfg(unix)]
mod process;
mod profile;
mod region;
#[cfg(unix)]
mod renewal;
mod role;
mod server;
mod sso;
mod web_identity;
