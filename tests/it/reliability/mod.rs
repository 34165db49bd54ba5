//! Everything the network and the server can do wrong, done on purpose to runs through the whole of the cache.
//!
//! Each test records its row of docs/reliability.md.

mod answers;
mod callers;
mod endings;
mod endpoints;
mod objects;
mod page;
mod resources;
mod run;
