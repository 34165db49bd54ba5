//! An S3 remote cache for Nx.
//!
//! The crate is the native half of the npm package `nx-s3-cache`. Its layers, from the top; imports point
//! down only:
//!
//! | layer | modules |
//! |---|---|
//! | edge | `node` (the only one that names napi), [`cli`] |
//! | behaviour | [`cache`], [`connect`] |
//! | parts | [`entry`], [`object_store`], [`credentials`] |
//! | algorithms | [`archive`], [`chunk`], [`compress`], [`seal`], [`sign`], [`trust`], [`config`] |
//! | words | [`task_hash`], [`archive_name`], [`scope`], [`git_ref`], [`secret`], `rlimit`, `plain`, `links`, [`code`], [`error`] |

#[forbid(unsafe_code)]
pub mod archive;
#[forbid(unsafe_code)]
pub mod archive_name;
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
pub mod error;
#[forbid(unsafe_code)]
pub mod git_ref;
// Only what napi generates here is unsafe.
#[forbid(unsafe_code)]
mod links;
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
pub mod sign;
#[forbid(unsafe_code)]
pub mod task_hash;
#[forbid(unsafe_code)]
pub mod trust;
