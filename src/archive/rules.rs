//! What an archive may contain, and in which order.
//!
//! A directory precedes its content, which follows at once, sorted by the bytes of its names: each tree has one archive, and
//! checking the order only needs the directories that lead to the latest entry.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::error::Fault;
use super::header::{ItemKind, OUTPUTS, TERMINAL_OUTPUT};
use super::path::{LinkTarget, Platform, TreePath};
use super::working_tree::WorkingTree;

/// What [`unpack`](super::unpack()) accepts. `pack` refuses what the defaults wouldn't accept again, the total size
/// excepted.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Files, directories and links together.
    pub entries: u64,
    /// Bytes of all files together, the terminal output excepted.
    pub bytes: u64,
    /// Bytes of a path below the artifact's directory, and of a link's target.
    pub path: usize,
    /// Bytes of the terminal output, which is held in memory.
    pub terminal_output: u64,
    /// Bytes of the paths of all directories and links, and of the links' targets, together. They are held in memory to the
    /// end.
    pub remembered: usize,
    /// The names that are allowed.
    pub platform: Platform,
    /// What may be written, where the archive is restored among other files.
    pub working_tree: Option<WorkingTree>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            bytes: u64::MAX,
            path: 4096,
            terminal_output: 256 << 20,
            remembered: 64 << 20,
            platform: Platform::here(),
            working_tree: None,
        }
    }
}

impl Limits {
    /// Checks that an entry may be written where the archive is restored.
    pub(super) fn allow(&self, kind: ItemKind, path: &[u8], target: &[u8]) -> Result<(), Fault> {
        let tree = self.working_tree.as_ref();
        tree.map_or(Ok(()), |tree| tree.allow(kind, path, target))
    }
}

/// Checks the entries of one archive, one after the other.
pub(super) struct Rules<'a> {
    order: Order,
    budget: Budget<'a>,
    limits: &'a Limits,
}

impl<'a> Rules<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            order: Order::new(limits.platform),
            budget: Budget::new(limits),
            limits,
        }
    }

    /// Checks the size of the terminal output.
    pub fn terminal_output(&self, size: u64) -> Result<(), Fault> {
        self.budget.terminal_output(size)
    }

    /// Checks the next entry, and returns its path.
    pub fn path(&mut self, kind: ItemKind, name: &[u8], size: u64, target: &[u8]) -> Result<TreePath, Fault> {
        if name == TERMINAL_OUTPUT {
            return Err(Fault::SecondTerminalOutput);
        }
        let path = name.strip_prefix(OUTPUTS).ok_or(Fault::Outside)?;
        self.budget.entry(kind, path.len(), target.len())?;
        self.budget.bytes(size)?;
        let path = TreePath::parse(path, self.limits.platform)?;
        self.limits.allow(kind, path.as_bytes(), target)?;
        self.order.next(&path, kind)?;
        Ok(path)
    }

    /// Checks the target of the link at `path`, going by its text alone.
    pub fn target(&self, target: &[u8], path: &TreePath) -> Result<LinkTarget, Fault> {
        LinkTarget::parse(target, path, self.limits.platform)
    }
}

/// What is used up of an archive's limits.
pub(super) struct Budget<'a> {
    limits: &'a Limits,
    entries: u64,
    bytes: u64,
    remembered: usize,
}

impl<'a> Budget<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            entries: 0,
            bytes: 0,
            remembered: 0,
        }
    }

    /// Counts an entry, with the lengths of its path and its target.
    pub fn entry(&mut self, kind: ItemKind, path: usize, target: usize) -> Result<(), Fault> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Fault::TooManyEntries(self.limits.entries));
        }
        if path.max(target) > self.limits.path {
            return Err(Fault::PathTooLong(self.limits.path));
        }
        if kind != ItemKind::File {
            self.remembered += path + target;
        }
        if self.remembered > self.limits.remembered {
            return Err(Fault::TooManyNames(self.limits.remembered));
        }
        Ok(())
    }

    /// Counts the bytes of a file.
    fn bytes(&mut self, size: u64) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.bytes {
            return Err(Fault::TooLarge(self.limits.bytes));
        }
        Ok(())
    }

    /// Checks the size of the terminal output.
    pub fn terminal_output(&self, size: u64) -> Result<(), Fault> {
        if size > self.limits.terminal_output {
            return Err(Fault::TerminalOutputTooLong(self.limits.terminal_output));
        }
        Ok(())
    }
}

/// Checks the order of an archive's entries.
struct Order {
    /// The root, and the directories that lead to the latest entry.
    open: Vec<Directory>,
    ignores_case: bool,
}

/// A directory that may still get entries.
#[derive(Default)]
struct Directory {
    latest: Option<(Vec<u8>, ItemKind)>,
    /// The names so far in lower case, where case is ignored.
    lower_case: HashSet<String>,
}

impl Order {
    fn new(platform: Platform) -> Self {
        Self {
            open: vec![Directory::default()],
            ignores_case: platform.ignores_case,
        }
    }

    /// Checks and remembers the next entry.
    fn next(&mut self, path: &TreePath, kind: ItemKind) -> Result<(), Fault> {
        let names: Vec<&[u8]> = path.names().collect();
        let (name, parents) = names.split_last().ok_or(Fault::UnsafeName)?;
        for (depth, parent) in parents.iter().enumerate() {
            self.check_parent(depth, parent)?;
        }
        self.open.truncate(parents.len() + 1);
        let directory = self.open.last_mut().ok_or(Fault::NoDirectory)?;
        if let Some((latest, _)) = &directory.latest {
            match latest.as_slice().cmp(name) {
                Ordering::Less => {}
                Ordering::Equal => return Err(Fault::Duplicate),
                Ordering::Greater => return Err(Fault::OutOfOrder),
            }
        }
        if self.ignores_case {
            let lower_case = String::from_utf8_lossy(name).to_lowercase();
            if !directory.lower_case.insert(lower_case) {
                return Err(Fault::Collides);
            }
        }
        directory.latest = Some((name.to_vec(), kind));
        if kind == ItemKind::Directory {
            self.open.push(Directory::default());
        }
        Ok(())
    }

    /// Checks that the latest entry is in the directory `parent` at `depth`.
    fn check_parent(&self, depth: usize, parent: &[u8]) -> Result<(), Fault> {
        match self
            .open
            .get(depth)
            .and_then(|directory| directory.latest.as_ref())
        {
            Some((latest, kind)) if latest == parent => match kind {
                ItemKind::Directory => Ok(()),
                ItemKind::Link => Err(Fault::BelowLink),
                ItemKind::File | ItemKind::TerminalOutput => Err(Fault::BelowFile),
            },
            _ => Err(Fault::NoDirectory),
        }
    }
}
