//! An S3 remote cache for Nx.
//!
//! The crate is the native half of the npm package `nx-s3-cache`; `addon` has what JavaScript sees of it.
//! ARCHITECTURE.md has its modules and layers.

#![forbid(unsafe_code)]

/// musl's own allocator has one lock for all threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod archive;
pub mod archive_name;
pub mod bucket;
pub mod cache;
mod cause;
mod checked_text;
pub mod chunk;
pub mod cli;
pub mod code;
pub mod compress;
pub mod config;
pub mod connect;
pub mod credentials;
pub mod entry;
pub mod environment;
pub mod error;
pub mod git_ref;
pub mod issuer;
pub mod object_store;
mod plain;
pub mod remedy;
mod rlimit;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod server;
pub mod sign;
pub mod task_hash;
pub mod trust;
