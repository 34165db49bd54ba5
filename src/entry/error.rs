//! Why an object from the bucket can't be used.

use crate::compress::FrameError;
use crate::seal::SealError;
use crate::sign::SignatureError;

/// An object that can't be used. All of these are misses for the build; a store replaces the object.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The object doesn't begin like one of ours.
    #[error("not an nx-s3-cache object")]
    NotOurs,
    /// A later version of the format, or a flag that this version doesn't know.
    #[error("written by a newer nx-s3-cache (format {0}): upgrade to read it")]
    Newer(u8),
    /// The object is too short or too long.
    #[error("truncated or padded object")]
    WrongLength,
    /// Sealed, and there is no key.
    #[error("encrypted, but no encryptionKey is set")]
    KeyMissing,
    /// Not sealed, and there is a key: it was written without the key.
    #[error("not encrypted, although an encryptionKey is set")]
    NotSealed,
    /// The signature that this run requires is missing or wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The certificate of the run that claims to have signed it can't be opened. Anybody can write such an entry: nothing
    /// shows that it is a trusted run's, and nothing that it isn't.
    #[error(transparent)]
    Certificate(Box<Error>),
    /// Sealing or opening failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The manifest is not valid.
    #[error("damaged manifest: {0}")]
    Manifest(String),
    /// A chunk could not be decompressed.
    #[error("damaged chunk: {0}")]
    Frame(#[from] FrameError),
    /// A chunk's content doesn't have the id in its key.
    #[error("chunk with other content than its id says")]
    WrongChunk,
}

impl Error {
    /// The kind of an entry without a trusted signature.
    pub const BAD_SIGNATURE: &str = "bad-signature";

    /// Whether it can't be told if the signature is good, since its issuer's keys can't be had. The object may be.
    pub fn is_unverifiable(&self) -> bool {
        matches!(self, Self::Signature(error) if error.is_unverifiable())
    }

    /// What kind of failure it is, as a stable identifier.
    pub fn kind(&self) -> &'static str {
        match self {
            _ if self.is_unverifiable() => "issuer-unreachable",
            Self::KeyMissing => "encryption-key-missing",
            Self::NotSealed => "not-encrypted",
            Self::Signature(_) => Self::BAD_SIGNATURE,
            Self::Certificate(why) => why.kind(),
            Self::Seal(_) => "wrong-encryption-key",
            Self::Newer(_) => "newer-version",
            Self::NotOurs | Self::WrongLength | Self::Manifest(_) | Self::Frame(_) | Self::WrongChunk => {
                "damaged"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_failures_are_stable() {
        for (error, kind) in [
            (Error::KeyMissing, "encryption-key-missing"),
            (Error::NotSealed, "not-encrypted"),
            (Error::Signature(SignatureError::Unsigned), "bad-signature"),
            (Error::Seal(SealError::Open), "wrong-encryption-key"),
            (
                Error::Certificate(Box::new(Error::KeyMissing)),
                "encryption-key-missing",
            ),
            (Error::Newer(2), "newer-version"),
            (Error::NotOurs, "damaged"),
            (Error::WrongLength, "damaged"),
            (Error::Manifest(String::new()), "damaged"),
            (Error::Frame(FrameError::Damaged), "damaged"),
            (Error::WrongChunk, "damaged"),
        ] {
            assert_eq!(error.kind(), kind);
        }
    }
}
