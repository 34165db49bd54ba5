//! An S3 remote cache for Nx.
//!
//! The crate is the native half of the npm package `nx-s3-cache`. ARCHITECTURE.md has its modules and layers.

/// musl's own allocator has one lock for all threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[forbid(unsafe_code)]
pub mod archive;
#[forbid(unsafe_code)]
pub mod archive_name;
#[forbid(unsafe_code)]
pub mod bucket;
#[forbid(unsafe_code)]
pub mod cache;
#[forbid(unsafe_code)]
mod cause;
#[forbid(unsafe_code)]
mod checked_text;
#[forbid(unsafe_code)]
pub mod chunk;
#[forbid(unsafe_code)]
pub mod cli;
#[forbid(unsafe_code)]
pub mod code;
#[forbid(unsafe_code)]
pub mod compress;
#[forbid(unsafe_code)]
pub mod config;
#[forbid(unsafe_code)]
pub mod connect;
#[forbid(unsafe_code)]
pub mod credentials;
#[forbid(unsafe_code)]
pub mod entry;
#[forbid(unsafe_code)]
pub mod environment;
#[forbid(unsafe_code)]
pub mod error;
#[forbid(unsafe_code)]
pub mod git_ref;
#[forbid(unsafe_code)]
pub mod issuer;
// Only what napi generates here is unsafe.
pub mod node;
#[forbid(unsafe_code)]
pub mod object_store;
#[forbid(unsafe_code)]
mod plain;
#[forbid(unsafe_code)]
pub mod remedy;
#[forbid(unsafe_code)]
mod rlimit;
#[forbid(unsafe_code)]
pub mod scope;
#[forbid(unsafe_code)]
pub mod seal;
#[forbid(unsafe_code)]
pub mod secret;
#[forbid(unsafe_code)]
pub mod server;
#[forbid(unsafe_code)]
pub mod sign;
#[forbid(unsafe_code)]
pub mod task_hash;
#[forbid(unsafe_code)]
pub mod trust;
