//! Signatures of entries with the key of a CI run, and the signature block that carries them.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version of the block: 2 |
//! | 1 | 2 | length *n* of the certificate, little-endian |
//! | 3 | *n* | the [certificate](super::identity::Certificate), sealed where the entry is |
//! | 3 + *n* | 8 | when the entry was made, in seconds since 1970, little-endian |
//! | 11 + *n* | 2 | the task's exit code, signed, little-endian |
//! | 13 + *n* | 64 | the Ed25519 signature |
//!
//! Time and exit code are in the manifest too, but that is only parsed once the signature holds.

use ed25519_dalek::{Signer, VerifyingKey};

use super::identity::{CertifiedKey, MAX_CERTIFICATE};
use super::signature::{SIGNATURE_LEN, SignatureError, Statement};

/// The first byte of these blocks.
pub(super) const VERSION: u8 = 2;
/// Bytes of a block beside its certificate.
const REST_LEN: usize = 1 + 2 + TIME_LEN + CODE_LEN + SIGNATURE_LEN;
const TIME_LEN: usize = 8;
const CODE_LEN: usize = 2;
/// Room for what sealing adds to the certificate.
const MAX_SEAL: usize = 64;
/// Separates these signatures from others.
const DOMAIN: &[u8] = b"nx-s3-cache v1 certified entry";

/// A signature by a run as it travels in an entry. Nothing in it is to be believed before it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedSignature {
    /// The certificate as it is stored.
    pub certificate: Vec<u8>,
    /// When the entry was made, in seconds since 1970.
    pub made: u64,
    /// The task's exit code.
    pub code: i16,
    bytes: [u8; SIGNATURE_LEN],
}

impl CertifiedSignature {
    /// Bytes of a block with a certificate that is stored in so many bytes.
    pub const fn block_len(certificate: usize) -> usize {
        REST_LEN + certificate
    }

    /// The block's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A certificate has far less than 64 KiB.
        let len = (self.certificate.len() as u16).to_le_bytes();
        [
            &[VERSION],
            &len[..],
            &self.certificate,
            &self.made.to_le_bytes(),
            &self.code.to_le_bytes(),
            &self.bytes,
        ]
        .concat()
    }

    /// Parses a block.
    pub fn parse(block: &[u8]) -> Result<Self, SignatureError> {
        Self::read(block).ok_or(SignatureError::Malformed)
    }

    fn read(block: &[u8]) -> Option<Self> {
        let (&[version, low, high], rest) = block.split_first_chunk::<3>()?;
        let len = usize::from(u16::from_le_bytes([low, high]));
        let (certificate, rest) = rest.split_at_checked(len)?;
        let (made, rest) = rest.split_first_chunk::<TIME_LEN>()?;
        let (code, signature) = rest.split_first_chunk::<CODE_LEN>()?;
        (version == VERSION && (1..=MAX_CERTIFICATE + MAX_SEAL).contains(&len)).then_some(())?;
        Some(Self {
            certificate: certificate.to_vec(),
            made: u64::from_le_bytes(*made),
            code: i16::from_le_bytes(*code),
            bytes: signature.try_into().ok()?,
        })
    }

    /// Whether the owner of `key` signed `statement` with this. `certificate` is the digest of the certificate, opened.
    pub(super) fn is_of(
        &self,
        key: &VerifyingKey,
        certificate: &blake3::Hash,
        statement: &Statement<'_>,
    ) -> bool {
        let message = message(statement, certificate, self.made, self.code);
        key.verify_strict(&message, &ed25519_dalek::Signature::from_bytes(&self.bytes))
            .is_ok()
    }
}

impl CertifiedKey {
    /// Signs `statement` about a task that ended with `code`, in an entry made at this time, in seconds since 1970. `stored` is
    /// the certificate as it will be stored.
    pub fn sign(
        &self,
        statement: &Statement<'_>,
        made: u64,
        code: i16,
        stored: Vec<u8>,
    ) -> CertifiedSignature {
        let message = message(statement, &blake3::hash(&self.certificate), made, code);
        CertifiedSignature {
            certificate: stored,
            made,
            code,
            bytes: self.key.sign(&message).to_bytes(),
        }
    }
}

fn message(statement: &Statement<'_>, certificate: &blake3::Hash, made: u64, code: i16) -> Vec<u8> {
    statement.encode_with(&[DOMAIN, certificate.as_bytes(), &made.to_le_bytes()], code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signature(certificate: usize, made: u64, code: i16) -> CertifiedSignature {
        CertifiedSignature {
            certificate: vec![5; certificate],
            made,
            code,
            bytes: [7; SIGNATURE_LEN],
        }
    }

    #[test]
    fn blocks_round_trip_at_the_limits_of_every_field() {
        for certificate in [1, MAX_CERTIFICATE + MAX_SEAL] {
            for (made, code) in [(0, i16::MIN), (u64::MAX, i16::MAX)] {
                let signature = signature(certificate, made, code);
                let block = signature.to_bytes();
                assert_eq!(block.len(), CertifiedSignature::block_len(certificate));
                assert_eq!(CertifiedSignature::parse(&block), Ok(signature));
            }
        }
    }

    #[test]
    fn other_lengths_and_versions_are_malformed() {
        let block = signature(9, 1, 0).to_bytes();
        let (padded, mut version) = ([&block[..], &[0]].concat(), block.clone());
        version[0] = 1;
        let none = signature(0, 1, 0).to_bytes();
        let long = signature(MAX_CERTIFICATE + MAX_SEAL + 1, 1, 0).to_bytes();
        for wrong in (0..block.len())
            .map(|end| &block[..end])
            .chain([&padded[..], &version, &none, &long])
        {
            assert_eq!(CertifiedSignature::parse(wrong), Err(SignatureError::Malformed));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_parsed_is_encoded_as_it_was(block in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(signature) = CertifiedSignature::parse(&block) {
                prop_assert_eq!(signature.to_bytes(), block);
            }
        }
    }
}
