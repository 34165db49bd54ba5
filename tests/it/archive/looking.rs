//! Looking through an archive shows what unpacking it would make.

use std::fs;
use std::os::unix::fs::symlink;

use nx_s3_cache::archive::{Error, ItemKind, Limits, pack, scan};

use super::trees::Scratch;

/// Kind, path, mode, size and target of every entry, and its content.
type Seen = (ItemKind, String, u32, u64, String, Vec<u8>);

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
    scan(archive().as_slice(), &Limits::default(), &mut |item| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut content = Vec::new();
        item.content.read_to_end(&mut content).unwrap();
        seen.push((
            item.kind,
            text(item.path),
            item.mode & 0o700,
            item.size,
            text(item.target),
            content,
        ));
        Ok::<_, Error>(())
    })
    .unwrap();
    let entry = |kind, path: &str, mode, content: &str, target: &str| {
        (
            kind,
            path.into(),
            mode,
            content.len() as u64,
            target.into(),
            content.into(),
        )
    };
    assert_eq!(
        seen,
        [
            entry(ItemKind::TerminalOutput, "terminal-output", 0o600, "text", ""),
            entry(ItemKind::Directory, "d", 0o700, "", ""),
            entry(ItemKind::File, "d/f", 0o600, "content", ""),
            entry(ItemKind::Link, "l", 0o700, "", "d/f"),
        ]
    );
}

#[test]
fn whoever_has_seen_enough_ends_it_with_an_error_of_their_own() {
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
        assert!(
            scan(&archive[..end], &Limits::default(), &mut |_| Ok::<_, Error>(())).is_err(),
            "cut at {end}"
        );
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
