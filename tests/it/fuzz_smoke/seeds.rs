//! The inputs that fuzzing begins with: small, and each with something of its own.

use super::checks::certificate::good_certificate;
use super::checks::entry::{good_chunk, good_entry, good_manifest};
use super::checks::forge::{Record, archive, outputs};
use super::checks::signature::{KEY, good_block};

fn dir(name: &str) -> Record {
    Record::new(b'5', name.as_bytes()).mode(0o755)
}

fn file(name: &str) -> Record {
    Record::file(name, b"content")
}

fn link(name: &str, target: &str) -> Record {
    Record::new(b'2', name.as_bytes()).field(157, target.as_bytes())
}

/// Archives, by the names of their files.
pub fn unpack() -> Vec<(String, Vec<u8>)> {
    let long = [&b"outputs/d/"[..], &[b'n'; 120]].concat();
    let mut seeds = vec![
        ("empty", outputs(&[])),
        ("file", outputs(&[file("outputs/a")])),
        (
            "tree",
            outputs(&[
                dir("outputs/d/"),
                file("outputs/d/a"),
                dir("outputs/d/e/"),
                link("outputs/l", "d/e"),
            ]),
        ),
        (
            "modes",
            outputs(&[
                dir("outputs/d/").mode(0o500),
                file("outputs/d/f").mode(0o4444),
                file("outputs/x").mode(0o777),
            ]),
        ),
        (
            "long-name",
            outputs(&[dir("outputs/d/"), Record::long(b'L', &long), file("outputs/d/n")]),
        ),
        (
            "long-target",
            outputs(&[Record::long(b'K', &long[8..]), link("outputs/l", "d/n")]),
        ),
        (
            "links",
            outputs(&[
                dir("outputs/d/"),
                link("outputs/d/up", ".."),
                link("outputs/l", "d/../d"),
                link("outputs/m", "d/up/d"),
            ]),
        ),
        (
            "names",
            outputs(&[
                file("outputs/A"),
                file("outputs/a b"),
                file("outputs/ü"),
                Record::file("outputs/\u{1f600}", b""),
            ]),
        ),
        ("large", outputs(&[Record::file("outputs/large", &[7; 1500])])),
        (
            "text",
            archive(&[Record::file("terminal-output", "✅ done\n".repeat(60).as_bytes())]),
        ),
        ("hostile-name", outputs(&[file("outputs/../evil")])),
        (
            "hostile-link",
            outputs(&[
                dir("outputs/d/"),
                link("outputs/d/l", "../../evil"),
                file("outputs/d/l/x"),
            ]),
        ),
        (
            "hostile-hard-link",
            outputs(&[Record::new(b'1', b"outputs/h").field(157, b"../canary")]),
        ),
        (
            "hostile-pax",
            outputs(&[
                Record::new(b'x', b"outputs/p").content(b"18 path=../canary\n"),
                file("outputs/a"),
            ]),
        ),
        (
            "hostile-sparse",
            outputs(&[Record::new(b'S', b"outputs/s").content(b"sparse")]),
        ),
        (
            "hostile-twice",
            outputs(&[
                file("outputs/a"),
                link("outputs/a", "b"),
                dir("outputs/a"),
                file("outputs/a/b"),
            ]),
        ),
    ]
    .into_iter()
    .map(|(name, bytes)| (format!("{name}.tar"), bytes))
    .collect::<Vec<_>>();
    seeds.sort();
    seeds
}

/// Objects and their parts.
pub fn entry() -> Vec<(String, Vec<u8>)> {
    let manifest = good_manifest();
    let body = [&(manifest.len() as u32).to_le_bytes(), manifest.as_slice()].concat();
    [
        ("body", body),
        ("chunk", good_chunk()),
        ("entry", good_entry()),
        ("manifest", manifest),
    ]
    .map(|(name, seed)| (name.to_owned(), seed))
    .into()
}

/// Signature blocks and keys, by the names of their files, in the order of these.
pub fn signature() -> Vec<(String, Vec<u8>)> {
    let block = good_block();
    let unsigned = [&block[..block.len() - 64], &[0; 64]].concat();
    let longest = [&[1, 64][..], &[b'a'; 64], &block[6..]].concat();
    let public = b"main:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let seeds = [
        ("block-good", block),
        ("block-longest-name", longest),
        ("block-zeros", unsigned),
        ("key-public", public.to_vec()),
        ("key-secret", KEY.as_bytes().to_vec()),
    ];
    seeds.map(|(name, seed)| (name.to_owned(), seed)).into()
}

/// A certificate, its block, a key set and the name of an identity, by the names of their files, in the order of these.
pub fn certificate() -> Vec<(String, Vec<u8>)> {
    let good = good_certificate();
    let len = (good.len() as u16).to_le_bytes();
    let block = [&[2], &len[..], &good, &[0; 8 + 2 + 64]].concat();
    let keys = br#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"AA","y":"AA"},{"kty":"RSA","kid":"2","n":"AQ","e":"AQAB"}]}"#;
    let seeds = [
        ("block", block),
        ("certificate", good),
        (
            "identity",
            b"github-enterprise:git.acme.example:8443/acme/shop#7".to_vec(),
        ),
        ("key-set", keys.to_vec()),
    ];
    seeds.map(|(name, seed)| (name.to_owned(), seed)).into()
}

/// A prefix and a key each, with a NUL between them.
pub fn keys() -> Vec<(String, Vec<u8>)> {
    let id = "0123456789abcdef".repeat(4);
    let (chunk, name) = (format!("\0c/01/{id}"), format!("web\0{}/{id}", "n/".repeat(100)));
    let seeds = [
        ("archive", "web\0n/shop/node_modules"),
        ("chunk", &chunk),
        ("entry", "\0e/13784563425234523"),
        ("leaves", "web\0n/../../v1/t/e/1"),
        ("name", &name),
        ("other", "web\0web/v1/u/pr-7/scratch/x"),
        ("scope", "web\0pr-7/e/1"),
    ];
    seeds
        .map(|(name, seed)| (name.to_owned(), seed.as_bytes().to_vec()))
        .into()
}

/// Paths with NULs between them, for the tree that `checks::mounts` makes.
pub fn mounts() -> Vec<(String, Vec<u8>)> {
    let seeds = [
        ("all", "."),
        ("around", "..\0z"),
        ("leaves", "../beside\0a/../../work/z"),
        ("links", "o\0a/l"),
        ("one", "a"),
        ("several", "a/b\0z\0.c"),
        ("twice", "a/y\0./a/b/../y\0a"),
    ];
    seeds
        .map(|(name, seed)| (name.to_owned(), seed.as_bytes().to_vec()))
        .into()
}

/// Two names each, with a NUL between them.
pub fn names() -> Vec<(String, Vec<u8>)> {
    let long = format!("{}\0{}", "n".repeat(120), "d/".repeat(60));
    let seeds = [
        ("branch-and-pattern", "release/*\0release/1.x"),
        ("branches-alike", "feat/login\0feat-login"),
        ("devices", "NUL\0C:\\x"),
        ("hash", "13784563425234523\0pr-123"),
        ("leaves", "../evil\0../../evil"),
        ("long", &long),
        ("paths", "d/e/f\0../d/./e"),
        ("tag", "refs/tags/v*\0v1.0"),
    ];
    seeds
        .map(|(name, seed)| (name.to_owned(), seed.as_bytes().to_vec()))
        .into()
}

/// What follows `s3://`, and a section of nx.json.
pub fn store_url() -> Vec<(String, Vec<u8>)> {
    let every = "b/p?region=r&endpoint=http%3A%2F%2Fh:1&forcePathStyle=true&profile=p&ssoProfile=s&anonymous=false\
                 &accelerate=false&dualstack=true&fips=false&disableChecksum=true";
    let seeds = [
        ("every-option", every),
        ("fragment", "b/p#x?region=r"),
        ("none", "?region=r"),
        ("plain", "my-bucket/team/web"),
        (
            "section",
            r#"{"bucket": "s3://b/p", "region": "r", "trust": {"branches": ["main"]}}"#,
        ),
        ("twice", "b/p%20q//?region=a&region=b&regoin=c"),
    ];
    seeds
        .map(|(name, seed)| (name.to_owned(), seed.as_bytes().to_vec()))
        .into()
}

/// Heads of requests: method, path and authorization.
pub fn request() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (name, method, path, authorization) in [
        ("get", "GET", "/v1/cache/123", "Bearer token"),
        ("no-hash", "GET", "/v1/cache/", ""),
        ("other", "POST", "/v1/other", "Basic dTpw"),
        ("put", "PUT", "/v1/cache/a-b_c", "Bearer "),
        ("up", "PUT", "/v1/cache/../x", "bearer token"),
    ] {
        let seed = [method, path, authorization].join("\0");
        seeds.push((name.to_owned(), seed.into_bytes()));
    }
    seeds
}
