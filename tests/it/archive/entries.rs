//! Entries that an artifact never has, and more of them than allowed.

use nx_s3_cache::archive::{Fault, Limits, unpack};

use super::attempt::{assert_refused, assert_refused_with, attempt, dir, fault, file, link};
use super::forge::{Record, archive, outputs};
use super::trees::{self, Node, Scratch};

#[test]
fn the_forger_can_write_what_is_accepted() {
    let honest = [
        dir("outputs/a/"),
        file("outputs/a/b"),
        link("outputs/a/c", "b"),
        dir("outputs/d"),
    ];
    let unpacked = attempt(&outputs(&honest)[..], &Limits::default()).unwrap();
    assert_eq!(
        (unpacked.terminal_output.as_str(), unpacked.files, unpacked.bytes),
        ("ok", 1, 4)
    );
}

#[test]
fn all_but_directories_files_and_links_is_refused() {
    let known = [
        (b'1', "hard link"),
        (b'3', "device"),
        (b'4', "device"),
        (b'6', "FIFO"),
        (b'S', "sparse file"),
    ];
    let pax = [(b'x', "PAX header"), (b'g', "PAX header")];
    let unknown = [b'7', b'D', b'M', b'N', b'V', b'A', 0xff].map(|kind| (kind, "record of an unknown kind"));
    for (kind, name) in known.into_iter().chain(pax).chain(unknown) {
        let forged = Record::new(kind, b"outputs/x").field(157, b"../../canary");
        assert_refused(&[forged], Fault::Kind(name));
    }
}

#[test]
fn the_terminal_output_comes_first_and_once() {
    let others = [
        file("outputs/a"),
        dir("terminal-output"),
        link("terminal-output", "/etc/passwd"),
    ];
    for other in others {
        assert_eq!(fault(&archive(&[other])), Fault::NoTerminalOutput);
    }
    assert_eq!(
        fault(&archive(&[])),
        Fault::Damaged("no terminal output".to_owned())
    );
    assert_refused(&[file("terminal-output")], Fault::SecondTerminalOutput);
}

#[test]
fn the_terminal_output_is_text() {
    let binary = archive(&[Record::file("terminal-output", b"a\xffb")]);
    assert_eq!(fault(&binary), Fault::NotText);
}

#[test]
fn special_bits_are_never_set() {
    let scratch = Scratch::new();
    let staging = scratch.directory("staging");
    let forged = outputs(&[dir("outputs/d").mode(0o7777), file("outputs/f").mode(0o7777)]);
    unpack(&forged[..], &staging, &Limits::default()).unwrap();
    for node in trees::read(&staging).into_values() {
        assert!(
            matches!(
                node,
                Node::Directory { mode: 0o777 } | Node::File { mode: 0o777, .. }
            ),
            "{node:?}"
        );
    }
}

#[test]
fn limits_hold() {
    let forged = [
        dir("outputs/a"),
        file("outputs/a/b"),
        file("outputs/a/c"),
        link("outputs/l", "a"),
    ];
    let exact = || Limits {
        entries: 4,
        bytes: 8,
        remembered: 3,
        terminal_output: 2,
        path: 3,
        ..Limits::default()
    };
    assert!(attempt(&outputs(&forged)[..], &exact()).is_ok());
    type Change = fn(&mut Limits);
    let changes: [(Change, Fault); 5] = [
        (|limits| limits.entries = 3, Fault::TooManyEntries(3)),
        (|limits| limits.bytes = 7, Fault::TooLarge(7)),
        (|limits| limits.remembered = 2, Fault::TooManyNames(2)),
        (
            |limits| limits.terminal_output = 1,
            Fault::TerminalOutputTooLong(1),
        ),
        (|limits| limits.path = 2, Fault::PathTooLong(2)),
    ];
    for (change, fault) in changes {
        let mut limits = exact();
        change(&mut limits);
        assert_refused_with(&limits, &forged, fault);
    }
    assert_refused_with(&exact(), &[link("outputs/l", "1234")], Fault::PathTooLong(3));
}

#[test]
fn a_message_shows_names_without_letting_them_write_on_the_terminal() {
    let text = |archive: &[u8]| attempt(archive, &Limits::default()).unwrap_err().to_string();
    let evil = file("\x1b[2Jevil");
    assert!(text(&outputs(std::slice::from_ref(&evil))).contains("\\u{1b}[2Jevil"));
    let no_size = outputs(&[evil.field(124, b"\x1b[2Jx")]);
    for length in [no_size.len(), 1500] {
        assert!(!text(&no_size[..length]).contains('\x1b'));
    }
}
