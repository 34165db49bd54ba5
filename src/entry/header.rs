//! The eight bytes that every object begins with.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | magic `NxS3` |
//! | 4 | 1 | kind: `E` entry of a task, `N` named archive, `B` body, `C` chunk |
//! | 5 | 1 | format version |
//! | 6 | 1 | flags: bit 0 sealed; the others are zero |
//! | 7 | 1 | reserved, zero |

use super::error::Error;

/// The version of the object format that this code writes.
pub const FORMAT_VERSION: u8 = 1;

/// Bytes of the header.
pub const HEADER_LEN: usize = 8;

const MAGIC: &[u8; 4] = b"NxS3";
const FLAG_SEALED: u8 = 1;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The entry of a task hash.
    Entry,
    /// The entry of a named archive.
    Archive,
    /// The entry of a body.
    Body,
    /// A chunk.
    Chunk,
}

/// The header of an object of this format version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the object is.
    pub kind: Kind,
    /// Whether its body is sealed.
    pub sealed: bool,
}

impl Header {
    /// The header's bytes.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let kind = match self.kind {
            Kind::Entry => b'E',
            Kind::Archive => b'N',
            Kind::Body => b'B',
            Kind::Chunk => b'C',
        };
        let flags = if self.sealed { FLAG_SEALED } else { 0 };
        let [m0, m1, m2, m3] = *MAGIC;
        [m0, m1, m2, m3, kind, FORMAT_VERSION, flags, 0]
    }

    /// Splits `object` into its header, which must be of `kind`, and what follows.
    pub fn split(object: &[u8], kind: Kind) -> Result<(Self, &[u8]), Error> {
        let (header, rest) = object.split_first_chunk::<HEADER_LEN>().ok_or(Error::NotOurs)?;
        let &[m0, m1, m2, m3, _, version, flags, reserved] = header;
        if [m0, m1, m2, m3] != *MAGIC {
            return Err(Error::NotOurs);
        }
        if version > FORMAT_VERSION {
            return Err(Error::Newer(version));
        }
        let this = Self {
            kind,
            sealed: flags & FLAG_SEALED != 0,
        };
        if flags & !FLAG_SEALED != 0 || reserved != 0 {
            return Err(Error::Newer(version));
        }
        if *header != this.to_bytes() {
            return Err(Error::NotOurs);
        }
        Ok((this, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip() {
        for kind in [Kind::Entry, Kind::Archive, Kind::Chunk] {
            for sealed in [false, true] {
                let header = Header { kind, sealed };
                let object = [&header.to_bytes()[..], b"rest"].concat();
                assert_eq!(Header::split(&object, kind).unwrap(), (header, &b"rest"[..]));
            }
        }
    }

    #[test]
    fn any_other_first_bytes_are_refused() {
        let header = Header {
            kind: Kind::Entry,
            sealed: false,
        }
        .to_bytes();
        for at in 0..HEADER_LEN {
            for bit in 0..8 {
                let mut changed = header;
                changed[at] ^= 1 << bit;
                let split = Header::split(&changed, Kind::Entry).map(|(header, _)| header.sealed);
                let expected = match (at, bit) {
                    (6, 0) => Ok(true),
                    (5, 0) => Err(Error::NotOurs),
                    (5, _) => Err(Error::Newer(changed[5])),
                    (6 | 7, _) => Err(Error::Newer(FORMAT_VERSION)),
                    _ => Err(Error::NotOurs),
                };
                assert_eq!(split, expected, "{changed:?}");
            }
            assert!(Header::split(&header[..at], Kind::Entry).is_err());
        }
        for other in [Kind::Archive, Kind::Chunk] {
            assert_eq!(Header::split(&header, other), Err(Error::NotOurs));
        }
        assert_eq!(Header::split(b"NxS3E\x02\0\0", Kind::Entry), Err(Error::Newer(2)));
    }
}
