//! Links made to do harm.

use std::fs;
use std::os::unix::fs::symlink;

use nx_s3_cache::archive::{Error, Fault, Limits, unpack};

use super::attempt::{assert_refused, assert_refused_with, dir, file, link, windows};
use super::forge::{Record, outputs};
use super::trees::Scratch;

#[test]
fn links_that_leave_the_outputs_are_refused() {
    for target in ["/", "/etc/passwd", "//x"] {
        assert_refused(&[link("outputs/l", target)], Fault::LinkAbsolute);
    }
    for target in ["..", "../evil", "./../evil", ".//..", "a/../..", "a/../../evil"] {
        assert_refused(&[link("outputs/l", target)], Fault::LinkLeaves);
    }
    for target in ["../../../evil", "../../a/b/../../../x"] {
        let deep = [
            dir("outputs/a"),
            dir("outputs/a/b"),
            link("outputs/a/b/l", target),
        ];
        assert_refused(&deep, Fault::LinkLeaves);
    }
    let long = Record::long(b'K', &[&b"x/../".repeat(30)[..], b"../evil"].concat());
    assert_refused(&[long, link("outputs/l", "")], Fault::LinkLeaves);
}

#[test]
fn links_without_a_target_are_refused() {
    assert_refused(&[link("outputs/l", "")], Fault::LinkUnusable);
}

#[test]
fn links_that_leave_the_outputs_on_windows_are_refused_there() {
    for target in ["C:\\evil", "c:evil", "\\evil", "\\\\server\\share"] {
        assert_refused_with(&windows(), &[link("outputs/l", target)], Fault::LinkAbsolute);
    }
    for target in ["..\\evil", "a\\..\\..\\evil", "a/b:c", "nul"] {
        assert_refused_with(&windows(), &[link("outputs/l", target)], Fault::ForeignName);
    }
}

/// Going by its text, `outputs/z` leads to something like `outputs/x`; through the link `d/e/up` it leads out.
#[test]
fn links_that_leave_the_outputs_through_other_links_are_refused() {
    for target in ["d/e/up/../x", "d/e/up/../../x", "d/e/up/a/../../x"] {
        let up = link("outputs/d/e/up", "../..");
        let forged = [
            dir("outputs/d"),
            dir("outputs/d/e"),
            up,
            link("outputs/z", target),
        ];
        assert_refused(&forged, Fault::LinkUncertain);
    }
    let through_each_other = [link("outputs/a", "b/../x"), link("outputs/b", ".")];
    assert_refused(&through_each_other, Fault::LinkUncertain);
}

#[test]
fn links_that_step_out_of_what_is_no_directory_are_refused() {
    assert_refused(&[link("outputs/z", "nowhere/../x")], Fault::LinkUncertain);
    assert_refused(
        &[file("outputs/f"), link("outputs/z", "f/../x")],
        Fault::LinkUncertain,
    );
}

#[test]
fn nothing_is_written_through_a_link() {
    let to = |target| link("outputs/l", target);
    assert_refused(&[to("."), file("outputs/l/evil")], Fault::BelowLink);
    assert_refused(&[to("a"), dir("outputs/l/d")], Fault::BelowLink);
    assert_refused(&[to("a"), file("outputs/l/d/evil")], Fault::BelowLink);
    assert_refused(&[to("x"), file("outputs/l")], Fault::Duplicate);
    assert_refused(&[dir("outputs/l"), to("x")], Fault::Duplicate);
}

#[test]
fn what_is_in_the_way_is_neither_overwritten_nor_followed() {
    for record in [file("outputs/a"), dir("outputs/a"), link("outputs/a", "b")] {
        let scratch = Scratch::new();
        let staging = scratch.directory("staging");
        fs::write(scratch.path().join("canary"), "original").unwrap();
        symlink("../canary", staging.join("a")).unwrap();
        let error = unpack(&outputs(&[record])[..], &staging, &Limits::default()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Archive {
                    fault: Fault::Collides,
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(fs::read(scratch.path().join("canary")).unwrap(), b"original");
    }
}
