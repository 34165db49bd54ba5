//! For any signature block: it verifies only if it is the one that was signed. For any key: it is refused, or has one text.

use nx_s3_cache::scope::Scope;
use nx_s3_cache::secret::Secret;
use nx_s3_cache::sign::{PublicKey, PublicKeys, Signature, SigningKey, Statement};

/// RFC 8032, section 7.1, test 1.
pub const KEY: &str =
    "main:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";

/// Takes `data` for a signature block, and for the text of a key.
pub fn check(data: &[u8]) {
    check_block(data);
    if let Ok(text) = str::from_utf8(data) {
        check_key(text);
    }
}

/// The only block that must verify.
pub fn good_block() -> Vec<u8> {
    with_statement(|statement| key().sign(statement, 1).to_bytes())
}

fn check_block(block: &[u8]) {
    if let Ok(signature) = Signature::parse(block) {
        assert_eq!(signature.to_bytes(), block);
    }
    let keys = PublicKeys::new(vec![key().public_key()]).expect("one key");
    let verified = with_statement(|statement| keys.verify(block, statement).is_ok());
    assert_eq!(verified, block == good_block());
}

fn check_key(text: &str) {
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(key.to_string(), text.trim());
    }
    if let Ok(key) = SigningKey::parse(&Secret::new(text.to_owned())) {
        assert_eq!(key.to_text().expose(), text.trim());
        assert!(PublicKey::parse(text).is_err());
    }
}

fn key() -> SigningKey {
    SigningKey::parse(&Secret::new(KEY.to_owned())).expect("a key")
}

fn with_statement<T>(look: impl Fn(&Statement<'_>) -> T) -> T {
    look(&Statement {
        namespace: "web",
        scope: &Scope::Trusted,
        subject: "123",
        header: b"NxS3E\x01\x00\x00",
        body: b"body",
    })
}
