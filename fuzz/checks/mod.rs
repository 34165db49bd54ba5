//! What must hold for any bytes at all, one module for each parser of foreign bytes. The fuzz targets and the
//! brief fuzzing in `tests/it/fuzz_smoke` share them.
#![allow(dead_code)] // each target uses one of them

pub mod certificate;
pub mod entry;
pub mod forge;
pub mod keys;
#[cfg(unix)]
pub mod mounts;
pub mod names;
pub mod request;
pub mod signature;
pub mod store_url;
pub mod unpack;
