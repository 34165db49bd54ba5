//! What the archive module promises: trees survive, and no archive can do harm.
#![cfg(unix)] // modes, links and odd names are made as Unix makes them
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // clippy allows them in tests only

mod attempt;
mod bytes;
mod entries;
mod forge;
mod links;
mod names;
mod properties;
mod round_trip;
mod scanning;
mod staging;
mod trees;
mod unfit;
