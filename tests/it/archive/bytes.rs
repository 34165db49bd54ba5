//! Bytes that are no archive, or not a whole one, and sources and disks that fail.

use std::fs;
use std::io::{self, Read};

use nx_s3_cache::archive::{Error, Fault, Limits, Origin, unpack};

use super::attempt::{attempt, dir, fault, fault_with, file, link};
use super::forge::{BLOCK, END, Record, outputs};
use super::trees::{self, Scratch};

#[test]
fn long_names_are_not_read_before_their_size_is_known() {
    for kind in *b"LK" {
        let bomb = outputs(&[Record::new(kind, b"x").size(1 << 32)]);
        assert_eq!(fault(&bomb), Fault::PathTooLong(4096));
        let long = outputs(&[Record::long(kind, &[b'a'; 5000]), link("outputs/l", "")]);
        assert_eq!(fault(&long), Fault::PathTooLong(4096));
    }
}

#[test]
fn long_names_that_name_nothing_or_too_much_are_refused() {
    let long = || Record::long(b'L', b"outputs/a");
    let target_of_a_file = [Record::long(b'K', b"t"), file("outputs/a")];
    let empty = [Record::new(b'L', b"x"), file("x")];
    let doubled = [long(), long(), file("x")];
    for records in [&[long()][..], &doubled, &target_of_a_file, &empty] {
        assert!(matches!(fault(&outputs(records)), Fault::Damaged(_)));
    }
}

#[test]
fn sizes_that_lie_are_refused() {
    let sized = |size| outputs(&[file("outputs/a").size(size)]);
    // Taken for content: the first block of the end, or more than there is.
    assert_eq!(fault(&sized(600)), Fault::Truncated);
    assert_eq!(fault(&sized(u64::from(u32::MAX))), Fault::Truncated);
    assert!(matches!(fault(&sized(0)), Fault::Damaged(_)));
    let bytes = Limits {
        bytes: 1 << 20,
        ..Limits::default()
    };
    assert_eq!(fault_with(&sized(1 << 32), &bytes), Fault::TooLarge(1 << 20));
    let huge = Record::file("outputs/a", b"")
        .field(124, &[0x80])
        .field(125, &[0xff; 11]);
    assert!(matches!(fault(&outputs(&[huge])), Fault::Damaged(_)));
}

#[test]
fn directories_and_links_have_no_content() {
    for record in [dir("outputs/a"), link("outputs/a", "b")] {
        assert!(matches!(
            fault(&outputs(&[record.content(b"hidden")])),
            Fault::Damaged(_)
        ));
    }
}

#[test]
fn headers_that_make_no_sense_are_refused() {
    let damaged = |record| assert!(matches!(fault(&outputs(&[record])), Fault::Damaged(_)));
    damaged(file("outputs/a").field(257, b"ustar\x0000"));
    damaged(file("outputs/a").field(257, &[0; 8]));
    damaged(file("outputs/a").field(124, b"elephant\0"));
    damaged(file("outputs/a").field(100, b"rw-r--r-"));
    damaged(Record::long(b'L', b"outputs/a").field(257, &[0; 8]));
    let mut checksum = outputs(&[file("outputs/a")]);
    checksum[2 * BLOCK + 148] ^= 1;
    assert!(matches!(fault(&checksum), Fault::Damaged(_)));
}

#[test]
fn an_archive_cut_anywhere_is_refused() {
    // Directories and files come last: they are created, and removed again, for every later cut.
    let long = Record::long(b'L', &[b"outputs/l", &[b'n'; 120][..]].concat());
    let honest = outputs(&[
        link("outputs/l", "a"),
        long,
        link("x", "l"),
        dir("outputs/y"),
        file("outputs/z"),
    ]);
    assert!(attempt(&honest[..], &Limits::default()).is_ok());
    let scratch = Scratch::new();
    fs::write(scratch.path().join("canary"), "original").unwrap();
    let around = trees::read(scratch.path());
    for end in 0..honest.len() {
        let staging = scratch.directory("staging");
        let error = unpack(&honest[..end], &staging, &Limits::default()).expect_err("accepted");
        assert!(
            matches!(
                error,
                Error::Archive {
                    fault: Fault::Truncated,
                    ..
                }
            ),
            "cut at {end}: {error}"
        );
        fs::remove_dir_all(&staging).unwrap();
    }
    assert_eq!(trees::read(scratch.path()), around);
}

#[test]
fn nothing_may_follow_the_end() {
    let honest = outputs(&[file("outputs/a")]);
    let more = outputs(&[file("outputs/b")]);
    for tail in [&[0][..], &END, &more] {
        assert_eq!(fault(&[&honest, tail].concat()), Fault::Trailing);
    }
    let mut unclean = honest.clone();
    *unclean.last_mut().unwrap() = 1;
    assert_eq!(fault(&unclean), Fault::Trailing);
}

#[test]
fn a_disk_that_can_not_be_written_is_not_the_archives_fault() {
    let scratch = Scratch::new();
    let missing = scratch.path().join("missing");
    let error = unpack(&outputs(&[file("outputs/a")])[..], &missing, &Limits::default()).unwrap_err();
    assert_eq!(error.origin(), Origin::Disk);
    assert!(error.to_string().contains("missing/a"), "{error}");
}

#[test]
fn a_source_that_fails_keeps_its_own_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "the chunk is corrupt",
            ))
        }
    }
    let honest = outputs(&[file("outputs/a")]);
    for end in (0..=honest.len()).step_by(BLOCK / 4) {
        let error = attempt(honest[..end].chain(Broken), &Limits::default()).unwrap_err();
        assert_eq!(error.origin(), Origin::Stream);
        let kept = matches!(&error, Error::Stream(cause) if cause.kind() == io::ErrorKind::ConnectionReset);
        assert!(kept, "cut at {end}: {error}");
    }
}

#[test]
fn a_source_that_trickles_or_is_interrupted_is_read_all_the_same() {
    struct Trickle<'a>(&'a [u8], bool);
    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let length = into.len().min(1);
            self.0.read(&mut into[..length])
        }
    }
    let honest = outputs(&[dir("outputs/a"), file("outputs/a/b"), link("outputs/c", "a")]);
    assert!(attempt(Trickle(&honest, false), &Limits::default()).is_ok());
}
