//! From a tar stream to a directory.

use std::io::{self, Read};
use std::path::Path;

use super::budget::Budget;
use super::members::{Kind, Member, Members};
use super::order::Order;
use super::path::{LinkTarget, TreePath};
use super::stream::Stream;
use super::tree::Tree;
use super::{Error, Fault, Limits, OUTPUTS, Platform, TERMINAL_OUTPUT};

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
    let mut restore = Restore::new(staging, limits);
    let Some(first) = members.next()? else {
        return Err(Error::Stream(io::Error::other("no terminal output")));
    };
    let terminal_output = restore.terminal_output(first)?;
    while let Some(member) = members.next()? {
        restore.member(member)?;
    }
    stream.finish()?;
    restore.tree.finish()?;
    Ok(Unpacked {
        terminal_output,
        files: restore.files,
        bytes: restore.bytes,
    })
}

struct Restore<'a> {
    tree: Tree<'a>,
    order: Order,
    budget: Budget<'a>,
    platform: Platform,
    files: u64,
    bytes: u64,
}

impl<'a> Restore<'a> {
    fn new(staging: &'a Path, limits: &'a Limits) -> Self {
        let (tree, order, budget) = (
            Tree::new(staging),
            Order::new(limits.platform),
            Budget::new(limits),
        );
        Self {
            tree,
            order,
            budget,
            platform: limits.platform,
            files: 0,
            bytes: 0,
        }
    }

    fn terminal_output<R: Read>(&self, mut member: Member<'_, R>) -> Result<String, Error> {
        let refuse = |fault| Error::archive(&member.name, fault);
        if member.name != TERMINAL_OUTPUT || member.kind != Kind::File {
            return Err(refuse(Fault::NoTerminalOutput));
        }
        self.budget.terminal_output(member.size).map_err(refuse)?;
        let mut text = Vec::new();
        member.content.read_to_end(&mut text).map_err(Error::Stream)?;
        if text.len() as u64 != member.size {
            return Err(Error::archive(TERMINAL_OUTPUT, Fault::Truncated));
        }
        String::from_utf8(text).map_err(|_| Error::archive(TERMINAL_OUTPUT, Fault::NotText))
    }

    fn member<R: Read>(&mut self, mut member: Member<'_, R>) -> Result<(), Error> {
        let path = self
            .check(&member)
            .map_err(|fault| Error::archive(&member.name, fault))?;
        match member.kind {
            Kind::Directory => self.tree.directory(&path, member.mode),
            Kind::File => self.file(&path, &mut member),
            Kind::Link => {
                let target = LinkTarget::parse(&member.target, &path, self.platform)
                    .map_err(|fault| Error::archive(&member.name, fault))?;
                self.tree.link(path, target);
                Ok(())
            }
        }
    }

    /// Whether the entry may be where it is.
    fn check<R: Read>(&mut self, member: &Member<'_, R>) -> Result<TreePath, Fault> {
        if member.name == TERMINAL_OUTPUT {
            return Err(Fault::SecondTerminalOutput);
        }
        let path = member.name.strip_prefix(OUTPUTS).ok_or(Fault::Outside)?;
        self.budget.entry(member.kind, path.len(), member.target.len())?;
        self.budget.bytes(member.size)?;
        let path = TreePath::parse(path, self.platform)?;
        self.order.next(&path, member.kind)?;
        Ok(path)
    }

    fn file<R: Read>(&mut self, path: &TreePath, member: &mut Member<'_, R>) -> Result<(), Error> {
        let size = self.tree.file(path, member.mode, &mut member.content)?;
        if size != member.size {
            return Err(Error::archive(&member.name, Fault::Truncated));
        }
        self.files += 1;
        self.bytes += size;
        Ok(())
    }
}
