//! What several areas share.

pub mod authority;
pub mod bucket;
pub mod child;
pub mod conformance;
pub mod faulty;
pub mod machine;
pub mod reliability;
pub mod scripted;
pub mod server;
