//! How large an archive may be, and which names the platform allows.

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
        }
    }
}

/// How a platform's file systems treat names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Windows' rules: no `\`, `:` and the like, no reserved names such as `NUL`, no dot or space at the end.
    /// Elsewhere these are legal names, which builds do produce.
    pub windows_names: bool,
    /// Names that differ only in case are one name. Such file systems also insist on UTF-8 or UTF-16.
    pub ignores_case: bool,
}

impl Platform {
    /// The defaults of this platform's file systems.
    pub const fn here() -> Self {
        Self {
            windows_names: cfg!(windows),
            ignores_case: cfg!(any(windows, target_os = "macos")),
        }
    }
}
