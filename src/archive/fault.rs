//! What can be wrong with an entry of an archive, or with a file that is to become one.

/// What is wrong with an entry; its text continues a sentence that begins with the entry's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The stream ended before the archive did.
    #[error("is cut short")]
    Truncated,
    /// The stream went on after the archive's end.
    #[error("is followed by more than the end of the archive")]
    Trailing,
    /// A header that can't be understood.
    #[error("has a header that makes no sense ({0})")]
    Damaged(String),
    /// A kind of entry that an artifact never has: hard links, devices, FIFOs, sockets and the like.
    #[error("is a {0}, which can't be part of an artifact")]
    Kind(&'static str),
    /// The first entry is not the terminal output.
    #[error("stands where the terminal output should")]
    NoTerminalOutput,
    /// A second terminal output.
    #[error("is there twice")]
    SecondTerminalOutput,
    /// The terminal output is not UTF-8.
    #[error("is not UTF-8 text")]
    NotText,
    /// A name outside of `outputs/`.
    #[error("is not below outputs/")]
    Outside,
    /// A name with an empty component, `.` or `..`, or with a NUL.
    #[error("is not a plain relative path")]
    UnsafeName,
    /// A name that this platform, or the file system, has no file for.
    #[error("is a name that this platform does not allow")]
    ForeignName,
    /// The same name twice.
    #[error("is there twice")]
    Duplicate,
    /// Two names that are the same to a file system that ignores case.
    #[error("differs from another name only in case, or in how its letters are encoded")]
    Collides,
    /// An entry that comes after one which it should precede.
    #[error("is not in its place in the order of names")]
    OutOfOrder,
    /// An entry in a directory that the archive does not have.
    #[error("is in a directory that the archive does not have")]
    NoDirectory,
    /// An entry below a file.
    #[error("is below something that is a file")]
    BelowFile,
    /// An entry below a symbolic link.
    #[error("is below something that is a link")]
    BelowLink,
    /// A link with an absolute target.
    #[error("is a link to an absolute path; links must be relative and stay inside the outputs")]
    LinkAbsolute,
    /// A link that leads out of the outputs.
    #[error("is a link that leaves the outputs; links must be relative and stay inside them")]
    LinkLeaves,
    /// A link that steps into something, and out of it again, that is not a directory: where it leads can't
    /// be told from the text.
    #[error("is a link that goes through '..' of something that is not a directory of the outputs")]
    LinkWinds,
    /// A link without a target, or one with a NUL.
    #[error("is a link without a usable target")]
    LinkUnusable,
    /// A path, or a link, into a Git repository.
    #[error("is a repository's .git, is in one, or is a link to one; no archive may write there")]
    Git,
    /// A path that is not among those that may be written.
    #[error("is not among the paths that may be written")]
    NotNamed,
    /// More entries than allowed.
    #[error("is one entry more than the {0} allowed")]
    TooManyEntries(u64),
    /// More bytes than allowed.
    #[error("makes the outputs larger than the {0} bytes allowed")]
    TooLarge(u64),
    /// A longer path or link target than allowed.
    #[error("is longer, or is a link to something longer, than the {0} bytes allowed")]
    PathTooLong(usize),
    /// A longer terminal output than allowed.
    #[error("is longer than the {0} bytes allowed")]
    TerminalOutputTooLong(u64),
    /// More directories and links than allowed.
    #[error("is too much: the names of directories and links take more than the {0} bytes allowed")]
    TooManyNames(usize),
}
