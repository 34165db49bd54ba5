//! What is packed comes out again as it went in.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nx_s3_cache::archive::Error;

use super::trees::{self, Node, Scratch, Tree, directory, file, link, packed, unpacked};

fn tree<P: Into<PathBuf>>(nodes: impl IntoIterator<Item = (P, Node)>) -> Tree {
    nodes
        .into_iter()
        .map(|(path, node)| (path.into(), node))
        .collect()
}

/// Packs the tree and unpacks it elsewhere.
pub fn assert_survives(tree: &Tree) {
    let scratch = Scratch::new();
    let (source, staging) = (scratch.directory("source"), scratch.directory("staging"));
    trees::write(&source, tree);
    let (archive, packed) = packed(&source, "done").unwrap();
    let unpacked = unpacked(&archive, &staging).unwrap();
    assert_eq!(trees::read(&staging), *tree);
    assert_eq!((unpacked.files, unpacked.bytes), (packed.files, packed.bytes));
    assert_eq!(unpacked.terminal_output, "done");
}

#[test]
fn no_outputs_at_all_survive() {
    let scratch = Scratch::new();
    let (archive, totals) = packed(scratch.path(), "nothing to do").unwrap();
    assert_eq!((totals.files, totals.bytes), (0, 0));
    assert_eq!(
        unpacked(&archive, scratch.path()).unwrap().terminal_output,
        "nothing to do"
    );
    assert_survives(&Tree::new());
}

#[test]
fn a_directory_that_has_gone_is_not_packed_as_an_empty_one() {
    let gone = Scratch::new().path().join("gone");
    assert!(matches!(packed(&gone, "done"), Err(Error::Gone { path }) if path == gone));
}

#[test]
fn any_terminal_output_survives() {
    let scratch = Scratch::new();
    for text in [
        "",
        "✅ built 👩‍👩‍👧 in 3 s\r\n",
        "\0\u{1b}[31mred\u{1b}[0m",
        &"x".repeat(513),
        &"é".repeat(100_000),
    ] {
        let (archive, _) = packed(scratch.path(), text).unwrap();
        assert_eq!(unpacked(&archive, scratch.path()).unwrap().terminal_output, text);
    }
}

#[test]
fn sizes_around_blocks_and_buffers_survive() {
    let sizes = [
        0, 1, 511, 512, 513, 1023, 1024, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 524_288,
        1_000_001,
    ];
    assert_survives(&tree(
        sizes.map(|size| (size.to_string(), file(vec![b'x'; size]))),
    ));
}

#[test]
fn modes_survive_whatever_the_umask() {
    let files = (0..0o1000)
        .step_by(7)
        .chain([0o777, 0o666])
        .map(|bits| bits | 0o400);
    let file = |mode| Node::File {
        mode,
        content: vec![1],
    };
    assert_survives(&tree(files.map(|mode| (format!("{mode:o}"), file(mode)))));
    let directories = [0o700, 0o711, 0o755, 0o775, 0o777, 0o500, 0o555].map(|mode| Node::Directory { mode });
    let named = directories.into_iter().enumerate();
    assert_survives(&tree(
        named.map(|(number, directory)| (number.to_string(), directory)),
    ));
}

#[test]
fn files_in_read_only_directories_survive() {
    let read_only = || Node::Directory { mode: 0o555 };
    assert_survives(&tree([
        ("dist", read_only()),
        ("dist/a", read_only()),
        ("dist/a/b.js", file("b")),
        ("dist/a/link", link("b.js")),
        ("dist/z", file("z")),
    ]));
}

#[test]
fn a_file_without_any_permission_can_be_restored() {
    let scratch = Scratch::new();
    let (source, staging) = (scratch.directory("source"), scratch.directory("staging"));
    fs::write(source.join("secret"), "s").unwrap();
    let (mut archive, _) = packed(&source, "").unwrap();
    // Not even its owner can read such a file, so the mode is set in the archive.
    let mut header = tar::Header::from_byte_slice(&archive[512..1024]).clone();
    header.set_mode(0);
    header.set_cksum();
    archive[512..1024].copy_from_slice(header.as_bytes());
    unpacked(&archive, &staging).unwrap();
    let restored = fs::metadata(staging.join("secret")).unwrap();
    assert_eq!(restored.permissions().mode() & 0o7777, 0);
}

#[test]
fn special_bits_do_not_survive() {
    let scratch = Scratch::new();
    let (source, staging) = (scratch.directory("source"), scratch.directory("staging"));
    fs::write(source.join("tool"), "#!").unwrap();
    trees::chmod(&source.join("tool"), 0o6755);
    fs::create_dir(source.join("shared")).unwrap();
    trees::chmod(&source.join("shared"), 0o1777);
    unpacked(&packed(&source, "").unwrap().0, &staging).unwrap();
    let restored = trees::read(&staging);
    assert_eq!(
        restored[Path::new("tool")],
        Node::File {
            mode: 0o755,
            content: b"#!".to_vec()
        }
    );
    assert_eq!(restored[Path::new("shared")], Node::Directory { mode: 0o777 });
}

#[test]
fn odd_names_survive() {
    let dots = [
        " ",
        "-rf",
        "...",
        "..a",
        "a..",
        ".hidden",
        "trailing.",
        "trailing ",
    ];
    let foreign = ["a\\b", "C:", "con", "NUL.txt", "a\nb", "\x1b[31m", "*?", "~"];
    let more = ["ünï", "👩‍👩‍👧", "terminal-output"];
    let text = dots.into_iter().chain(foreign).chain(more).map(str::as_bytes);
    let names: Vec<&[u8]> = text.chain([&b"\xff\xfe"[..]]).collect();
    let all = |node: fn(&[u8]) -> Node| {
        names
            .iter()
            .map(move |name| (OsStr::from_bytes(name), node(name)))
    };
    assert_survives(&tree(all(|name| file(name))));
    assert_survives(&tree(all(|_| directory())));
}

#[test]
fn long_names_and_targets_survive() {
    let prefix = "outputs/".len();
    for length in [99 - prefix, 100 - prefix, 101 - prefix, 154, 155, 156, 254, 255] {
        let name = "n".repeat(length);
        assert_survives(&tree([
            (format!("{name}/"), directory()),
            (format!("{name}/{name}"), file("deep")),
            (format!("{name}/to"), link(&name)),
            ("to".to_owned(), link(&format!("{name}/{name}"))),
        ]));
    }
    let deep: PathBuf = vec!["d".repeat(200); 12].iter().collect();
    let ancestors = deep.ancestors().filter(|path| *path != Path::new(""));
    assert_survives(&tree(ancestors.map(|path| (path, directory()))));
}

#[test]
fn links_inside_the_outputs_survive_as_they_are() {
    assert_survives(&tree([
        ("a", directory()),
        ("a/b", directory()),
        ("a/b/up", link("../..")),
        ("a/b/across", link("../../c/file")),
        ("a/b/odd", link(".././/./b/")),
        ("a/b/winding", link("../b/../../c")),
        ("a/dangling", link("nowhere/at/all")),
        ("a/itself", link("itself")),
        ("c", directory()),
        ("c/file", file("c")),
        ("here", link(".")),
        ("to-link", link("a/b/up")),
    ]));
}

#[test]
fn hard_links_become_files() {
    let scratch = Scratch::new();
    let (source, staging) = (scratch.directory("source"), scratch.directory("staging"));
    fs::write(source.join("one"), "same").unwrap();
    fs::hard_link(source.join("one"), source.join("two")).unwrap();
    unpacked(&packed(&source, "").unwrap().0, &staging).unwrap();
    assert_eq!(
        trees::read(&staging),
        tree([("one", file("same")), ("two", file("same"))])
    );
}

#[test]
fn names_that_sort_around_the_slash_survive() {
    assert_survives(&tree([
        ("a", directory()),
        ("a-b", directory()),
        ("a-b/x", file("1")),
        ("a.js", file("2")),
        ("a/x", file("3")),
        ("a0", file("4")),
        ("b", file("5")),
    ]));
}

#[test]
fn fifty_thousand_files_survive() {
    let files = (0..50_000).map(|n| (format!("{}/{n}", n / 1000), file(n.to_string())));
    let directories = (0..50).map(|n| (n.to_string(), directory()));
    assert_survives(&tree(files.chain(directories)));
}
