//! Everything the network and the server can do wrong, done on purpose to runs through the whole of the cache.
//!
//! Each test records its row of docs/reliability.md.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)] // tests

mod answers;
mod callers;
mod endings;
mod endpoints;
mod page;
mod resources;
mod run;
