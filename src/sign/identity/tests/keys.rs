//! The keys and the algorithms of issuers.

use super::*;

#[test]
fn the_key_decides_the_algorithm_and_the_token_never_does() {
    let (issuer, rules) = (IssuerKey::new("1"), rules(&["github:acme/shop"]));
    let keys = keys(ISSUER, &[&issuer]);
    for alg in ["none", "None", "", "HS256", "RS256", "ES384", "EdDSA", "PS256"] {
        let certificate = certificate(|audience| {
            let header = json!({ "alg": alg, "kid": "1" });
            let token = issuer.token_with(&header, &push_claims(ISSUER, audience, NOW));
            let end = token.rfind('.').unwrap();
            if alg.eq_ignore_ascii_case("none") {
                token[..=end].to_owned()
            } else {
                token
            }
        });
        assert_eq!(
            verify(&certificate, &keys, &rules, NAMESPACE),
            Err(IdentityError::Algorithm),
            "{alg}"
        );
    }
}

#[test]
fn keys_for_encryption_and_for_other_algorithms_verify_nothing() {
    let (issuer, rules) = (IssuerKey::new("1"), rules(&["github:acme/shop"]));
    let certificate = certificate(|audience| issuer.token(&push_claims(ISSUER, audience, NOW)));
    for (member, value) in [
        ("use", json!("enc")),
        ("alg", json!("ES384")),
        ("crv", json!("P-384")),
        ("kty", json!("oct")),
    ] {
        let mut jwk = issuer.jwk();
        jwk[member] = value;
        let document = json!({ "keys": [jwk, "rubbish", {}] }).to_string();
        let keys = KeySet::parse(ISSUER, document.as_bytes()).unwrap();
        let unknown = Err(IdentityError::UnknownKey(ISSUER.to_owned()));
        assert_eq!(
            verify(&certificate, &keys, &rules, NAMESPACE),
            unknown,
            "{member}"
        );
    }
}

#[test]
fn a_document_that_is_no_key_set_or_too_large_is_refused() {
    for document in [
        "",
        "[]",
        "{}",
        r#"{"keys": 5}"#,
        &format!("{{\"keys\":[]}}{}", " ".repeat(MAX_KEY_SET)),
    ] {
        assert!(KeySet::parse(ISSUER, document.as_bytes()).is_none());
    }
}
