//! What several integration tests share.
#![allow(dead_code)] // each test uses another part
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a broken test setup should fail loudly

pub mod authority;
pub mod bucket;
pub mod child;
pub mod conformance;
pub mod faulty;
pub mod machine;
pub mod reliability;
pub mod scripted;
pub mod server;
