//! What can be wrong with a key or a signature. None of it ever holds a part of a key.

use super::name::KeyName;

/// Why a text is not the key it should be. The text itself is in no message: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no colon.
    #[error("this is not a key of the form name:base64")]
    Form,
    /// What stands before the colon can't be a name.
    #[error("the key's name, before the colon, must have 1 to 64 letters, digits, '.', '_' or '-'")]
    Name,
    /// What stands behind the colon is not base64.
    #[error("what follows the key's name is not base64, or not all of it")]
    Base64,
    /// The base64 stands for too many or too few bytes.
    #[error("the key has {0} bytes: a public key has 32, a secret key 64")]
    Length(usize),
    /// A secret key where a public one belongs.
    #[error(
        "this is a secret key, and its place is public. Put its public half here. If others could see it, \
         it is no secret any more: make a new key pair"
    )]
    IsSecret,
    /// A public key where a secret one belongs.
    #[error("this is a public key. The secret key has twice its length")]
    IsPublic,
    /// The bytes are no point of the curve, or one that verifies what nobody signed.
    #[error("this is no Ed25519 public key")]
    NotOnCurve,
    /// The two halves of a secret key contradict each other.
    #[error("the secret key is damaged: its two halves don't belong together")]
    Damaged,
    /// The system gives no random bytes.
    #[error("no key could be made: the system gives no random bytes")]
    Random,
}

/// Why an entry's signature is not accepted. For the build each is a miss.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("not signed")]
    Unsigned,
    /// The signature block can't be read.
    #[error("malformed signature block")]
    Malformed,
    /// Signed with a key that is not trusted.
    #[error("signed with the key {0}, which is not among trust.publicKeys")]
    UnknownSigner(KeyName),
    /// Not what the key's owner signed: other content, another task, another place, or a forgery.
    #[error("the signature with the key {0} is not about this content in this place")]
    BadSignature(KeyName),
}
