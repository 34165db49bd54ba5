//! Names made to do harm.

use nx_s3_cache::archive::Fault;

use super::attempt::{attempt, dir, fault, fault_with, file, link, linux, mac, windows};
use super::forge::{Record, outputs};

#[test]
fn names_that_leave_the_outputs_are_refused() {
    let outside =
        "evil /evil outputs outputs2/evil ../evil ./outputs/evil Outputs/evil C:/evil outputs\\evil";
    for name in outside.split(' ') {
        assert_eq!(fault(&outputs(&[file(name)])), Fault::Outside, "{name}");
    }
    let unsafe_names = "outputs/ outputs//etc/passwd outputs/.. outputs/../evil outputs/../../evil outputs/a/../../evil \
                        outputs/. outputs/./evil outputs/a//b outputs/evil/ outputs/a/..";
    for name in unsafe_names.split(' ') {
        assert_eq!(fault(&outputs(&[file(name)])), Fault::UnsafeName, "{name}");
        let long = Record::long(b'L', name.as_bytes());
        assert_eq!(
            fault(&outputs(&[long, file("outputs/a")])),
            Fault::UnsafeName,
            "{name}"
        );
    }
    for name in [
        "outputs/..",
        "outputs/../",
        "outputs/a//",
        "outputs//",
        "outputs/./",
    ] {
        assert_eq!(fault(&outputs(&[dir(name)])), Fault::UnsafeName, "{name}");
    }
}

#[test]
fn names_with_a_nul_are_refused() {
    assert_eq!(fault(&outputs(&[file("outputs/a\0/../evil")])), Fault::UnsafeName);
    assert_eq!(fault(&outputs(&[link("outputs/a", "b\0c")])), Fault::UnsafeName);
    let inside = Record::long(b'L', b"outputs/a\0b");
    let unended = Record::new(b'L', b"x").content(b"outputs/a");
    for long in [inside, unended] {
        assert!(matches!(fault(&outputs(&[long, file("x")])), Fault::Damaged(_)));
    }
}

#[test]
fn names_that_windows_takes_for_something_else_are_refused_there() {
    let forged = |name: &str| outputs(&[file(&format!("outputs/{name}"))]);
    let foreign = "..\\evil|a\\..\\..\\evil|\\evil|C:evil|C:|a:stream|NUL|nul.txt|com1|COM¹.log|LPT9|con .x|CONIN$|aux|\
                   a.|a |a*|a?|a\"|<a|a>|a\nb|a\x01";
    for name in foreign.split('|').chain(["a|b"]) {
        assert_eq!(
            fault_with(&forged(name), &windows()),
            Fault::ForeignName,
            "{name}"
        );
        assert!(attempt(&forged(name)[..], &linux()).is_ok(), "{name}");
    }
    for name in "console COM COM10 COM1x nullable.js a.b lpt é".split(' ') {
        assert!(attempt(&forged(name)[..], &windows()).is_ok(), "{name}");
    }
}

#[test]
fn names_that_are_not_utf_8_are_refused_where_they_must_be() {
    let forged = outputs(&[Record::new(b'0', b"outputs/\xff")]);
    assert_eq!(fault_with(&forged, &mac()), Fault::ForeignName);
    assert!(attempt(&forged[..], &linux()).is_ok());
}

#[test]
fn a_name_can_be_there_only_once() {
    assert_eq!(
        fault(&outputs(&[file("outputs/a"), file("outputs/a")])),
        Fault::Duplicate
    );
    assert_eq!(
        fault(&outputs(&[dir("outputs/a"), dir("outputs/a/")])),
        Fault::Duplicate
    );
    assert_eq!(
        fault(&outputs(&[dir("outputs/a"), file("outputs/a")])),
        Fault::Duplicate
    );
    assert_eq!(
        fault(&outputs(&[
            file("outputs/a"),
            file("outputs/b"),
            file("outputs/a")
        ])),
        Fault::OutOfOrder
    );
}

#[test]
fn a_path_is_not_a_file_and_a_directory() {
    assert_eq!(
        fault(&outputs(&[file("outputs/a"), file("outputs/a/b")])),
        Fault::BelowFile
    );
    assert_eq!(
        fault(&outputs(&[file("outputs/a"), dir("outputs/a/b")])),
        Fault::BelowFile
    );
    assert_eq!(
        fault(&outputs(&[file("outputs/a"), file("outputs/a/b/c")])),
        Fault::BelowFile
    );
}

#[test]
fn names_that_differ_in_case_only_are_refused_where_they_are_one() {
    for names in [
        ["outputs/A", "outputs/a"],
        ["outputs/É", "outputs/é"],
        ["outputs/a.JS", "outputs/a.js"],
    ] {
        let forged = outputs(&names.map(file));
        assert_eq!(fault_with(&forged, &mac()), Fault::Collides, "{names:?}");
        assert!(attempt(&forged[..], &linux()).is_ok(), "{names:?}");
    }
    let directories = [
        dir("outputs/A"),
        file("outputs/A/x"),
        link("outputs/a", "A"),
        file("outputs/a/x"),
    ];
    assert_eq!(fault_with(&outputs(&directories), &mac()), Fault::Collides);
    let apart = [
        dir("outputs/A"),
        file("outputs/A/x"),
        dir("outputs/b"),
        file("outputs/b/X"),
    ];
    assert!(attempt(&outputs(&apart)[..], &mac()).is_ok());
}

#[test]
fn entries_out_of_order_are_refused() {
    assert_eq!(
        fault(&outputs(&[file("outputs/b"), file("outputs/a")])),
        Fault::OutOfOrder
    );
    assert_eq!(fault(&outputs(&[file("outputs/a/b")])), Fault::NoDirectory);
    assert_eq!(
        fault(&outputs(&[
            dir("outputs/a"),
            file("outputs/b"),
            file("outputs/a/x")
        ])),
        Fault::NoDirectory
    );
    assert_eq!(
        fault(&outputs(&[dir("outputs/a"), file("outputs/ab/x")])),
        Fault::NoDirectory
    );
    assert_eq!(
        fault(&outputs(&[
            dir("outputs/a"),
            dir("outputs/a/b"),
            file("outputs/a/c/x")
        ])),
        Fault::NoDirectory
    );
}

#[test]
fn a_name_too_long_for_the_file_system_is_the_archives_fault() {
    let long = Record::long(b'L', &[b"outputs/", &[b'n'; 300][..]].concat());
    assert_eq!(fault(&outputs(&[long, file("x")])), Fault::ForeignName);
}
