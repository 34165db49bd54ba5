//! Links made to do harm.

use std::fs;
use std::os::unix::fs::symlink;

use nx_s3_cache::archive::{Error, Fault, Limits, unpack};

use super::attempt::{dir, fault, fault_with, file, link, windows};
use super::forge::{Record, outputs};
use super::trees::Scratch;

#[test]
fn links_that_leave_the_outputs_are_refused() {
    for target in ["/", "/etc/passwd", "//x"] {
        assert_eq!(
            fault(&outputs(&[link("outputs/l", target)])),
            Fault::LinkAbsolute,
            "{target}"
        );
    }
    for target in ["..", "../evil", "./../evil", ".//..", "a/../..", "a/../../evil"] {
        assert_eq!(
            fault(&outputs(&[link("outputs/l", target)])),
            Fault::LinkLeaves,
            "{target}"
        );
    }
    let deep = |target| {
        fault(&outputs(&[
            dir("outputs/a"),
            dir("outputs/a/b"),
            link("outputs/a/b/l", target),
        ]))
    };
    assert_eq!(deep("../../../evil"), Fault::LinkLeaves);
    assert_eq!(deep("../../a/b/../../../x"), Fault::LinkLeaves);
    let long = Record::long(b'K', &[&b"x/../".repeat(30)[..], b"../evil"].concat());
    assert_eq!(fault(&outputs(&[long, link("outputs/l", "")])), Fault::LinkLeaves);
}

#[test]
fn links_without_a_target_are_refused() {
    assert_eq!(fault(&outputs(&[link("outputs/l", "")])), Fault::LinkUnusable);
}

#[test]
fn links_that_leave_the_outputs_on_windows_are_refused_there() {
    for target in ["C:\\evil", "c:evil", "\\evil", "\\\\server\\share"] {
        let forged = outputs(&[link("outputs/l", target)]);
        assert_eq!(fault_with(&forged, &windows()), Fault::LinkAbsolute, "{target}");
    }
    for target in ["..\\evil", "a\\..\\..\\evil", "a/b:c", "nul"] {
        let forged = outputs(&[link("outputs/l", target)]);
        assert_eq!(fault_with(&forged, &windows()), Fault::ForeignName, "{target}");
    }
}

/// By its text, `outputs/z` leads to `outputs/x` or the like; by way of the link `d/e/up` it leads out.
#[test]
fn links_that_leave_the_outputs_by_way_of_other_links_are_refused() {
    for target in ["d/e/up/../x", "d/e/up/../../x", "d/e/up/a/../../x"] {
        let way = [
            dir("outputs/d"),
            dir("outputs/d/e"),
            link("outputs/d/e/up", "../.."),
        ];
        let forged = outputs(&[&way[..], &[link("outputs/z", target)]].concat());
        assert_eq!(fault(&forged), Fault::LinkWinds, "{target}");
    }
    assert_eq!(
        fault(&outputs(&[link("outputs/a", "b/../x"), link("outputs/b", ".")])),
        Fault::LinkWinds
    );
}

#[test]
fn links_that_step_out_of_what_is_no_directory_are_refused() {
    assert_eq!(
        fault(&outputs(&[link("outputs/z", "nowhere/../x")])),
        Fault::LinkWinds
    );
    assert_eq!(
        fault(&outputs(&[file("outputs/f"), link("outputs/z", "f/../x")])),
        Fault::LinkWinds
    );
}

#[test]
fn nothing_is_written_through_a_link() {
    assert_eq!(
        fault(&outputs(&[link("outputs/l", "."), file("outputs/l/evil")])),
        Fault::BelowLink
    );
    assert_eq!(
        fault(&outputs(&[link("outputs/l", "a"), dir("outputs/l/d")])),
        Fault::BelowLink
    );
    assert_eq!(
        fault(&outputs(&[link("outputs/l", "a"), file("outputs/l/d/evil")])),
        Fault::BelowLink
    );
    assert_eq!(
        fault(&outputs(&[link("outputs/l", "x"), file("outputs/l")])),
        Fault::Duplicate
    );
    assert_eq!(
        fault(&outputs(&[dir("outputs/l"), link("outputs/l", "x")])),
        Fault::Duplicate
    );
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
