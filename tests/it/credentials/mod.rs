//! Credentials and the region, found in real processes: each test sets up a machine (a home directory, an
//! environment, local endpoints), starts a child on it that resolves, and reads what it found.

mod child;
mod container;
mod ec2;
mod environment;
mod keys;
mod machine;
mod order;
#[cfg(unix)]
mod process;
#[cfg(windows)]
mod process_windows;
mod profile;
mod region;
#[cfg(unix)]
mod renewal;
mod role;
mod server;
mod sso;
mod web_identity;
