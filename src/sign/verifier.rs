//! Who may sign: the keys and the identities of nx.json together.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use parking_lot::Mutex;

use super::certified::{self, CertifiedSignature};
use super::identity::{Certificate, CertifiedKey, Claimed, IdentityError, KeySets, Rules, Vouched, verify};
use super::key::{KeyName, PublicKeys, SigningKey};
use super::signature::{Signature, SignatureError, Statement};

/// What entries are signed with.
#[derive(Clone, Debug)]
pub enum Signer {
    /// A key whose public half is in nx.json.
    Key(Arc<SigningKey>),
    /// The key of this run, with its certificate.
    Run(Arc<CertifiedKey>),
}

impl From<Arc<SigningKey>> for Signer {
    fn from(key: Arc<SigningKey>) -> Self {
        Self::Key(key)
    }
}

impl From<Arc<CertifiedKey>> for Signer {
    fn from(key: Arc<CertifiedKey>) -> Self {
        Self::Run(key)
    }
}

/// Who signed an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The owner of the key of this name.
    Key(KeyName),
    /// A CI run, which its issuer vouches for.
    Run(Arc<Vouched>),
}

impl SignedBy {
    /// The name of the key, or the identity.
    pub fn name(&self) -> String {
        match self {
            Self::Key(name) => name.to_string(),
            Self::Run(run) => run.identity.to_string(),
        }
    }
}

impl fmt::Display for SignedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(f, "the key {name}"),
            Self::Run(run) => write!(f, "a run of {}", run.identity),
        }
    }
}

/// What a valid signature says about an entry; the manifest has to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// Who signed it.
    pub by: SignedBy,
    /// The task's exit code.
    pub code: i16,
    /// When it was made, in seconds since 1970, where the signature says so.
    pub made: Option<u64>,
}

/// Verifies signatures of entries. Clones share what they know, so that each certificate is verified once.
#[derive(Clone, Default)]
pub struct Verifier {
    keys: Arc<PublicKeys>,
    identities: Option<Arc<Identities>>,
}

struct Identities {
    rules: Rules,
    sets: Arc<dyn KeySets>,
    /// What became of each certificate, by the namespace and the certificate's digest.
    seen: Mutex<HashMap<blake3::Hash, Result<Run, IdentityError>>>,
}

/// A run whose certificate is verified.
#[derive(Clone)]
struct Run {
    vouched: Arc<Vouched>,
    /// Its key, if that is one.
    key: Option<VerifyingKey>,
}

impl From<Arc<PublicKeys>> for Verifier {
    fn from(keys: Arc<PublicKeys>) -> Self {
        Self {
            keys,
            identities: None,
        }
    }
}

impl Verifier {
    /// Believes these keys, and runs that `rules` trust according to `sets`.
    pub fn new(keys: Arc<PublicKeys>, rules: Rules, sets: Arc<dyn KeySets>) -> Self {
        let identities = Identities {
            rules,
            sets,
            seen: Mutex::default(),
        };
        Self {
            keys,
            identities: Some(Arc::new(identities)),
        }
    }

    /// Verifies that somebody trusted signed `statement`. `block` is the entry's signature block; `open` opens a certificate
    /// that is sealed.
    pub fn verify<E: From<SignatureError>>(
        &self,
        block: &[u8],
        statement: &Statement<'_>,
        open: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, E>,
    ) -> Result<Attested, E> {
        if block.first() != Some(&certified::VERSION) {
            let verified = self.keys.verify(block, statement)?;
            return Ok(Attested {
                by: SignedBy::Key(verified.signer),
                code: verified.code,
                made: None,
            });
        }
        let mut signature = CertifiedSignature::parse(block)?;
        let certificate = match open(std::mem::take(&mut signature.certificate)) {
            // No run's signature counts here, whatever is in its certificate.
            Err(_) if self.identities.is_none() => {
                return Err(SignatureError::from(IdentityError::Malformed).into());
            }
            opened => opened?,
        };
        Ok(self.verify_run(&signature, &certificate, statement)?)
    }

    fn verify_run(
        &self,
        signature: &CertifiedSignature,
        certificate: &[u8],
        statement: &Statement<'_>,
    ) -> Result<Attested, SignatureError> {
        let digest = blake3::hash(certificate);
        let Run { vouched, key } = self.run(certificate, &digest, statement.namespace)?;
        vouched.check_time(signature.made)?;
        if !key.is_some_and(|key| signature.is_of(&key, &digest, statement)) {
            return Err(SignatureError::BadRunSignature(vouched.identity.to_string()));
        }
        Ok(Attested {
            by: SignedBy::Run(vouched),
            code: signature.code,
            made: Some(signature.made),
        })
    }

    /// The run of the certificate with this digest, which is parsed and verified only once.
    fn run(&self, certificate: &[u8], digest: &blake3::Hash, namespace: &str) -> Result<Run, IdentityError> {
        let parse = || Certificate::parse(certificate).ok_or(IdentityError::Malformed);
        let Some(identities) = &self.identities else {
            // Says whose token it is.
            return Err(parse()?
                .issuer(&Rules::default())
                .err()
                .unwrap_or(IdentityError::Malformed));
        };
        let of = blake3::hash(&[namespace.as_bytes(), digest.as_bytes()].concat());
        if let Some(known) = identities.seen.lock().get(&of) {
            return known.clone();
        }
        let certificate = parse()?;
        let run = identities.verify(&certificate, namespace).map(|vouched| Run {
            vouched: Arc::new(vouched),
            key: certificate.key(),
        });
        // The issuer may answer later.
        if !matches!(run, Err(IdentityError::Unavailable { .. })) {
            identities.seen.lock().insert(of, run.clone());
        }
        run
    }
}

impl Identities {
    fn verify(&self, certificate: &Certificate, namespace: &str) -> Result<Vouched, IdentityError> {
        let (issuer, kid) = certificate.issuer(&self.rules)?;
        let keys = self
            .sets
            .key_set(&issuer, &kid)
            .map_err(|why| IdentityError::Unavailable {
                issuer: issuer.url,
                why,
            })?;
        verify(certificate, &keys, &self.rules, namespace)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.identities.as_ref().map(|identities| &identities.rules);
        f.debug_struct("Verifier")
            .field("keys", &self.keys)
            .field("rules", &rules)
            .finish()
    }
}

/// Whose key a signature block claims to be made with, if it is one of a key. Nothing of that is verified.
pub fn claimed_key(block: &[u8]) -> Option<KeyName> {
    Signature::parse(block).ok().map(Signature::into_signer)
}

/// What a signature block claims of the run that made it, if it is one of a run. Nothing of that is verified. `open` opens
/// a certificate that is sealed.
pub fn claimed_run<E: From<SignatureError>>(
    block: &[u8],
    open: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, E>,
) -> Option<Result<Claimed, E>> {
    let read = || {
        let certificate = open(CertifiedSignature::parse(block)?.certificate)?;
        let certificate = Certificate::parse(&certificate).ok_or(IdentityError::Malformed);
        let claimed = certificate.and_then(|certificate| certificate.claimed());
        Ok(claimed.map_err(SignatureError::from)?)
    };
    (block.first() == Some(&certified::VERSION)).then(read)
}
