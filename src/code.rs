//! Stable names of everything a run may tell its user: `docs/troubleshooting.md` explains each under an anchor of that
//! name, and messages link there; `page!` has the addresses of that page and others.

use std::fmt;

/// The address of a page, such as `page!("docs/configuration.md")`. Its base is `repository` in Cargo.toml.
macro_rules! page {
    ($path:literal) => {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/", $path)
    };
}
pub(crate) use page;

macro_rules! codes {
    ($($name:ident = $code:literal,)*) => {
        /// What a message is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $code] $name,)*
        }

        impl Code {
            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

// `__test__/docs.test.ts` holds this list, that of `ts/links.ts` and the page together.
codes! {
    Configuration = "configuration",
    UnknownOption = "unknown-option",
    LogLevel = "log-level",
    StatsFile = "stats-file",
    JobSummary = "job-summary",
    Off = "off",
    Silence = "silence",
    Failing = "failing",
    Unusable = "unusable",
    ReadDenied = "read-denied",
    WriteDenied = "write-denied",
    RepairDenied = "repair-denied",
    Deadline = "deadline",
    TooSlow = "too-slow",
    Damaged = "damaged",
    Checksum = "checksum",
    Archived = "archived",
    Kms = "kms",
    CustomerKey = "customer-key",
    ChunkMissing = "chunk-missing",
    Hostile = "hostile",
    KeyMissing = "key-missing",
    Encryption = "encryption",
    Newer = "newer",
    Signature = "signature",
    Untrusted = "untrusted",
    TooLarge = "too-large",
    Outputs = "outputs",
    Gone = "gone",
    Changed = "changed",
    Files = "files",
    Disk = "disk",
    NoRoom = "no-room",
    Internal = "internal",
    NotCertified = "not-certified",
    Issuer = "issuer",
    Stream = "stream",
    Shared = "shared",
    SigningKeyExposed = "signing-key-exposed",
    RunNotRecognized = "run-not-recognized",
    ScopeMissing = "scope-missing",
    SigningKeyNotListed = "signing-key-not-listed",
    SigningKeyUnused = "signing-key-unused",
    SigningKeyMissing = "signing-key-missing",
    TokenMissing = "token-missing",
    IdentityMissing = "identity-missing",
    ScopeWithoutKey = "scope-without-key",
    ScopeRefused = "scope-refused",
    ScopeNameRefused = "scope-name-refused",
    SigningKeyReadable = "signing-key-readable",
    Daemon = "daemon",
}

impl Code {
    /// The line that says where the message is explained.
    pub fn see(self) -> String {
        format!("See {}#{self}", page!("docs/troubleshooting.md"))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
