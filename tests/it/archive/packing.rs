//! Outputs that can't become an archive, because no machine could restore them, or because they change.

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
    assert_eq!(unfit_link("gone/../../x"), Fault::LinkWinds);
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
    assert_eq!((path.as_str(), fault), ("y", Fault::LinkWinds));
}

#[test]
fn what_is_neither_file_nor_directory_nor_link_is_not_packed() {
    let special = Fault::Kind("device, FIFO or socket");
    let socket = unfit(|source| drop(UnixListener::bind(source.join("socket")).unwrap()));
    assert_eq!(socket, ("socket".to_owned(), special.clone()));
    let fifo = unfit(|source| {
        assert!(
            Command::new("mkfifo")
                .arg(source.join("fifo"))
                .status()
                .unwrap()
                .success()
        );
    });
    assert_eq!(fifo, ("fifo".to_owned(), special));
}

#[test]
fn a_file_in_the_place_of_the_outputs_is_not_packed() {
    let scratch = Scratch::new();
    let source = scratch.path().join("source");
    fs::write(&source, "").unwrap();
    assert!(matches!(
        packed(&source, ""),
        Err(Error::Unfit {
            fault: Fault::Kind(_),
            ..
        })
    ));
    let link = scratch.path().join("link");
    symlink(scratch.directory("elsewhere"), &link).unwrap();
    assert!(matches!(
        packed(&link, ""),
        Err(Error::Unfit {
            fault: Fault::Kind(_),
            ..
        })
    ));
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

/// Packs `a/one`, `a/two` and `b/three`, with 600 bytes each, while `meddle` is called at the entry `at`;
/// tells where a change was noticed.
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
    let meddle = || meddle(&source);
    let error = pack(
        &source,
        "",
        &mut Meddler {
            at: at.as_bytes(),
            meddle: Some(&meddle),
        },
    )
    .expect_err("it was packed");
    assert_eq!(error.origin(), Origin::Outputs);
    let Error::Changed { path } = error else {
        panic!("{error}")
    };
    path.strip_prefix(&source).unwrap().display().to_string()
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    let one = "outputs/a/one";
    assert_eq!(
        changed(one, |source| fs::write(source.join("a/one"), [b'x'; 601])
            .unwrap()),
        "a/one"
    );
    assert_eq!(
        changed(one, |source| fs::write(source.join("a/one"), [b'x'; 599])
            .unwrap()),
        "a/one"
    );
    assert_eq!(
        changed(one, |source| fs::write(source.join("a/one"), [b'x'; 1_000_000])
            .unwrap()),
        "a/one"
    );
    assert_eq!(
        changed(one, |source| fs::write(source.join("a/one"), "").unwrap()),
        "a/one"
    );
}

#[test]
fn files_that_come_and_go_are_noticed() {
    assert_eq!(
        changed("outputs/a/one", |source| fs::remove_file(source.join("a/two"))
            .unwrap()),
        "a/two"
    );
    assert_eq!(
        changed("outputs/a/two", |source| fs::remove_file(source.join("a/one"))
            .unwrap()),
        "a"
    );
    assert_eq!(
        changed("outputs/b/", |source| fs::write(source.join("a/new"), "")
            .unwrap()),
        "a"
    );
    assert_eq!(
        changed("outputs/b/", |source| fs::write(source.join("new"), "").unwrap()),
        ""
    );
    let replaced_by_directory = |source: &Path| {
        fs::remove_file(source.join("a/two")).unwrap();
        fs::create_dir(source.join("a/two")).unwrap();
    };
    assert_eq!(changed("outputs/a/one", replaced_by_directory), "a/two");
}

#[test]
fn directories_that_come_and_go_are_noticed() {
    assert_eq!(
        changed("outputs/a/one", |source| fs::remove_dir_all(source.join("b"))
            .unwrap()),
        "b"
    );
    assert_eq!(
        changed("outputs/b/three", |source| fs::remove_dir_all(source.join("a"))
            .unwrap()),
        "a"
    );
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
    let meddle = || {
        fs::remove_file(source.join("b")).unwrap();
        symlink("../secret", source.join("b")).unwrap();
    };
    let error = pack(
        &source,
        "",
        &mut Meddler {
            at: b"outputs/a",
            meddle: Some(&meddle),
        },
    )
    .unwrap_err();
    assert_eq!(error.origin(), Origin::Outputs, "{error}");
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
