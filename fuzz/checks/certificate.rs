//! For any certificate: it verifies only if it is the one that was issued. For any block, key set or name of an identity:
//! what is parsed is written unchanged.

use std::sync::LazyLock;

use nx_s3_cache::git_ref::RefPattern;
use nx_s3_cache::sign::identity::{Certificate, claims, verify};
use nx_s3_cache::sign::{CertifiedSignature, Identity, KeySet, Rules};
use serde_json::Value;

/// The certificate of `tests/vectors/certificate.json`, and what it is verified with.
struct Issued {
    certificate: Vec<u8>,
    keys: KeySet,
    rules: Rules,
    namespace: String,
}

static ISSUED: LazyLock<Issued> = LazyLock::new(|| {
    let vector: Value =
        serde_json::from_str(include_str!("../../tests/vectors/certificate.json")).expect("JSON");
    let text = |name: &str| vector["rs256"][name].as_str().expect("a text").to_owned();
    let jwks = vector["rs256"]["jwks"].to_string();
    Issued {
        certificate: bytes(&text("certificate")),
        keys: KeySet::parse(&text("issuer"), jwks.as_bytes()).expect("a key set"),
        rules: Rules {
            identities: vec![Identity::parse("github:acme/shop").expect("an identity")],
            branches: vec![RefPattern::parse("main").expect("a pattern")],
            events: vec!["push".to_owned()],
            environment: None,
        },
        namespace: text("namespace"),
    }
});

/// Takes `data` for a certificate, a signature block, a key set, and the name of an identity.
pub fn check(data: &[u8]) {
    let issued = &*ISSUED;
    if let Some(certificate) = Certificate::parse(data) {
        assert_eq!(certificate.to_bytes(), data);
        let verified = verify(&certificate, &issued.keys, &issued.rules, &issued.namespace);
        assert_eq!(verified.is_ok(), data == issued.certificate);
    }
    if let Ok(block) = CertifiedSignature::parse(data) {
        assert_eq!(block.to_bytes(), data);
    }
    if let Some(keys) = KeySet::parse("https://issuer.example", data) {
        // The issuer is another, whatever its keys are.
        let certificate = Certificate::parse(&issued.certificate).expect("a certificate");
        assert!(verify(&certificate, &keys, &issued.rules, &issued.namespace).is_err());
    }
    if let Ok(text) = str::from_utf8(data) {
        claims(text);
        if let Ok(identity) = Identity::parse(text) {
            assert_eq!(Identity::parse(&identity.to_string()), Ok(identity));
        }
    }
}

/// The only certificate that must verify.
pub fn good_certificate() -> Vec<u8> {
    ISSUED.certificate.clone()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("digits");
    pairs.map(byte).collect()
}
