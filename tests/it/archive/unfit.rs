//! Outputs that can't be packed, because they couldn't be restored, or because they change.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use nx_s3_cache::archive::{Error, Fault, Origin, Sink, pack};

use super::trees::{Scratch, packed};

/// The path, relative to the outputs, and the reason.
fn unfit(make: impl FnOnce(&Path)) -> (String, Fault) {
    let scratch = Scratch::new();
    let source = scratch.directory("source");
    make(&source);
    let error = packed(&source, "").expect_err("it was packed");
    assert_eq!(error.origin(), Origin::Outputs);
    let Error::Unfit { path, fault } = error else {
        panic!("{error}")
    };
    (path.strip_prefix(&source).unwrap().display().to_string(), fault)
}

fn unfit_link(target: &str) -> Fault {
    let (path, fault) = unfit(|source| {
        fs::create_dir_all(source.join("dist/lib")).unwrap();
        symlink(target, source.join("dist/lib/link")).unwrap();
    });
    assert_eq!(path, "dist/lib/link");
    fault
}

#[test]
fn links_that_leave_the_outputs_are_not_packed() {
    assert_eq!(unfit_link("/etc/passwd"), Fault::LinkAbsolute);
    assert_eq!(unfit_link("../../../node_modules"), Fault::LinkLeaves);
    assert_eq!(unfit_link("gone/../../x"), Fault::LinkUncertain);
    let (_, fault) = unfit(|source| {
        fs::create_dir_all(source.join("a/b")).unwrap();
        symlink("a/b", source.join("via")).unwrap();
        symlink("via/../../x", source.join("y")).unwrap();
    });
    assert_eq!(fault, Fault::LinkLeaves);
    let (path, fault) = unfit(|source| {
        fs::create_dir_all(source.join("a/b/c")).unwrap();
        symlink("../..", source.join("a/b/up")).unwrap();
        symlink("a/b/up/a/../../x", source.join("y")).unwrap();
    });
    assert_eq!((path.as_str(), fault), ("y", Fault::LinkUncertain));
}

#[test]
fn what_is_neither_file_nor_directory_nor_link_is_not_packed() {
    let special = Fault::Kind("device, FIFO or socket");
    let socket = unfit(|source| drop(UnixListener::bind(source.join("socket")).unwrap()));
    assert_eq!(socket, ("socket".to_owned(), special.clone()));
    let fifo = unfit(|source| {
        let made = Command::new("mkfifo").arg(source.join("fifo")).status();
        assert!(made.unwrap().success());
    });
    assert_eq!(fifo, ("fifo".to_owned(), special));
}

#[test]
fn a_file_or_a_link_instead_of_the_outputs_is_not_packed() {
    let scratch = Scratch::new();
    let (file, link) = (scratch.path().join("file"), scratch.path().join("link"));
    fs::write(&file, "").unwrap();
    symlink(scratch.directory("elsewhere"), &link).unwrap();
    for source in [file, link] {
        let error = packed(&source, "").unwrap_err();
        let kind = matches!(
            &error,
            Error::Unfit {
                fault: Fault::Kind(_),
                ..
            }
        );
        assert!(kind, "{error}");
    }
}

/// Packs while `meddle` is called at the entry `at`.
fn pack_meddled(source: &Path, at: &str, meddle: &dyn Fn(&Path)) -> Error {
    let meddle = || meddle(source);
    let mut sink = Meddler {
        at: at.as_bytes(),
        meddle: Some(&meddle),
    };
    let error = pack(source, "", &mut sink).expect_err("it was packed");
    assert_eq!(error.origin(), Origin::Outputs, "{error}");
    error
}

/// A sink that does something to the outputs when a certain piece of the archive passes.
struct Meddler<'a> {
    at: &'a [u8],
    meddle: Option<&'a dyn Fn()>,
}

impl Sink for Meddler<'_> {}

impl Write for Meddler<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.starts_with(self.at)
            && let Some(meddle) = self.meddle.take()
        {
            meddle();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Packs `a/one`, `a/two` and `b/three`, with 600 bytes each, while `meddle` is called at the entry `at`; returns where a
/// change was noticed.
fn changed(at: &str, meddle: impl Fn(&Path)) -> String {
    let scratch = Scratch::new();
    let source = scratch.directory("source");
    for (directory, files) in [("a", &["one", "two"][..]), ("b", &["three"])] {
        fs::create_dir(source.join(directory)).unwrap();
        for file in files {
            fs::write(source.join(directory).join(file), [b'x'; 600]).unwrap();
        }
    }
    // Times are kept in steps of some milliseconds: what was made long ago is seen to change.
    for directory in ["a", "b", ""] {
        fs::File::open(source.join(directory))
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
    }
    let Error::Changed { path } = pack_meddled(&source, at, &meddle) else {
        panic!("not a change")
    };
    path.strip_prefix(&source).unwrap().display().to_string()
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    for size in [601, 599, 1_000_000, 0] {
        let resize = |source: &Path| fs::write(source.join("a/one"), vec![b'x'; size]).unwrap();
        assert_eq!(changed("outputs/a/one", resize), "a/one");
    }
}

#[test]
fn files_that_come_and_go_are_noticed() {
    let removed = |file| move |source: &Path| fs::remove_file(source.join(file)).unwrap();
    let made = |file| move |source: &Path| fs::write(source.join(file), "").unwrap();
    assert_eq!(changed("outputs/a/one", removed("a/two")), "a/two");
    assert_eq!(changed("outputs/a/two", removed("a/one")), "a");
    assert_eq!(changed("outputs/b/", made("a/new")), "a");
    assert_eq!(changed("outputs/b/", made("new")), "");
    let replaced_by_directory = |source: &Path| {
        fs::remove_file(source.join("a/two")).unwrap();
        fs::create_dir(source.join("a/two")).unwrap();
    };
    assert_eq!(changed("outputs/a/one", replaced_by_directory), "a/two");
}

#[test]
fn directories_that_come_and_go_are_noticed() {
    let removed = |directory| move |source: &Path| fs::remove_dir_all(source.join(directory)).unwrap();
    assert_eq!(changed("outputs/a/one", removed("b")), "b");
    assert_eq!(changed("outputs/b/three", removed("a")), "a");
    let made_anew = |source: &Path| {
        fs::rename(source, source.with_extension("old")).unwrap();
        fs::create_dir(source).unwrap();
    };
    assert_eq!(changed("outputs/b/three", made_anew), "a");
}

#[test]
fn a_file_swapped_for_a_link_is_not_followed() {
    let scratch = Scratch::new();
    let source = scratch.directory("source");
    fs::write(scratch.path().join("secret"), "secret").unwrap();
    fs::write(source.join("a"), "").unwrap();
    fs::write(source.join("b"), "").unwrap();
    pack_meddled(&source, "outputs/a", &|source| {
        fs::remove_file(source.join("b")).unwrap();
        symlink("../secret", source.join("b")).unwrap();
    });
}

#[test]
fn a_sink_that_fails_is_not_the_outputs_fault() {
    struct Full(usize);
    impl Sink for Full {}
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::QuotaExceeded)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let scratch = Scratch::new();
    fs::create_dir(scratch.path().join("d")).unwrap();
    fs::write(scratch.path().join("d/f"), [1; 100]).unwrap();
    symlink("d", scratch.path().join("l")).unwrap();
    let (archive, _) = packed(scratch.path(), "done").unwrap();
    for room in 0..archive.len() {
        let error = pack(scratch.path(), "done", &mut Full(room)).unwrap_err();
        assert!(matches!(&error, Error::Sink(cause) if cause.kind() == io::ErrorKind::QuotaExceeded));
        assert_eq!(error.origin(), Origin::Stream);
    }
    assert!(pack(scratch.path(), "done", &mut Full(archive.len())).is_ok());
}
