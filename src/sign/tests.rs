//! What keys and signatures promise.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::*;
use crate::scope::{Scope, ScopeName};
use crate::secret::Secret;
use crate::task_hash::TaskHash;

/// RFC 8032, section 7.1, test 1.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn text(name: &str, hex_bytes: &str) -> String {
    format!("{name}:{}", STANDARD.encode(hex::decode(hex_bytes).unwrap()))
}

fn signing_key(name: &str) -> SigningKey {
    SigningKey::parse(&Secret::new(text(name, &format!("{SEED}{PUBLIC}")))).unwrap()
}

fn trusted(keys: &[&SigningKey]) -> PublicKeys {
    PublicKeys::new(keys.iter().map(|key| key.public_key()).collect()).unwrap()
}

/// The parts of a statement, owned so that tests can change them.
#[derive(Clone)]
struct Parts {
    namespace: String,
    scope: Scope,
    hash: TaskHash,
    header: Vec<u8>,
    body: Vec<u8>,
}

impl Parts {
    fn statement(&self) -> Statement<'_> {
        Statement {
            namespace: &self.namespace,
            scope: &self.scope,
            subject: self.hash.as_str(),
            header: &self.header,
            body: &self.body,
        }
    }
}

fn parts() -> Parts {
    Parts {
        namespace: "team/web".into(),
        scope: Scope::Trusted,
        hash: TaskHash::parse("13784563425234523").unwrap(),
        header: b"NxS3E\x01\x01\x00".to_vec(),
        body: (0..=255).collect(),
    }
}

#[test]
fn a_signature_tells_who_signed_and_the_exit_code() {
    let key = signing_key("main-2026");
    for code in [i16::MIN, 0, 1, i16::MAX] {
        let block = key.sign(&parts().statement(), code).to_bytes();
        let verified = trusted(&[&key]).verify(&block, &parts().statement()).unwrap();
        assert_eq!((verified.signer.as_str(), verified.code), ("main-2026", code));
    }
}

#[test]
fn no_bit_of_the_block_the_header_or_the_body_can_change() {
    let key = signing_key("main");
    let (keys, parts) = (trusted(&[&key]), parts());
    let block = key.sign(&parts.statement(), 1).to_bytes();
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    for bit in 0..block.len() * 8 {
        let result = keys.verify(&flipped(&block, bit), &parts.statement());
        assert!(result.is_err(), "bit {bit} of the block");
    }
    let bad = Err(SignatureError::BadSignature(key.name().clone()));
    for bit in 0..parts.header.len() * 8 {
        let mut changed = parts.clone();
        changed.header = flipped(&parts.header, bit);
        assert_eq!(
            keys.verify(&block, &changed.statement()),
            bad,
            "bit {bit} of the header"
        );
    }
    for bit in 0..parts.body.len() * 8 {
        let mut changed = parts.clone();
        changed.body = flipped(&parts.body, bit);
        assert_eq!(
            keys.verify(&block, &changed.statement()),
            bad,
            "bit {bit} of the body"
        );
    }
}

#[test]
fn a_signature_is_of_no_use_in_another_place_or_with_other_content() {
    let key = signing_key("main");
    let block = key.sign(&parts().statement(), 0).to_bytes();
    type Change = (&'static str, fn(&mut Parts));
    let bad = Err(SignatureError::BadSignature(key.name().clone()));
    let changes: [Change; 7] = [
        ("namespace", |parts| parts.namespace = "team/app".into()),
        ("no namespace", |parts| parts.namespace.clear()),
        ("scope", |parts| {
            parts.scope = Scope::Untrusted(ScopeName::pull_request("1"))
        }),
        ("task", |parts| {
            parts.hash = TaskHash::parse("13784563425234524").unwrap()
        }),
        ("header", |parts| parts.header.clear()),
        ("shorter body", |parts| parts.body.truncate(255)),
        ("longer body", |parts| parts.body.push(0)),
    ];
    for (what, change) in changes {
        let mut parts = parts();
        change(&mut parts);
        let result = trusted(&[&key]).verify(&block, &parts.statement());
        assert_eq!(result, bad, "{what}");
    }
}

#[test]
fn a_stripped_a_foreign_and_a_revoked_signature_are_distinguished() {
    let (ours, foreign) = (signing_key("main"), generated("attacker"));
    let unknown = |key: &SigningKey| Err(SignatureError::UnknownSigner(key.name().clone()));
    let block = |key: &SigningKey| key.sign(&parts().statement(), 0).to_bytes();
    let verify = |keys: &PublicKeys, block: &[u8]| keys.verify(block, &parts().statement());
    assert_eq!(verify(&trusted(&[&ours]), &[]), Err(SignatureError::Unsigned));
    assert_eq!(verify(&trusted(&[&ours]), &block(&foreign)), unknown(&foreign));
    assert_eq!(verify(&trusted(&[&foreign]), &block(&ours)), unknown(&ours));
    assert_eq!(verify(&PublicKeys::default(), &block(&ours)), unknown(&ours));
}

#[test]
fn nobody_signs_in_the_name_of_another_key() {
    let (ours, impostor) = (signing_key("main"), generated("main"));
    let block = impostor.sign(&parts().statement(), 0).to_bytes();
    assert_eq!(
        trusted(&[&ours]).verify(&block, &parts().statement()),
        Err(SignatureError::BadSignature(ours.name().clone()))
    );
    // The same key under two names: the name is signed too.
    let (one, two) = (signing_key("one"), signing_key("two"));
    let mut signature = one.sign(&parts().statement(), 0);
    signature.signer = two.name().clone();
    let keys = trusted(&[&one, &two]);
    assert!(keys.verify(&signature.to_bytes(), &parts().statement()).is_err());
}

#[test]
fn keys_rotate_since_several_are_trusted_at_once() {
    let (old, new) = (generated("main-2025"), generated("main-2026"));
    for key in [&old, &new] {
        let block = key.sign(&parts().statement(), 0).to_bytes();
        let verified = trusted(&[&old, &new]).verify(&block, &parts().statement());
        assert_eq!(verified.unwrap().signer, *key.name());
    }
}

fn generated(name: &str) -> SigningKey {
    SigningKey::generate(KeyName::parse(name).unwrap()).unwrap()
}

#[test]
fn a_keys_name_is_safe_in_messages_and_bounded() {
    for name in ["m", "main-2026", "cache.example.org-1", "A_b", &"a".repeat(64)] {
        assert_eq!(KeyName::parse(name).unwrap().as_str(), name);
    }
    for name in ["", "a b", "a/b", "é", "a\u{1b}", "a:b", &"a".repeat(65)] {
        assert_eq!(KeyName::parse(name), Err(KeyError::Name), "{name:?}");
    }
}

#[test]
fn keys_have_nix_text_form_and_round_trip() {
    let key = signing_key("cache.example.org-1");
    let public = text("cache.example.org-1", PUBLIC);
    assert_eq!(key.public_key().to_string(), public);
    assert_eq!(
        PublicKey::parse(&format!(" {public}\n")).unwrap(),
        key.public_key()
    );
    assert_eq!(
        key.to_text().expose(),
        text("cache.example.org-1", &format!("{SEED}{PUBLIC}"))
    );
    let new = generated("main");
    let again = SigningKey::parse(&new.to_text()).unwrap();
    assert_eq!(again.public_key(), new.public_key());
    assert_ne!(new.public_key(), generated("main").public_key());
}

#[test]
fn a_malformed_public_key_is_refused_for_what_is_wrong() {
    let zero = "00".repeat(32);
    for (given, error) in [
        (String::new(), KeyError::Form),
        (PUBLIC.to_owned(), KeyError::Form),
        (text("", PUBLIC), KeyError::Name),
        (text("a b", PUBLIC), KeyError::Name),
        (text("main", PUBLIC) + "!", KeyError::Base64),
        ("main:".to_owned() + PUBLIC + "==", KeyError::Base64),
        ("main:".to_owned(), KeyError::Length(0)),
        (text("main", &PUBLIC[2..]), KeyError::Length(31)),
        (text("main", &format!("{PUBLIC}00")), KeyError::Length(33)),
        // Small order, and no point at all.
        (text("main", &zero), KeyError::NotOnCurve),
        (text("main", &format!("02{}", &zero[2..])), KeyError::NotOnCurve),
    ] {
        assert_eq!(PublicKey::parse(&given), Err(error), "{given}");
    }
}

#[test]
fn a_secret_where_a_public_key_belongs_is_refused_and_not_shown() {
    let secret = text("main", &format!("{SEED}{PUBLIC}"));
    let error = PublicKey::parse(&secret).unwrap_err();
    assert_eq!(error, KeyError::IsSecret);
    assert!(error.to_string().contains("make a new key pair") && !error.to_string().contains("main:"));
}

#[test]
fn a_malformed_secret_key_is_refused_for_what_is_wrong() {
    for (given, error) in [
        (text("main", PUBLIC), KeyError::IsPublic),
        (text("main", SEED), KeyError::IsPublic),
        (
            text("main", &format!("{SEED}{}", "00".repeat(32))),
            KeyError::Damaged,
        ),
        (text("main", &format!("{PUBLIC}{SEED}")), KeyError::Damaged),
        (text("main", &format!("{SEED}{SEED}{SEED}")), KeyError::Length(96)),
        ("hunter2".to_owned(), KeyError::Form),
        ("main:hunter2 is no base64".to_owned(), KeyError::Base64),
    ] {
        let found = SigningKey::parse(&Secret::new(given)).unwrap_err();
        assert_eq!(found, error);
        assert!(!format!("{found} {found:?}").contains("hunter2"));
    }
}

#[test]
fn a_signing_key_shows_its_name_only() {
    assert_eq!(format!("{:?}", signing_key("main")), "SigningKey(main, ***)");
}

#[test]
fn two_keys_of_one_name_are_refused() {
    let keys = vec![signing_key("a").public_key(), generated("b").public_key()];
    assert!(!PublicKeys::new(keys.clone()).unwrap().is_empty());
    assert!(PublicKeys::default().is_empty());
    let trusted = PublicKeys::new(keys.clone()).unwrap();
    assert!(trusted.contains(&keys[0]) && !trusted.contains(&signing_key("b").public_key()));
    let twice = [keys, vec![generated("a").public_key()]].concat();
    assert_eq!(
        PublicKeys::new(twice).unwrap_err().to_string(),
        "two keys have the name a"
    );
}

/// Another implementation must come to the same bytes; the file was checked with one.
#[test]
fn the_frozen_vectors_still_hold() {
    let vectors: Json = serde_json::from_str(include_str!("../../tests/vectors/signature.json")).unwrap();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    for vector in vectors["vectors"].as_array().unwrap() {
        let key = SigningKey::parse(&Secret::new(text(&vector["secretKey"]))).unwrap();
        let parts = Parts {
            namespace: text(&vector["namespace"]),
            scope: Scope::Trusted,
            hash: TaskHash::parse(&text(&vector["hash"])).unwrap(),
            header: hex::decode(text(&vector["header"])).unwrap(),
            body: hex::decode(text(&vector["body"])).unwrap(),
        };
        assert_eq!(parts.scope.to_string(), text(&vector["scope"]));
        let code = i16::try_from(vector["code"].as_i64().unwrap()).unwrap();
        let message = parts.statement().encode(key.name(), code);
        assert_eq!(hex::encode(message), text(&vector["message"]));
        let block = key.sign(&parts.statement(), code).to_bytes();
        assert_eq!(hex::encode(&block), text(&vector["block"]));
        let public = PublicKey::parse(&text(&vector["publicKey"])).unwrap();
        let keys = PublicKeys::new(vec![public]).unwrap();
        assert_eq!(keys.verify(&block, &parts.statement()).unwrap().code, code);
    }
}
