//! A scan shows what unpacking would make.

use std::fs;
use std::os::unix::fs::symlink;

use nx_s3_cache::archive::{Error, Item, ItemKind, Limits, pack, scan};

use super::trees::Scratch;

/// Kind, path, mode, content and target of an entry.
type Seen = (ItemKind, String, u32, String, String);

fn archive() -> Vec<u8> {
    let scratch = Scratch::new();
    let source = scratch.directory("source");
    fs::create_dir(source.join("d")).unwrap();
    fs::write(source.join("d/f"), "content").unwrap();
    symlink("d/f", source.join("l")).unwrap();
    let mut archive = Vec::new();
    pack(&source, "text", &mut archive).unwrap();
    archive
}

#[test]
fn every_entry_is_shown_with_its_content() {
    let mut seen: Vec<Seen> = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut visit = |item: Item<'_>| {
        let mut content = String::new();
        item.content.read_to_string(&mut content).unwrap();
        assert_eq!(item.size, content.len() as u64);
        let mode = item.mode & 0o700;
        seen.push((item.kind, text(item.path), mode, content, text(item.target)));
        Ok::<_, Error>(())
    };
    scan(archive().as_slice(), &Limits::default(), &mut visit).unwrap();
    let expected = [
        (ItemKind::TerminalOutput, "terminal-output", 0o600, "text", ""),
        (ItemKind::Directory, "d", 0o700, "", ""),
        (ItemKind::File, "d/f", 0o600, "content", ""),
        (ItemKind::Link, "l", 0o700, "", "d/f"),
    ];
    let expected = expected.map(|(kind, path, mode, content, target)| {
        (kind, path.to_owned(), mode, content.to_owned(), target.to_owned())
    });
    assert_eq!(seen, expected);
}

#[test]
fn a_visitor_ends_the_scan_with_its_own_error() {
    let mut shown = 0;
    let ended = scan(archive().as_slice(), &Limits::default(), &mut |_| {
        shown += 1;
        if shown == 2 { Err(Enough::Seen) } else { Ok(()) }
    });
    assert!(matches!(ended, Err(Enough::Seen)));
    assert_eq!(shown, 2);
}

#[test]
fn an_archive_cut_anywhere_is_refused() {
    let archive = archive();
    for end in (0..archive.len()).step_by(100) {
        let scanned = scan(&archive[..end], &Limits::default(), &mut |_| Ok::<_, Error>(()));
        assert!(scanned.is_err(), "cut at {end}");
    }
}

#[derive(Debug)]
enum Enough {
    Seen,
    Refused,
}

impl From<Error> for Enough {
    fn from(_: Error) -> Self {
        Self::Refused
    }
}
