//! The order of names, which makes an archive say each thing once: a directory comes before its content, all
//! of which follows at once, sorted by the bytes of its names. Whoever checks that needs to remember no more
//! than the way to the latest entry.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::members::Kind;
use super::path::TreePath;
use super::{Fault, Platform};

/// Follows the names of an archive's entries.
pub(super) struct Order {
    /// The artifact's directory, and the directories on the way to the latest entry.
    way: Vec<Directory>,
    ignores_case: bool,
}

/// A directory that may still get entries.
#[derive(Default)]
struct Directory {
    latest: Option<(Vec<u8>, Kind)>,
    /// The names so far in lower case, where that matters.
    lower_case: HashSet<String>,
}

impl Order {
    pub fn new(platform: Platform) -> Self {
        Self {
            way: vec![Directory::default()],
            ignores_case: platform.ignores_case,
        }
    }

    /// Takes note of the next entry, if it may stand here.
    pub fn next(&mut self, path: &TreePath, kind: Kind) -> Result<(), Fault> {
        let names: Vec<&[u8]> = path.names().collect();
        let Some((name, parents)) = names.split_last() else {
            return Err(Fault::UnsafeName);
        };
        for (depth, parent) in parents.iter().enumerate() {
            self.check_parent(depth, parent)?;
        }
        self.way.truncate(parents.len() + 1);
        let Some(directory) = self.way.last_mut() else {
            return Err(Fault::NoDirectory);
        };
        if let Some((latest, _)) = &directory.latest {
            match latest.as_slice().cmp(name) {
                Ordering::Less => {}
                Ordering::Equal => return Err(Fault::Duplicate),
                Ordering::Greater => return Err(Fault::OutOfOrder),
            }
        }
        if self.ignores_case
            && !directory
                .lower_case
                .insert(String::from_utf8_lossy(name).to_lowercase())
        {
            return Err(Fault::Collides);
        }
        directory.latest = Some((name.to_vec(), kind));
        if kind == Kind::Directory {
            self.way.push(Directory::default());
        }
        Ok(())
    }

    /// Whether the way to the latest entry leads through the directory `parent` at `depth`.
    fn check_parent(&self, depth: usize, parent: &[u8]) -> Result<(), Fault> {
        match self
            .way
            .get(depth)
            .and_then(|directory| directory.latest.as_ref())
        {
            Some((latest, kind)) if latest == parent => match kind {
                Kind::Directory => Ok(()),
                Kind::File => Err(Fault::BelowFile),
                Kind::Link => Err(Fault::BelowLink),
            },
            _ => Err(Fault::NoDirectory),
        }
    }
}
