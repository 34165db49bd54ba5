//! The format is frozen: objects written once decode for ever, and plain ones are still written the same.
//!
//! `objects.json` describes the objects beside it. They were made by `make_the_objects`, once; a change that
//! needs them to be made again is a new format version.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nx_s3_cache::archive;
use nx_s3_cache::compress::Compressor;
use nx_s3_cache::config::Compression;
use nx_s3_cache::entry::{ChunkRef, Codec, Manifest, Producer, Subject};
use nx_s3_cache::git_ref::RefPattern;
use nx_s3_cache::scope::Scope;
use nx_s3_cache::seal::MasterKey;
use nx_s3_cache::secret::Secret;
use nx_s3_cache::sign::identity::{Certificate, Issuer, claims, verify};
use nx_s3_cache::sign::{
    CertifiedKey, Identity, KeySet, KeySets, PublicKey, PublicKeys, Rules, SigningKey, Verifier,
};
use nx_s3_cache::task_hash::TaskHash;
use serde::{Deserialize, Serialize};

use crate::support::tokens::{IssuerKey, key_set, push_claims};

/// What `objects.json` says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Objects {
    namespace: String,
    scope: String,
    hash: String,
    /// 32 bytes in hexadecimal; sealed objects are sealed with it.
    encryption_key: String,
    /// `entry-signed.bin` is signed with its other half.
    public_key: String,
    /// The hexadecimal archive of the artifact: one chunk.
    archive: String,
    /// The chunk's id, plain and keyed.
    chunk_id: String,
    sealed_chunk_id: String,
    manifest: Manifest,
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn objects() -> Objects {
    serde_json::from_slice(&fs::read(vectors().join("objects.json")).unwrap()).unwrap()
}

fn object(name: &str) -> Vec<u8> {
    fs::read(vectors().join(name)).unwrap()
}

fn codec(objects: &Objects, sealed: bool) -> Codec {
    let key = MasterKey::derive(&Secret::new(objects.encryption_key.clone())).unwrap();
    Codec::new(
        objects.namespace.clone(),
        Scope::Trusted,
        sealed.then(|| Arc::new(key)),
    )
}

fn trusting(objects: &Objects, sealed: bool) -> Codec {
    let key = PublicKey::parse(&objects.public_key).unwrap();
    codec(objects, sealed).trusting(Some(Arc::new(PublicKeys::new(vec![key]).unwrap())))
}

#[test]
fn frozen_entries_decode_to_the_same_archive() {
    let objects = objects();
    let hash = TaskHash::parse(&objects.hash).unwrap();
    for (name, codec) in [
        ("entry-plain.bin", codec(&objects, false)),
        ("entry-sealed.bin", codec(&objects, true)),
        ("entry-signed.bin", trusting(&objects, false)),
        ("entry-sealed-signed.bin", trusting(&objects, true)),
    ] {
        let entry = codec.decode_entry(&hash, &object(name)).unwrap();
        let chunks = entry
            .inline_frames()
            .map(|(chunk, frame)| codec.decode_frame(chunk, frame).unwrap());
        assert_eq!(
            hex::encode(chunks.collect::<Vec<_>>().concat()),
            objects.archive,
            "{name}"
        );
        assert_eq!((entry.manifest.code, entry.manifest.files), (3, 2), "{name}");
        if name == "entry-plain.bin" {
            assert_eq!(entry.manifest, objects.manifest);
            assert_eq!(
                codec
                    .encode_entry(&hash, &entry.manifest, entry.payload.clone())
                    .unwrap(),
                object(name)
            );
        }
    }
}

/// What `certificate.json` says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certificates {
    about: String,
    /// A token as GitHub signs it.
    rs256: Issued,
    /// The token in `entry-certified.bin`.
    es256: Issued,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    issuer: String,
    jwks: serde_json::Value,
    namespace: String,
    /// 32 bytes in hexadecimal.
    public_key: String,
    audience: String,
    token: String,
    /// The certificate in hexadecimal.
    certificate: String,
}

impl KeySets for Issued {
    fn key_set(&self, issuer: &Issuer, _: &str) -> Result<Arc<KeySet>, String> {
        assert_eq!(issuer.url, self.issuer);
        let keys = KeySet::parse(&self.issuer, self.jwks.to_string().as_bytes());
        keys.map(Arc::new).ok_or_else(|| "no key set".into())
    }
}

fn certificates() -> Certificates {
    serde_json::from_slice(&fs::read(vectors().join("certificate.json")).unwrap()).unwrap()
}

fn rules() -> Rules {
    Rules {
        identities: vec![Identity::parse("github:acme/shop#724198237").unwrap()],
        branches: vec![RefPattern::parse("main").unwrap()],
        events: vec!["push".into()],
        environment: None,
    }
}

#[test]
fn frozen_certificates_still_vouch_for_their_runs() {
    let Certificates { rs256, es256, .. } = certificates();
    for issued in [rs256, es256] {
        let bytes = hex::decode(&issued.certificate).unwrap();
        let key = hex::decode(&issued.public_key).unwrap();
        assert_eq!(bytes, [&[1], &key[..], issued.token.as_bytes()].concat());
        assert_eq!(claims(&issued.token).unwrap()["aud"], issued.audience);
        let certificate = Certificate::parse(&bytes).unwrap();
        let keys = KeySet::parse(&issued.issuer, issued.jwks.to_string().as_bytes()).unwrap();
        let vouched = verify(&certificate, &keys, &rules(), &issued.namespace).unwrap();
        assert_eq!(vouched.provenance.run.as_deref(), Some("1001"));
        assert_eq!(vouched.issued, 1_800_000_000);
    }
}

#[test]
fn frozen_certified_entries_decode_sealed_or_not() {
    let objects = objects();
    let hash = TaskHash::parse(&objects.hash).unwrap();
    for (name, sealed) in [
        ("entry-certified.bin", false),
        ("entry-sealed-certified.bin", true),
    ] {
        let verifier = Verifier::new(Arc::default(), rules(), Arc::new(certificates().es256));
        let codec = codec(&objects, sealed).trusting(Some(verifier));
        let entry = codec.decode_entry(&hash, &object(name)).unwrap();
        assert_eq!(
            (entry.manifest.code, entry.manifest.created),
            (3, 1_800_000_000),
            "{name}"
        );
    }
}

#[test]
#[ignore = "the format is frozen: run by hand when there is a new version"]
fn make_the_certified_objects() {
    let objects = objects();
    let hash = TaskHash::parse(&objects.hash).unwrap();
    let issuer_key = IssuerKey::new("es-1");
    let rs256: serde_json::Value =
        serde_json::from_slice(&fs::read(vectors().join("certificate.json")).unwrap()).unwrap();
    let rs256: Issued = serde_json::from_value(rs256["rs256"].clone()).unwrap();
    let own = CertifiedKey::generate(&objects.namespace).unwrap();
    let audience = own.audience().to_owned();
    let token = issuer_key.token(&push_claims(&rs256.issuer, &audience, 1_800_000_000));
    let key = Arc::new(own.certify(&token).unwrap());
    let certificate = key.certificate_bytes();
    let es256 = Issued {
        jwks: key_set(&[&issuer_key]),
        public_key: hex::encode(&certificate[1..33]),
        certificate: hex::encode(certificate),
        audience,
        token,
        ..rs256.clone()
    };
    for (name, sealed) in [
        ("entry-certified.bin", false),
        ("entry-sealed-certified.bin", true),
    ] {
        let plain = codec(&objects, sealed);
        let source = if sealed {
            "entry-sealed.bin"
        } else {
            "entry-plain.bin"
        };
        let entry = plain.decode_entry(&hash, &object(source)).unwrap();
        let signing = plain.signing_with(Some(key.clone()));
        let made = signing
            .encode_entry(&hash, &entry.manifest, entry.payload)
            .unwrap();
        fs::write(vectors().join(name), made).unwrap();
    }
    let about = "Certificates of CI runs: docs/format.md. The issuers' keys were made for these vectors, and are gone.";
    let certificates = Certificates {
        about: about.into(),
        rs256,
        es256,
    };
    let text = serde_json::to_string_pretty(&certificates).unwrap() + "\n";
    fs::write(vectors().join("certificate.json"), text).unwrap();
}

#[test]
fn a_frozen_body_decodes_and_is_still_written_the_same() {
    let objects = objects();
    let hash = TaskHash::parse(&objects.hash).unwrap();
    let (codec, frozen) = (codec(&objects, false), object("body-plain.bin"));
    let entry = codec.decode_entry(Subject::Body(&hash), &frozen).unwrap();
    let chunks = entry
        .inline_frames()
        .map(|(chunk, frame)| codec.decode_frame(chunk, frame).unwrap());
    assert_eq!(hex::encode(chunks.collect::<Vec<_>>().concat()), objects.archive);
    let manifest = Manifest {
        code: 0,
        files: 0,
        ..objects.manifest
    };
    assert_eq!(entry.manifest, manifest);
    let again = codec.encode_entry(Subject::Body(&hash), &manifest, entry.payload.clone());
    assert_eq!(again.unwrap(), frozen);
    assert!(codec.decode_entry(&hash, &frozen).is_err());
}

#[test]
fn frozen_chunks_decode_to_the_same_bytes() {
    let objects = objects();
    let archive = hex::decode(&objects.archive).unwrap();
    for (name, sealed, id) in [
        ("chunk-plain.bin", false, &objects.chunk_id),
        ("chunk-sealed.bin", true, &objects.sealed_chunk_id),
    ] {
        let codec = codec(&objects, sealed);
        assert_eq!(codec.chunk_id(&archive).to_string(), *id, "{name}");
        let chunk = ChunkRef {
            id: codec.chunk_id(&archive),
            size: archive.len() as u32,
            stored: 0,
        };
        assert_eq!(
            codec.decode_chunk(&chunk, &object(name)).unwrap(),
            archive,
            "{name}"
        );
    }
}

#[cfg(unix)] // the frozen tree has a link
#[test]
fn the_frozen_archive_unpacks_and_the_same_tree_is_still_packed_the_same() {
    let objects = objects();
    let archive = hex::decode(&objects.archive).unwrap();
    let staging = tempfile::tempdir().unwrap();
    let unpacked = archive::unpack(archive.as_slice(), staging.path(), &archive::Limits::default()).unwrap();
    assert_eq!(unpacked.terminal_output, "built ✓\n");
    assert_eq!(fs::read(staging.path().join("dist/app.js")).unwrap(), b"app");
    let mut again = Vec::new();
    archive::pack(staging.path(), &unpacked.terminal_output, &mut again).unwrap();
    assert_eq!(again, archive);
}

#[test]
#[ignore = "the format is frozen: run by hand when there is a new version"]
fn make_the_objects() {
    let source = tempfile::tempdir().unwrap();
    fs::create_dir_all(source.path().join("dist/empty")).unwrap();
    fs::write(source.path().join("dist/app.js"), "app").unwrap();
    fs::write(source.path().join("dist/zero"), "").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("app.js", source.path().join("dist/link")).unwrap();
    let mut archive = Vec::new();
    let packed = archive::pack(source.path(), "built ✓\n", &mut archive).unwrap();
    let mut frame = Vec::new();
    Compressor::new(Compression::Zstd(3))
        .unwrap()
        .frame(&archive, &mut frame)
        .unwrap();

    let encryption_key = hex::encode(std::array::from_fn::<u8, 32, _>(|at| at as u8));
    let signer = Arc::new(SigningKey::generate(nx_s3_cache::sign::KeyName::parse("main").unwrap()).unwrap());
    let mut objects = Objects {
        namespace: "team/app".into(),
        scope: "t".into(),
        hash: "13784563425234523".into(),
        encryption_key,
        public_key: signer.public_key().to_string(),
        archive: hex::encode(&archive),
        chunk_id: String::new(),
        sealed_chunk_id: String::new(),
        manifest: Manifest {
            hash: "13784563425234523".into(),
            scope: "t".into(),
            code: 3,
            files: packed.files,
            size: archive.len() as u64,
            stored_size: frame.len() as u64,
            inline: true,
            chunks: Vec::new(),
            level: Some(3),
            producer: Producer {
                plugin: "0.1.0".into(),
                nx: Some("24.0.6".into()),
                ..Producer::default()
            },
            created: 1_800_000_000,
        },
    };
    let hash = TaskHash::parse(&objects.hash).unwrap();
    for sealed in [false, true] {
        let codec = codec(&objects, sealed);
        let id = codec.chunk_id(&archive);
        let chunk = ChunkRef {
            id,
            size: archive.len() as u32,
            stored: frame.len() as u32,
        };
        let manifest = Manifest {
            chunks: vec![chunk],
            ..objects.manifest.clone()
        };
        let write = |name: &str, bytes: Vec<u8>| fs::write(vectors().join(name), bytes).unwrap();
        let kind = if sealed { "sealed" } else { "plain" };
        write(
            &format!("entry-{kind}.bin"),
            codec.encode_entry(&hash, &manifest, frame.clone()).unwrap(),
        );
        write(
            &format!("chunk-{kind}.bin"),
            codec.encode_chunk(&id, &frame).unwrap(),
        );
        let signing = codec.signing_with(Some(signer.clone()));
        let name = if sealed {
            "entry-sealed-signed.bin"
        } else {
            "entry-signed.bin"
        };
        write(
            name,
            signing.encode_entry(&hash, &manifest, frame.clone()).unwrap(),
        );
        match sealed {
            true => objects.sealed_chunk_id = id.to_string(),
            false => (objects.chunk_id, objects.manifest) = (id.to_string(), manifest),
        }
    }
    fs::write(
        vectors().join("objects.json"),
        serde_json::to_string_pretty(&objects).unwrap() + "\n",
    )
    .unwrap();
}
