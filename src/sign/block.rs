//! The signature block of an entry object.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version of the block: 1 |
//! | 1 | 1 | length *n* of the signer's name, 1 to 64 |
//! | 2 | *n* | the signer's name |
//! | 2 + *n* | 2 | the task's exit code, signed, little-endian |
//! | 4 + *n* | 64 | the Ed25519 signature |
//!
//! The exit code is in the manifest too, but that may be sealed and is only parsed once the signature holds.

use super::error::SignatureError;
use super::name::KeyName;

const VERSION: u8 = 1;
/// Bytes of an Ed25519 signature.
const SIGNATURE_LEN: usize = 64;
/// Bytes of the longest block.
pub const MAX_BLOCK: usize = 2 + KeyName::MAX_LEN + 2 + SIGNATURE_LEN;

/// A signature as it travels in an entry. Nothing in it is to be believed before it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub(super) signer: KeyName,
    pub(super) code: i16,
    pub(super) bytes: [u8; SIGNATURE_LEN],
}

impl Signature {
    /// The block's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let name = self.signer.as_str().as_bytes();
        let mut block = Vec::with_capacity(MAX_BLOCK);
        // A name has at most 64 bytes.
        block.extend_from_slice(&[VERSION, name.len() as u8]);
        block.extend_from_slice(name);
        block.extend_from_slice(&self.code.to_le_bytes());
        block.extend_from_slice(&self.bytes);
        block
    }

    /// The name of the key it claims to be made with.
    pub fn into_signer(self) -> KeyName {
        self.signer
    }

    /// Reads a block; an empty one is that of an unsigned entry.
    pub fn parse(block: &[u8]) -> Result<Self, SignatureError> {
        if block.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        Self::read(block).ok_or(SignatureError::Malformed)
    }

    fn read(block: &[u8]) -> Option<Self> {
        let (&[version, name_len], rest) = block.split_first_chunk::<2>()?;
        let (name, rest) = rest.split_at_checked(name_len.into())?;
        let (code, signature) = rest.split_first_chunk::<2>()?;
        if version != VERSION {
            return None;
        }
        Some(Self {
            signer: KeyName::parse(std::str::from_utf8(name).ok()?).ok()?,
            code: i16::from_le_bytes(*code),
            bytes: signature.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signature(name: &str, code: i16) -> Signature {
        Signature {
            signer: KeyName::parse(name).unwrap(),
            code,
            bytes: [7; SIGNATURE_LEN],
        }
    }

    #[test]
    fn blocks_round_trip_at_the_limits_of_every_field() {
        for name in ["a", &"a".repeat(64)] {
            for code in [i16::MIN, -1, 0, 1, i16::MAX] {
                let signature = signature(name, code);
                let block = signature.to_bytes();
                assert_eq!(block.len(), 68 + name.len());
                assert!(block.len() <= MAX_BLOCK);
                assert_eq!(Signature::parse(&block), Ok(signature));
            }
        }
    }

    #[test]
    fn an_empty_block_is_unsigned_and_one_of_another_length_malformed() {
        assert_eq!(Signature::parse(&[]), Err(SignatureError::Unsigned));
        let block = signature("main", 0).to_bytes();
        for end in 1..block.len() {
            assert_eq!(
                Signature::parse(&block[..end]),
                Err(SignatureError::Malformed),
                "{end}"
            );
        }
        let padded = [&block[..], &[0]].concat();
        assert_eq!(Signature::parse(&padded), Err(SignatureError::Malformed));
    }

    #[test]
    fn another_version_and_names_that_are_none_are_malformed() {
        let block = signature("main", 0).to_bytes();
        for (at, value) in [
            (0, 0),
            (0, 2),
            (1, 0),
            (1, 3),
            (1, 5),
            (1, 255),
            (2, b'/'),
            (2, 0xff),
        ] {
            let mut changed = block.clone();
            changed[at] = value;
            assert_eq!(
                Signature::parse(&changed),
                Err(SignatureError::Malformed),
                "{at}={value}"
            );
        }
        let long = [&[VERSION, 65][..], &[b'a'; 65], &[0; 66]].concat();
        assert_eq!(Signature::parse(&long), Err(SignatureError::Malformed));
    }

    proptest! {
        #[test]
        fn whatever_is_parsed_is_encoded_as_it_was(block in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(signature) = Signature::parse(&block) {
                prop_assert_eq!(signature.to_bytes(), block);
            }
        }
    }
}
