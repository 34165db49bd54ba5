//! What is packed comes out again as it went in, and the same tree always gives the same archive.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // clippy allows it in tests, but not in what they share

#[path = "archive/support.rs"]
mod support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use support::{Node, Scratch, Tree, packed, unpacked};

fn file(content: impl Into<Vec<u8>>) -> Node {
    Node::File {
        mode: 0o644,
        content: content.into(),
    }
}

fn directory() -> Node {
    Node::Directory { mode: 0o755 }
}

fn link(target: &str) -> Node {
    Node::Link {
        target: target.into(),
    }
}

fn tree<P: Into<PathBuf>>(nodes: impl IntoIterator<Item = (P, Node)>) -> Tree {
    nodes
        .into_iter()
        .map(|(path, node)| (path.into(), node))
        .collect()
}

/// Packs the tree and unpacks it elsewhere.
fn assert_survives(tree: &Tree) {
    let scratch = Scratch::new();
    let (source, staging) = (scratch.directory("source"), scratch.directory("staging"));
    support::write(&source, tree);
    let (archive, packed) = packed(&source, "done").unwrap();
    let unpacked = unpacked(&archive, &staging).unwrap();
    assert_eq!(support::read(&staging), *tree);
    assert_eq!((unpacked.files, unpacked.bytes), (packed.files, packed.bytes));
    assert_eq!(unpacked.terminal_output, "done");
}

#[test]
fn no_outputs_at_all_survive() {
    let scratch = Scratch::new();
    let (archive, totals) = packed(&scratch.path().join("missing"), "nothing to do").unwrap();
    assert_eq!((totals.files, totals.bytes), (0, 0));
    assert_eq!(
        unpacked(&archive, scratch.path()).unwrap().terminal_output,
        "nothing to do"
    );
    assert_survives(&Tree::new());
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
        let (archive, _) = packed(&scratch.path().join("missing"), text).unwrap();
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
    assert_survives(&tree(files.map(|mode| {
        (
            format!("{mode:o}"),
            Node::File {
                mode,
                content: vec![1],
            },
        )
    })));
    let directories = [0o700, 0o711, 0o755, 0o775, 0o777, 0o500, 0o555];
    assert_survives(&tree(
        directories.map(|mode| (format!("{mode:o}"), Node::Directory { mode })),
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
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(staging.join("secret")).unwrap().permissions());
    assert_eq!(mode & 0o7777, 0);
}

#[test]
fn special_bits_do_not_survive() {
    let scratch = Scratch::new();
    let (source, staging) = (scratch.directory("source"), scratch.directory("staging"));
    fs::write(source.join("tool"), "#!").unwrap();
    support::chmod(&source.join("tool"), 0o6755);
    fs::create_dir(source.join("shared")).unwrap();
    support::chmod(&source.join("shared"), 0o1777);
    unpacked(&packed(&source, "").unwrap().0, &staging).unwrap();
    let restored = support::read(&staging);
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
    let names: [&[u8]; 20] = [
        b" ",
        b"-rf",
        b"...",
        b"..a",
        b"a..",
        b".hidden",
        b"a\\b",
        b"C:",
        b"con",
        b"NUL.txt",
        b"a\nb",
        b"\x1b[31m",
        b"*?",
        b"~",
        b"trailing.",
        b"trailing ",
        "ünï".as_bytes(),
        "👩‍👩‍👧".as_bytes(),
        b"\xff\xfe",
        b"terminal-output",
    ];
    assert_survives(&tree(names.map(|name| (OsStr::from_bytes(name), file(name)))));
    assert_survives(&tree(names.map(|name| (OsStr::from_bytes(name), directory()))));
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
        support::read(&staging),
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

/// One level of a random tree.
#[derive(Clone, Debug)]
enum Plant {
    File {
        mode: u32,
        content: Vec<u8>,
    },
    Link {
        up: usize,
        names: Vec<Vec<u8>>,
    },
    Directory {
        mode: u32,
        children: Vec<(Vec<u8>, Plant)>,
    },
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop_oneof![
        Just(" "),
        Just("é"),
        Just("👋"),
        Just("a\\b"),
        Just("C:"),
        Just("\u{202e}x"),
        Just("...")
    ];
    prop_oneof![
        4 => "[a-c]{1,2}".prop_map(String::into_bytes),
        2 => odd.prop_map(|name| name.as_bytes().to_vec()),
        1 => "[a-z]{90,255}".prop_map(String::into_bytes),
        1 => vec(any::<u8>().prop_filter("a name's byte", |byte| !matches!(byte, 0 | b'/' | b'.')), 1..20),
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let size = prop_oneof![
        Just(0usize),
        Just(1),
        Just(511),
        Just(512),
        Just(513),
        Just(65_536),
        0..3000usize
    ];
    (size, any::<u8>()).prop_map(|(size, first)| (0..size).map(|n| first.wrapping_add(n as u8)).collect())
}

fn plant() -> impl Strategy<Value = Plant> {
    let mode = prop_oneof![
        Just(0o644),
        Just(0o755),
        Just(0o600),
        Just(0o444),
        Just(0o777),
        Just(0o2664 & 0o777)
    ];
    let leaf = prop_oneof![
        3 => (mode, content()).prop_map(|(mode, content)| Plant::File { mode, content }),
        1 => (0..4usize, vec(name(), 1..3)).prop_map(|(up, names)| Plant::Link { up, names }),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let mode = prop_oneof![Just(0o755), Just(0o700), Just(0o555), Just(0o775)];
        (mode, btree_map(name(), inner, 0..6)).prop_map(|(mode, children)| Plant::Directory {
            mode,
            children: children.into_iter().collect(),
        })
    })
}

/// Writes down what grows at `path`; links go up at most to the root.
fn grow(tree: &mut Tree, path: &Path, plant: &Plant) {
    let node = match plant {
        Plant::File { mode, content } => Node::File {
            mode: *mode,
            content: content.clone(),
        },
        Plant::Link { up, names } => {
            let depth = path.components().count() - 1;
            let ups = std::iter::repeat_n(OsStr::new(".."), *up % (depth + 1));
            Node::Link {
                target: ups
                    .chain(names.iter().map(|name| OsStr::from_bytes(name)))
                    .collect(),
            }
        }
        Plant::Directory { mode, children } => {
            for (name, child) in children {
                grow(tree, &path.join(OsStr::from_bytes(name)), child);
            }
            Node::Directory { mode: *mode }
        }
    };
    tree.insert(path.to_owned(), node);
}

fn any_tree() -> impl Strategy<Value = Tree> {
    btree_map(name(), plant(), 0..5).prop_map(|plants| {
        let mut tree = Tree::new();
        for (name, plant) in &plants {
            grow(&mut tree, Path::new(OsStr::from_bytes(name)), plant);
        }
        tree
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_survives(tree in any_tree()) {
        assert_survives(&tree);
    }

    #[test]
    fn the_order_in_which_a_tree_was_made_does_not_show(tree in any_tree()) {
        let scratch = Scratch::new();
        let (forwards, backwards) = (scratch.directory("forwards"), scratch.directory("backwards"));
        support::write(&forwards, &tree);
        support::write_backwards(&backwards, &tree);
        prop_assert!(packed(&forwards, "x").unwrap().0 == packed(&backwards, "x").unwrap().0);
    }
}
