//! An S3 remote cache for Nx.
//!
//! The crate is the native half of the npm package `nx-s3-cache`. Its layers, from the top; imports point
//! down only:
//!
//! | layer | modules |
//! |---|---|
//! | edge | `binding` (the only one that names napi), [`cli`] |
//! | behaviour | [`cache`], [`connect`] |
//! | parts | [`entry`], [`object_store`], [`credentials`] |
//! | algorithms | [`archive`], [`chunk`], [`compress`], [`seal`], [`sign`], [`trust`], [`config`] |
//! | words | [`task_hash`], [`archive_name`], [`scope`], [`git_ref`], [`secret`], [`error`] |

pub mod archive;
pub mod archive_name;
pub mod binding;
pub mod cache;
pub mod chunk;
pub mod cli;
pub mod compress;
pub mod config;
pub mod connect;
pub mod credentials;
pub mod entry;
pub mod error;
pub mod git_ref;
pub mod object_store;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod sign;
pub mod task_hash;
pub mod trust;
