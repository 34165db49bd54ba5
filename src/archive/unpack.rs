//! From a tar stream to a directory.

use std::io::Read;
use std::path::Path;

use super::members::{Kind, Member, Members};
use super::order::Order;
use super::path::{LinkTarget, TreePath};
use super::stream::Stream;
use super::tree::Tree;
use super::{Error, Fault, Limits, OUTPUTS, TERMINAL_OUTPUT};

/// What an archive had besides the tree that is now on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// What the task printed.
    pub terminal_output: String,
    /// The number of files: no directories, no links, not the terminal output.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
}

/// Restores the outputs in `tar` to `staging`, an existing, empty directory.
///
/// `tar` is read to its end, a file of any size through one small buffer. Whatever it says, nothing outside
/// of `staging` is touched; after an error the caller removes `staging`, which may hold a part of the tree.
pub fn unpack(tar: impl Read, staging: &Path, limits: &Limits) -> Result<Unpacked, Error> {
    let mut stream = Stream::new(tar);
    unpack_members(&mut stream, staging, limits).map_err(|error| stream.explain(error))
}

fn unpack_members<R: Read>(
    stream: &mut Stream<R>,
    staging: &Path,
    limits: &Limits,
) -> Result<Unpacked, Error> {
    let mut archive = tar::Archive::new(&mut *stream);
    let mut members = Members::new(&mut archive, limits)?;
    let terminal_output = match members.next()? {
        Some(first) => terminal_output(first, limits)?,
        None => return Err(Error::archive(b"the archive", Fault::Truncated)),
    };
    let mut restore = Restore {
        tree: Tree::new(staging),
        order: Order::new(limits.platform),
        limits,
        done: Totals::default(),
    };
    while let Some(member) = members.next()? {
        restore.member(member)?;
    }
    stream.finish()?;
    restore.tree.finish()?;
    Ok(Unpacked {
        terminal_output,
        files: restore.done.files,
        bytes: restore.done.bytes,
    })
}

fn terminal_output<R: Read>(mut member: Member<'_, R>, limits: &Limits) -> Result<String, Error> {
    let refuse = |fault| Error::archive(&member.name, fault);
    if member.name != TERMINAL_OUTPUT || member.kind != Kind::File {
        return Err(refuse(Fault::NoTerminalOutput));
    }
    if member.size > limits.terminal_output {
        return Err(refuse(Fault::TerminalOutputTooLong(limits.terminal_output)));
    }
    let mut text = Vec::new();
    member.content.read_to_end(&mut text).map_err(Error::Stream)?;
    if text.len() as u64 != member.size {
        return Err(Error::archive(TERMINAL_OUTPUT, Fault::Truncated));
    }
    String::from_utf8(text).map_err(|_| Error::archive(TERMINAL_OUTPUT, Fault::NotText))
}

/// What has been restored so far.
#[derive(Default)]
struct Totals {
    entries: u64,
    files: u64,
    bytes: u64,
    remembered: usize,
}

struct Restore<'a> {
    tree: Tree<'a>,
    order: Order,
    limits: &'a Limits,
    done: Totals,
}

impl Restore<'_> {
    fn member<R: Read>(&mut self, member: Member<'_, R>) -> Result<(), Error> {
        let path = self
            .check(&member)
            .map_err(|fault| Error::archive(&member.name, fault))?;
        match member.kind {
            Kind::Directory => self.tree.directory(&path, member.mode),
            Kind::File => self.file(&path, member),
            Kind::Link => self.link(path, &member.target),
        }
    }

    /// Whether the entry may be where it is.
    fn check<R: Read>(&mut self, member: &Member<'_, R>) -> Result<TreePath, Fault> {
        if member.name == TERMINAL_OUTPUT {
            return Err(Fault::SecondTerminalOutput);
        }
        self.done.entries += 1;
        if self.done.entries > self.limits.entries {
            return Err(Fault::TooManyEntries(self.limits.entries));
        }
        let path = member.name.strip_prefix(OUTPUTS).ok_or(Fault::Outside)?;
        if path.len().max(member.target.len()) > self.limits.path {
            return Err(Fault::PathTooLong(self.limits.path));
        }
        if member.kind != Kind::File {
            self.done.remembered += path.len() + member.target.len();
        }
        if self.done.remembered > self.limits.remembered {
            return Err(Fault::TooManyNames(self.limits.remembered));
        }
        let path = TreePath::parse(path, self.limits.platform)?;
        self.order.next(&path, member.kind)?;
        Ok(path)
    }

    fn file<R: Read>(&mut self, path: &TreePath, mut member: Member<'_, R>) -> Result<(), Error> {
        let total = self
            .done
            .bytes
            .checked_add(member.size)
            .filter(|total| *total <= self.limits.bytes);
        let Some(total) = total else {
            return Err(Error::archive(&member.name, Fault::TooLarge(self.limits.bytes)));
        };
        if self.tree.file(path, member.mode, &mut member.content)? != member.size {
            return Err(Error::archive(&member.name, Fault::Truncated));
        }
        self.done.files += 1;
        self.done.bytes = total;
        Ok(())
    }

    fn link(&mut self, path: TreePath, target: &[u8]) -> Result<(), Error> {
        match LinkTarget::parse(target, &path, self.limits.platform) {
            Ok(target) => self.tree.link(path, target),
            Err(fault) => return Err(Error::archive(path.as_bytes(), fault)),
        }
        Ok(())
    }
}
