//! What the archive module promises: trees survive, and no archive can do harm.
#![cfg(unix)] // modes, links and odd names are made as Unix makes them

mod attempt;
mod bytes;
mod entries;
mod links;
mod looking;
mod names;
mod packing;
mod placing;
mod properties;
mod round_trip;
mod sweeping;
mod trees;

use crate::support::forge;
