//! An artifact as one deterministic tar stream.
//!
//! [`pack`] turns a directory of outputs and the terminal output into a stream, [`unpack`] turns a stream into a staging
//! directory, and [`Staging`] renames that to its target. The stream is a strict subset of GNU tar, with exactly one way
//! to write each tree:
//!
//! 1. a regular file `terminal-output` (UTF-8);
//! 2. `outputs/<path>` for every directory, file and symbolic link, each directory before its content, and the names in
//!    one directory in the order of their bytes;
//! 3. two blocks of zeros, and nothing after them.
//!
//! Names and link targets of more than 100 bytes precede their entry as GNU `L` and `K` records. Permission bits are kept;
//! times, owners and the set-user-id, set-group-id and sticky bits are not. `unpack` refuses anything else: what it reads
//! may come from an attacker.

mod error;
mod filesystem;
mod header;
mod merge;
mod mounts;
mod pack;
mod path;
mod reader;
mod rules;
mod scan;
mod staging;
mod unpack;
mod working_tree;
mod writer;

pub use error::{Error, Fault, Origin};
pub use header::ItemKind;
pub use merge::{Merged, merge};
pub use mounts::{MountError, Mounts};
pub use pack::{Packed, pack};
pub use path::Platform;
pub use rules::Limits;
pub use scan::{Item, scan};
pub use staging::{Committed, Staging, sweep};
pub use unpack::{Unpacked, unpack};
pub use working_tree::{NotBelow, WorkingTree};
pub use writer::Sink;
