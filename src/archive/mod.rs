//! An artifact as one deterministic tar stream.
//!
//! [`pack`] turns a directory of outputs and the terminal output into a stream, [`unpack`] turns a stream into
//! a staging directory, and [`Staging`] puts that directory in its place. The stream is a strict subset of GNU
//! tar, with exactly one way to write each tree:
//!
//! 1. a regular file `terminal-output` (UTF-8);
//! 2. `outputs/<path>` for every directory, file and symbolic link, each directory before its content, and
//!    the names in one directory in the order of their bytes;
//! 3. two blocks of zeros, and nothing after them.
//!
//! Names and link targets of more than 100 bytes precede their entry as GNU `L` and `K` records. Permission
//! bits are kept; times, owners and the set-user-id, set-group-id and sticky bits are not. Anything else
//! `unpack` refuses: what it reads is an attacker's, until proven otherwise.

mod budget;
mod check;
mod content;
mod error;
mod fault;
mod header;
mod identity;
mod limits;
mod members;
mod merge;
mod mode;
mod mounts;
mod order;
mod pack;
mod path;
mod place;
mod remove;
mod same;
mod scan;
mod sink;
mod stream;
mod sweep;
mod tree;
mod unpack;
mod working_tree;

pub use error::{Error, Origin};
pub use fault::Fault;
pub use limits::{Limits, Platform};
pub use merge::{Merged, merge};
pub use mounts::{MountError, Mounts};
pub use pack::{Packed, pack};
pub use place::{Placed, Staging};
pub use scan::{Item, ItemKind, scan};
pub use sink::Sink;
pub use sweep::sweep;
pub use unpack::{Unpacked, unpack};
pub use working_tree::{NotBelow, WorkingTree};

/// The name of the archive's first entry.
const TERMINAL_OUTPUT: &[u8] = b"terminal-output";

/// What the names of all other entries begin with.
const OUTPUTS: &[u8] = b"outputs/";
