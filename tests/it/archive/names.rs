//! Names made to do harm.

use std::path::Path;

use nx_s3_cache::archive::{Fault, Limits, WorkingTree};

use super::attempt::{
    assert_refused, assert_refused_with, attempt, dir, fault, file, link, linux, mac, windows,
};
use super::forge::{Record, outputs};

#[test]
fn names_that_leave_the_outputs_are_refused() {
    let outside =
        "evil /evil outputs outputs2/evil ../evil ./outputs/evil Outputs/evil C:/evil outputs\\evil";
    for name in outside.split(' ') {
        assert_refused(&[file(name)], Fault::Outside);
    }
    let unsafe_names = "outputs/ outputs//etc/passwd outputs/.. outputs/../evil outputs/../../evil outputs/a/../../evil \
                        outputs/. outputs/./evil outputs/a//b outputs/evil/ outputs/a/..";
    for name in unsafe_names.split(' ') {
        assert_refused(&[file(name)], Fault::UnsafeName);
        let long = Record::long(b'L', name.as_bytes());
        assert_refused(&[long, file("outputs/a")], Fault::UnsafeName);
    }
    for name in "outputs/.. outputs/../ outputs/a// outputs// outputs/./".split(' ') {
        assert_refused(&[dir(name)], Fault::UnsafeName);
    }
}

#[test]
fn names_with_a_nul_are_refused() {
    assert_refused(&[file("outputs/a\0/../evil")], Fault::UnsafeName);
    assert_refused(&[link("outputs/a", "b\0c")], Fault::UnsafeName);
    let inside = Record::long(b'L', b"outputs/a\0b");
    let unended = Record::new(b'L', b"x").content(b"outputs/a");
    for long in [inside, unended] {
        assert!(matches!(fault(&outputs(&[long, file("x")])), Fault::Damaged(_)));
    }
}

#[test]
fn names_with_another_meaning_on_windows_are_refused_there() {
    let forged = |name: &str| [file(&format!("outputs/{name}"))];
    let foreign = "..\\evil|a\\..\\..\\evil|\\evil|C:evil|C:|a:stream|NUL|nul.txt|com1|COM¹.log|LPT9|con .x|CONIN$|aux|\
                   a.|a |a*|a?|a\"|<a|a>|a\nb|a\x01";
    for name in foreign.split('|').chain(["a|b"]) {
        assert_refused_with(&windows(), &forged(name), Fault::ForeignName);
        assert!(attempt(&outputs(&forged(name))[..], &linux()).is_ok(), "{name}");
    }
    for name in "console COM COM10 COM1x nullable.js a.b lpt é".split(' ') {
        assert!(attempt(&outputs(&forged(name))[..], &windows()).is_ok(), "{name}");
    }
}

#[test]
fn names_that_are_not_utf_8_are_refused_where_they_must_be() {
    let forged = [Record::new(b'0', b"outputs/\xff")];
    assert_refused_with(&mac(), &forged, Fault::ForeignName);
    assert!(attempt(&outputs(&forged)[..], &linux()).is_ok());
}

#[test]
fn a_name_can_be_there_only_once() {
    let (a, b, directory) = (|| file("outputs/a"), || file("outputs/b"), || dir("outputs/a"));
    assert_refused(&[a(), a()], Fault::Duplicate);
    assert_refused(&[directory(), dir("outputs/a/")], Fault::Duplicate);
    assert_refused(&[directory(), a()], Fault::Duplicate);
    assert_refused(&[a(), b(), a()], Fault::OutOfOrder);
}

#[test]
fn a_path_is_not_a_file_and_a_directory() {
    for below in [file("outputs/a/b"), dir("outputs/a/b"), file("outputs/a/b/c")] {
        assert_refused(&[file("outputs/a"), below], Fault::BelowFile);
    }
}

#[test]
fn names_that_differ_in_case_only_are_refused_where_they_are_one() {
    for names in [
        ["outputs/A", "outputs/a"],
        ["outputs/É", "outputs/é"],
        ["outputs/a.JS", "outputs/a.js"],
    ] {
        let forged = names.map(file);
        assert_refused_with(&mac(), &forged, Fault::Collides);
        assert!(attempt(&outputs(&forged)[..], &linux()).is_ok(), "{names:?}");
    }
    let directories = [
        dir("outputs/A"),
        file("outputs/A/x"),
        link("outputs/a", "A"),
        file("outputs/a/x"),
    ];
    assert_refused_with(&mac(), &directories, Fault::Collides);
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
    let (a, b) = (|| dir("outputs/a"), || file("outputs/b"));
    assert_refused(&[b(), file("outputs/a")], Fault::OutOfOrder);
    assert_refused(&[file("outputs/a/b")], Fault::NoDirectory);
    assert_refused(&[a(), b(), file("outputs/a/x")], Fault::NoDirectory);
    assert_refused(&[a(), file("outputs/ab/x")], Fault::NoDirectory);
    let other = file("outputs/a/c/x");
    assert_refused(&[a(), dir("outputs/a/b"), other], Fault::NoDirectory);
}

#[test]
fn a_name_too_long_for_the_file_system_is_the_archives_fault() {
    let long = Record::long(b'L', &[b"outputs/", &[b'n'; 300][..]].concat());
    assert_refused(&[long, file("x")], Fault::ForeignName);
}

#[test]
fn git_and_unnamed_paths_are_refused_only_where_other_files_are() {
    let only = WorkingTree::only(Path::new("/work"), &["dist".into()]).unwrap();
    let limits = Limits {
        working_tree: Some(only),
        ..Limits::default()
    };
    let repository = [dir("outputs/dist"), dir("outputs/dist/.git")];
    let to_repository = [dir("outputs/dist"), link("outputs/dist/a", "../.git/hooks")];
    let unnamed = [file("outputs/package.json")];
    assert_refused_with(&limits, &repository, Fault::Git);
    assert_refused_with(&limits, &to_repository, Fault::Git);
    assert_refused_with(&limits, &unnamed, Fault::NotNamed);
    for records in [&repository[..], &to_repository, &unnamed] {
        assert!(attempt(&outputs(records)[..], &Limits::default()).is_ok());
    }
}
