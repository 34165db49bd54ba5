//! What is encoded decodes to the same, and nothing else decodes.

use super::*;
use crate::archive_name::ArchiveName;
use crate::chunk;
use crate::compress::Compressor;
use crate::config::Compression;
use crate::entry::manifest::tests::manifest;
use crate::entry::{MAX_CHUNK_OBJECT, MAX_ENTRY_OBJECT};
use crate::secret::Secret;
use crate::sign::identity::tests::{Run, vouching};
use crate::sign::{IdentityError, KeyName, PublicKeys, SignatureError, SignedBy, SigningKey};
use crate::task_hash::TaskHash;

fn key(byte: u8) -> Option<Arc<MasterKey>> {
    Some(Arc::new(
        MasterKey::derive(&Secret::new(hex::encode([byte; 32]))).unwrap(),
    ))
}

fn codec(namespace: &str, key: Option<Arc<MasterKey>>) -> Codec {
    Codec::new(namespace.into(), Scope::Trusted, key)
}

fn hash() -> TaskHash {
    TaskHash::parse("123").unwrap()
}

fn framed(codec: &Codec, plain: &[u8]) -> (ChunkRef, Vec<u8>) {
    let mut frame = Vec::new();
    Compressor::new(Compression::Zstd(3))
        .unwrap()
        .frame(plain, &mut frame)
        .unwrap();
    let (size, stored) = (plain.len() as u32, frame.len() as u32);
    (
        ChunkRef {
            id: codec.chunk_id(plain),
            size,
            stored,
        },
        frame,
    )
}

#[test]
fn an_inline_entry_round_trips_plain_and_sealed() {
    for key in [None, key(1)] {
        let codec = codec("ns", key);
        let (a, b) = (framed(&codec, b"first"), framed(&codec, &[9; 5000]));
        let manifest = manifest(vec![a.0, b.0], true);
        let object = codec
            .encode_entry(&hash(), &manifest, [a.1, b.1].concat())
            .unwrap();
        let entry = codec.decode_entry(&hash(), &object).unwrap();
        assert_eq!(entry.manifest, manifest);
        let plain: Vec<_> = entry
            .inline_frames()
            .map(|(chunk, frame)| codec.decode_frame(chunk, frame).unwrap())
            .collect();
        assert_eq!(plain, [b"first".to_vec(), vec![9; 5000]]);
    }
}

#[test]
fn a_chunk_object_round_trips_and_is_bound_to_its_id() {
    for key in [None, key(1)] {
        let codec = codec("ns", key);
        let (chunk, frame) = framed(&codec, b"content");
        let (other, _) = framed(&codec, b"CONTENT");
        let object = codec.encode_chunk(&chunk.id, &frame).unwrap();
        assert_eq!(codec.decode_chunk(&chunk, &object).unwrap(), b"content");
        assert!(
            codec.decode_chunk(&other, &object).is_err(),
            "one chunk passed for another"
        );
    }
}

#[test]
fn readers_accept_the_largest_objects_and_little_more() {
    let codec = codec("ns", key(1));
    let mut noise = vec![0; chunk::MAX_SIZE];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    let (chunk, frame) = framed(&codec, &noise);
    let largest = codec.encode_chunk(&chunk.id, &frame).unwrap().len() as u64;
    assert!((largest..largest + 1024).contains(&MAX_CHUNK_OBJECT));
    // The manifest of a hundred gigabytes in chunks of the usual size.
    let manifest = manifest(vec![chunk; 95_000], false);
    let large = codec.encode_entry(&hash(), &manifest, Vec::new()).unwrap().len() as u64;
    assert!((large..2 * large).contains(&MAX_ENTRY_OBJECT), "{large}");
}

#[test]
fn the_size_of_a_chunk_object_tells_that_of_its_frame_and_is_within_what_is_announced() {
    for key in [None, key(1)] {
        let codec = codec("ns", key);
        let (chunk, frame) = framed(&codec, b"content");
        let object = codec.encode_chunk(&chunk.id, &frame).unwrap();
        assert_eq!(codec.frame_len(object.len() as u64) as usize, frame.len());
        let (sizes, frames) = (codec.chunk_object_sizes(chunk.size), compress::frame_sizes(7));
        let overhead = object.len() - frame.len();
        assert_eq!(*sizes.start() as usize, frames.start() + overhead);
        assert_eq!(*sizes.end() as usize, frames.end() + overhead);
        assert!(sizes.contains(&(object.len() as u64)));
    }
}

#[test]
fn the_claimed_signer_is_the_one_in_the_block() {
    let signer = Arc::new(SigningKey::generate(KeyName::parse("main").unwrap()).unwrap());
    let unsigned = codec("ns", None);
    let signed = unsigned.clone().signing_with(Some(signer.clone()));
    for (codec, claimed) in [(unsigned, None), (signed, Some(signer.name().clone()))] {
        let object = codec.encode_entry(&hash(), &manifest(vec![], true), Vec::new());
        assert_eq!(claimed_signer(&hash(), &object.unwrap()), claimed);
    }
}

#[test]
fn nothing_sealed_opens_under_another_key_name_or_namespace() {
    let ours = codec("ns", key(1));
    let object = ours
        .encode_entry(&hash(), &manifest(vec![], true), Vec::new())
        .unwrap();
    assert!(ours.decode_entry(&hash(), &object).is_ok());
    let open = Error::Seal(crate::seal::SealError::Open);
    assert_eq!(
        codec("ns", key(2)).decode_entry(&hash(), &object).unwrap_err(),
        open
    );
    assert_eq!(
        codec("other", key(1)).decode_entry(&hash(), &object).unwrap_err(),
        open
    );
    assert_eq!(
        ours.decode_entry(&TaskHash::parse("124").unwrap(), &object)
            .unwrap_err(),
        open
    );
    assert_eq!(
        codec("ns", None).decode_entry(&hash(), &object).unwrap_err(),
        Error::KeyMissing
    );
}

#[test]
fn a_sealed_chunk_of_an_entry_that_is_not_is_another_chunk_and_says_nothing_of_the_key() {
    let sealed = codec("ns", key(1));
    let id = sealed.chunk_id(b"plain");
    let mut object = Vec::new();
    sealed.begin_chunk(&mut object);
    Compressor::new(Compression::None)
        .unwrap()
        .frame(b"plain", &mut object)
        .unwrap();
    sealed.finish_chunk(&id, &mut object).unwrap();
    let chunk = ChunkRef {
        id,
        size: 5,
        stored: 6,
    };
    assert_eq!(sealed.decode_chunk(&chunk, &object).unwrap(), b"plain");
    assert_eq!(
        codec("ns", None).decode_chunk(&chunk, &object),
        Err(Error::WrongChunk)
    );
}

#[test]
fn a_plain_object_does_not_pass_where_a_key_is_set() {
    let object = codec("ns", None)
        .encode_entry(&hash(), &manifest(vec![], true), Vec::new())
        .unwrap();
    assert_eq!(
        codec("ns", key(1)).decode_entry(&hash(), &object).unwrap_err(),
        Error::NotSealed
    );
}

#[test]
fn an_entry_under_another_hash_is_refused_even_without_a_key() {
    let plain = codec("ns", None);
    let object = plain
        .encode_entry(&hash(), &manifest(vec![], true), Vec::new())
        .unwrap();
    assert!(matches!(
        plain.decode_entry(&TaskHash::parse("124").unwrap(), &object),
        Err(Error::Manifest(_))
    ));
}

#[test]
fn an_entry_of_one_kind_never_passes_for_another_of_its_name() {
    let (task, archive) = (hash(), ArchiveName::parse("123").unwrap());
    let signer = Arc::new(SigningKey::generate(KeyName::parse("main").unwrap()).unwrap());
    let trusted = Arc::new(PublicKeys::new(vec![signer.public_key()]).unwrap());
    for key in [None, key(1)] {
        let signing = codec("ns", key).signing_with(Some(signer.clone()));
        let codec = signing.clone().trusting(Some(trusted.clone()));
        let manifest = manifest(vec![], true);
        let kinds = [
            (Subject::Task(&task), b'E'),
            (Subject::Archive(&archive), b'N'),
            (Subject::Body(&task), b'B'),
        ];
        for ((subject, _), (other, letter)) in kinds
            .iter()
            .flat_map(|one| kinds.iter().map(move |other| (one, other)))
        {
            let object = signing.encode_entry(*subject, &manifest, Vec::new()).unwrap();
            if subject == other {
                assert!(codec.decode_entry(*subject, &object).is_ok());
                continue;
            }
            assert_eq!(codec.decode_entry(*other, &object).unwrap_err(), Error::NotOurs);
            // Whoever relabels it breaks the signature.
            let relabelled = [&object[..4], &[*letter], &object[5..]].concat();
            assert!(matches!(
                codec.decode_entry(*other, &relabelled),
                Err(Error::Signature(_))
            ));
        }
    }
}

#[test]
fn a_sealed_entry_shows_nothing_of_its_manifest() {
    let object = codec("ns", key(1))
        .encode_entry(&hash(), &manifest(vec![], true), Vec::new())
        .unwrap();
    assert!(!String::from_utf8_lossy(&object).contains("linux"));
}

#[test]
fn truncation_at_every_byte_is_an_error_and_so_is_padding() {
    for key in [None, key(1)] {
        let codec = codec("ns", key);
        let (chunk, frame) = framed(&codec, b"content");
        let object = codec
            .encode_entry(&hash(), &manifest(vec![chunk], true), frame.clone())
            .unwrap();
        for end in 0..object.len() {
            assert!(
                codec.decode_entry(&hash(), &object[..end]).is_err(),
                "cut at {end}"
            );
        }
        assert!(
            codec
                .decode_entry(&hash(), &[&object[..], b"x"].concat())
                .is_err()
        );
    }
}

/// The manifest of an empty artifact that this run made.
fn made_by(run: &Run) -> Manifest {
    Manifest {
        created: run.issued,
        ..manifest(vec![], true)
    }
}

#[test]
fn an_entry_of_a_trusted_run_says_whose_it_is_sealed_or_not() {
    let run = Run::push("ns");
    for key in [None, key(1)] {
        let (sealed, codec) = (key.is_some(), codec("ns", key));
        let signing = codec.clone().signing_with(Some(run.key.clone()));
        let object = signing.encode_entry(&hash(), &made_by(&run), Vec::new()).unwrap();
        let attested = codec.verify_entry(&hash(), &object, &vouching(&run)).unwrap();
        let SignedBy::Run(by) = attested.by else {
            panic!("a key")
        };
        assert_eq!(by.provenance.run.as_deref(), Some("1001"));
        assert!(
            codec
                .clone()
                .trusting(Some(vouching(&run)))
                .decode_entry(&hash(), &object)
                .is_ok()
        );
        // The token tells of the run, so that it is as secret as the manifest.
        let token = std::str::from_utf8(&run.key.certificate_bytes()[33..]).unwrap();
        assert_eq!(String::from_utf8_lossy(&object).contains(token), !sealed);
    }
}

#[test]
fn no_bit_of_an_entry_of_a_trusted_run_can_change() {
    let run = Run::push("ns");
    for key in [None, key(1)] {
        let signing = codec("ns", key.clone()).signing_with(Some(run.key.clone()));
        let codec = codec("ns", key).trusting(Some(vouching(&run)));
        let object = signing.encode_entry(&hash(), &made_by(&run), Vec::new()).unwrap();
        for at in 0..object.len() {
            let mut changed = object.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(codec.decode_entry(&hash(), &changed).is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_run_s_certificate_and_signature_are_of_no_use_elsewhere() {
    let (run, other) = (Run::push("ns"), Run::push("ns"));
    let (plain, signing) = (
        codec("ns", None),
        codec("ns", None).signing_with(Some(run.key.clone())),
    );
    let object = signing.encode_entry(&hash(), &made_by(&run), Vec::new()).unwrap();
    let refused = |codec: &Codec, hash: &str, object: &[u8]| match codec.verify_entry(
        &TaskHash::parse(hash).unwrap(),
        object,
        &vouching(&run),
    ) {
        Err(Error::Signature(error)) => error,
        other => panic!("{other:?}"),
    };
    let not_about_this = SignatureError::BadRunSignature("github:acme/shop".into());
    assert_eq!(refused(&plain, "124", &object), not_about_this);
    let another = Codec::new(
        "ns".into(),
        Scope::Untrusted(crate::scope::ScopeName::pull_request("1")),
        None,
    );
    assert_eq!(refused(&another, "123", &object), not_about_this);
    let namespace = codec("other", None);
    assert_eq!(
        refused(&namespace, "123", &object),
        SignatureError::Identity(IdentityError::Audience)
    );
    // The certificate of another trusted run in place of its own.
    let other_key = plain.clone().signing_with(Some(other.key.clone()));
    let of_other = other_key
        .encode_entry(&hash(), &made_by(&run), Vec::new())
        .unwrap();
    let certificate = BODY + 3..BODY + 3 + run.key.certificate_bytes().len();
    let mut swapped = object.clone();
    swapped[certificate.clone()].copy_from_slice(&of_other[certificate]);
    let unknown = IdentityError::Signature;
    assert_eq!(
        refused(&plain, "123", &swapped),
        SignatureError::Identity(unknown)
    );
    // Whoever lists keys only believes no run, and the other way round.
    let key = Arc::new(SigningKey::generate(KeyName::parse("main").unwrap()).unwrap());
    let keys = Arc::new(PublicKeys::new(vec![key.public_key()]).unwrap());
    let by_key = plain
        .clone()
        .signing_with(Some(key))
        .encode_entry(&hash(), &made_by(&run), Vec::new())
        .unwrap();
    assert!(matches!(
        refused(&plain, "123", &by_key),
        SignatureError::UnknownSigner(_)
    ));
    let by_run = plain.verify_entry(&hash(), &object, &keys.into());
    assert!(matches!(
        by_run,
        Err(Error::Signature(SignatureError::Identity(IdentityError::Issuer(
            _
        ))))
    ));
}

#[test]
fn an_entry_that_a_run_made_days_after_its_token_is_refused() {
    let run = Run::push("ns");
    let signing = codec("ns", None).signing_with(Some(run.key.clone()));
    for (late, expected) in [(3600, true), (86_401, false)] {
        let manifest = Manifest {
            created: run.issued + late,
            ..made_by(&run)
        };
        let object = signing.encode_entry(&hash(), &manifest, Vec::new()).unwrap();
        assert_eq!(
            codec("ns", None)
                .verify_entry(&hash(), &object, &vouching(&run))
                .is_ok(),
            expected
        );
    }
}
