//! What the archive module promises: trees survive, and no archive can do harm.
#![cfg(unix)] // modes, links and odd names are made as Unix makes them

mod attempt;
mod bytes;
mod entries;
mod links;
mod names;
mod properties;
mod round_trip;
mod scanning;
mod staging;
mod trees;
mod unfit;

use super::fuzz_smoke::checks::forge;
