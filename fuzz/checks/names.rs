//! For any path, branch or hash: as a path it stays inside the outputs, as a part of a key it is one plain name, and two names
//! never become one.

use nx_s3_cache::git_ref::{GitRef, RefPattern};
use nx_s3_cache::scope::ScopeName;
use nx_s3_cache::task_hash::TaskHash;

use super::forge::{Record, archive};
use super::unpack;

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

/// Unpacks a file called `name`, a link to `target`, and files below both.
fn check_paths(name: &[u8], target: &[u8]) {
    let name = [b"outputs/", name].concat();
    let behind = [&name, &b"/x"[..]].concat();
    let long_target = || Record::long(b'K', target);
    let link = |name| Record::new(b'2', name);
    for middle in [
        vec![Record::long(b'L', &name), Record::file("x", b"content")],
        vec![Record::long(b'L', &name), long_target(), link(b"x")],
    ] {
        let front = Record::file("terminal-output", b"ok");
        let to_target = [long_target(), link(b"outputs/l")];
        let below = [Record::long(b'L', &behind), Record::file("x", b"content")];
        let through = Record::file("outputs/l/x", b"content");
        unpack::check(&archive(
            &[std::slice::from_ref(&front), &middle, &to_target].concat(),
        ));
        unpack::check(&archive(
            &[&[front], &to_target[..], &middle, &below, &[through]].concat(),
        ));
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
