//! What several areas share.

pub mod authority;
pub mod bucket;
pub mod child;
pub mod conformance;
pub mod faulty;
pub mod issuer;
pub mod machine;
pub mod reliability;
pub mod scripted;
pub mod server;
pub mod tokens;
