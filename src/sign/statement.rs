//! What a signature is about.

use super::name::KeyName;
use crate::scope::Scope;

/// Tells these signatures from those that the same key may make for anything else.
const DOMAIN: &[u8] = b"nx-s3-cache v1 entry";

/// The entry that is signed: where it is, what it stands for and all its bytes but the signature block.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The namespace: the configured key prefix.
    pub namespace: &'a str,
    /// The scope of the entry.
    pub scope: &'a Scope,
    /// The task hash or the name it stands for.
    pub subject: &'a str,
    /// The object's header, which stands before the signature block and tells which of the two it is.
    pub header: &'a [u8],
    /// Everything that follows the signature block, as it is in the bucket: sealed when there is a key.
    pub body: &'a [u8],
}

impl Statement<'_> {
    /// The bytes that are signed: every field behind its length in 8 bytes, so that no two statements share them.
    ///
    /// The signer's name and the exit code are the rest of the signature block: they are covered too.
    pub(super) fn encode(&self, signer: &KeyName, code: i16) -> Vec<u8> {
        let scope = self.scope.to_string();
        let digest = blake3::hash(self.body);
        let fields: [&[u8]; 8] = [
            DOMAIN,
            signer.as_str().as_bytes(),
            self.namespace.as_bytes(),
            scope.as_bytes(),
            self.subject.as_bytes(),
            &code.to_le_bytes(),
            self.header,
            digest.as_bytes(),
        ];
        let mut message = Vec::with_capacity(256 + self.namespace.len());
        for field in fields {
            message.extend_from_slice(&(field.len() as u64).to_le_bytes());
            message.extend_from_slice(field);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two statements whose fields are the same bytes, cut at another place, must not be the same message.
    #[test]
    fn bytes_that_move_from_one_field_to_the_next_make_another_message() {
        let (one, other) = ("12", "2");
        let name = KeyName::parse("main").unwrap();
        let statement = |namespace, subject| Statement {
            namespace,
            scope: &Scope::Trusted,
            subject,
            header: b"header",
            body: b"body",
        };
        assert_ne!(
            statement("web", one).encode(&name, 0),
            statement("web1", other).encode(&name, 0)
        );
        let name_and_more = KeyName::parse("mainw").unwrap();
        assert_ne!(
            statement("web", one).encode(&name, 0),
            statement("eb", one).encode(&name_and_more, 0)
        );
    }
}
