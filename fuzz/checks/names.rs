//! Whatever a path, a branch or a hash is called: as a path it stays where it belongs, as a part of a key it is one
//! plain name, and two names never become one.

use nx_s3_cache::git_ref::{GitRef, RefPattern};
use nx_s3_cache::scope::ScopeName;
use nx_s3_cache::task_hash::TaskHash;

use super::unpack;

const BLOCK: usize = 512;

/// Takes the parts of `data` around its first NUL for two names.
pub fn check(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (one, other) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    check_paths(one, other);
    if let (Ok(one), Ok(other)) = (str::from_utf8(one), str::from_utf8(other)) {
        check_keys(one, other);
        check_refs(one, other);
    }
}

/// A file called `name`, a link to `target`, and files behind both, unpacked.
fn check_paths(name: &[u8], target: &[u8]) {
    let name = [b"outputs/", name].concat();
    let behind = [&name, &b"/x"[..]].concat();
    for middle in [
        [long(b'L', &name), record(b'0', b"x", b"content")].concat(),
        [long(b'L', &name), long(b'K', target), record(b'2', b"x", b"")].concat(),
    ] {
        let front = record(b'0', b"terminal-output", b"ok");
        let link = [long(b'K', target), record(b'2', b"outputs/l", b"")].concat();
        let rest = [long(b'L', &behind), record(b'0', b"x", b"content")].concat();
        let through = record(b'0', b"outputs/l/x", b"content");
        unpack::check(&[front.clone(), middle.clone(), link.clone(), vec![0; 2 * BLOCK]].concat());
        unpack::check(&[front, link, middle, rest, through, vec![0; 2 * BLOCK]].concat());
    }
}

fn check_keys(one: &str, other: &str) {
    if let Ok(hash) = TaskHash::parse(one) {
        assert_eq!(hash.as_str(), one);
        assert_plain(one);
    }
    for name in [one, other] {
        for derived in [ScopeName::branch(name), ScopeName::pull_request(name)] {
            assert_plain(derived.as_str());
            assert!(ScopeName::parse(derived.as_str()).is_ok(), "{derived}");
        }
        if let Ok(chosen) = ScopeName::parse(name) {
            assert_plain(chosen.as_str());
        }
    }
    let scope = |name| ScopeName::branch(name).as_str().to_lowercase();
    assert_eq!(scope(one) == scope(other), one == other, "{one:?} and {other:?}");
}

/// One part of a key, which no server and no tool reads as anything else.
fn assert_plain(name: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    assert!(
        !matches!(name, "" | "." | "..") && name.len() <= 128 && name.bytes().all(plain),
        "{name:?}"
    );
}

/// A pattern without `*` names one ref; no pattern takes a branch for a tag.
fn check_refs(pattern: &str, name: &str) {
    let Ok(parsed) = RefPattern::parse(pattern) else {
        return;
    };
    let matched = [GitRef::branch(name), GitRef::tag(name)]
        .map(|git_ref| git_ref.is_some_and(|git_ref| parsed.matches(&git_ref)));
    assert!(matched != [true, true], "{pattern:?} and {name:?}");
    if matched.contains(&true) && !pattern.contains('*') {
        let plain = pattern
            .strip_prefix("refs/heads/")
            .or(pattern.strip_prefix("refs/tags/"));
        assert_eq!(plain.unwrap_or(pattern), name);
    }
}

/// A record of a tar stream; [`unpack::check`] adds the checksum.
fn record(kind: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut record = vec![0; BLOCK];
    record[..name.len()].copy_from_slice(name);
    record[100..108].copy_from_slice(b"0000644\0");
    record[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    record[136..148].copy_from_slice(b"00000000000\0");
    record[156] = kind;
    record[257..265].copy_from_slice(b"ustar  \0");
    record.extend(content);
    record.resize(record.len().next_multiple_of(BLOCK), 0);
    record
}

/// The long name (`L`) or link target (`K`) of the next record.
fn long(kind: u8, text: &[u8]) -> Vec<u8> {
    record(kind, b"././@LongLink", &[text, b"\0"].concat())
}
