//! How large an archive may be, and what it may contain.

use super::path::Platform;
use super::working_tree::WorkingTree;

/// What [`unpack`](super::unpack()) accepts. `pack` refuses what the defaults wouldn't accept again, the total size
/// excepted.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Files, directories and links together.
    pub entries: u64,
    /// Bytes of all files together, the terminal output excepted.
    pub bytes: u64,
    /// Bytes of a path below the artifact's directory, and of a link's target.
    pub path: usize,
    /// Bytes of the terminal output, which is held in memory.
    pub terminal_output: u64,
    /// Bytes of the paths of all directories and links, and of the links' targets, together. They are held in memory to the
    /// end.
    pub remembered: usize,
    /// The names that are allowed.
    pub platform: Platform,
    /// What may be written, where the archive is restored among other files.
    pub working_tree: Option<WorkingTree>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            bytes: u64::MAX,
            path: 4096,
            terminal_output: 256 << 20,
            remembered: 64 << 20,
            platform: Platform::here(),
            working_tree: None,
        }
    }
}
