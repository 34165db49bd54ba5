//! Random trees: each survives, and always gives the same archive.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use nx_s3_cache::archive::{Error, Fault, Limits, unpack};

use super::attempt::{dir, link};
use super::forge::outputs;
use super::round_trip::assert_survives;
use super::trees::{self, Node, Scratch, Tree, packed};

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
        Just(0o664),
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

/// Links `l` and `m` in several directories, to targets that use them, `..` and each other.
fn links() -> impl Strategy<Value = BTreeMap<String, String>> {
    let place = prop_oneof![Just(""), Just("a/"), Just("a/a/"), Just("b/")];
    let path = (place, "[lm]").prop_map(|(place, name)| format!("{place}{name}"));
    let step = prop_oneof![3 => Just(".."), 3 => Just("a"), 3 => Just("l"), 1 => Just("b"), 1 => Just("m")];
    btree_map(path, vec(step, 1..5).prop_map(|steps| steps.join("/")), 2..5)
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
        trees::write(&forwards, &tree);
        trees::write_backwards(&backwards, &tree);
        prop_assert!(packed(&forwards, "x").unwrap().0 == packed(&backwards, "x").unwrap().0);
    }
}

proptest! {
    // Few random sets of links lead out through each other, so this takes more of them.
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever links say of each other, and in whatever order: all that is let in stays inside.
    #[test]
    fn no_set_of_links_leads_out(links in links()) {
        let scratch = Scratch::new();
        let staging = scratch.directory("staging");
        let directories = ["a", "a/a", "a/b", "b"].map(|path| (path.to_owned(), None));
        let links = links.into_iter().map(|(path, target)| (path, Some(target)));
        let entries: BTreeMap<Vec<String>, _> = directories
            .into_iter()
            .chain(links)
            .map(|(path, target)| (path.split('/').map(str::to_owned).collect(), target))
            .collect();
        let records: Vec<_> = entries
            .iter()
            .map(|(path, target)| (format!("outputs/{}", path.join("/")), target))
            .map(|(path, target)| target.as_ref().map_or_else(|| dir(&path), |target| link(&path, target)))
            .collect();
        match unpack(&outputs(&records)[..], &staging, &Limits::default()) {
            Ok(_) => {
                let root = staging.canonicalize().unwrap();
                for path in trees::read(&staging).into_keys() {
                    let end = staging.join(&path).canonicalize();
                    prop_assert!(end.map_or(true, |end| end.starts_with(&root)), "{path:?} leads out");
                }
            }
            Err(Error::Archive { fault: Fault::LinkLeaves | Fault::LinkUncertain, .. }) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}
