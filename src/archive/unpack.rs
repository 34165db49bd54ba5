//! From a tar stream to a directory.

use std::io::{self, BufRead};
use std::path::Path;

use super::check::Check;
use super::members::{Kind, Member, Members};
use super::path::TreePath;
use super::stream::Stream;
use super::tree::Tree;
use super::{Error, Fault, Limits};

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
/// `tar` is read to its end, and files are written straight from its buffer. Whatever it says, nothing outside
/// of `staging` is touched; after an error the caller removes `staging`, which may hold a part of the tree.
pub fn unpack(tar: impl BufRead, staging: &Path, limits: &Limits) -> Result<Unpacked, Error> {
    let mut stream = Stream::new(tar);
    unpack_members(&mut stream, staging, limits).map_err(|error| stream.explain(error))
}

fn unpack_members<R: BufRead>(
    stream: &mut Stream<R>,
    staging: &Path,
    limits: &Limits,
) -> Result<Unpacked, Error> {
    let mut members = Members::new(stream, limits);
    let mut restore = Restore::new(staging, limits);
    let Some(first) = members.next()? else {
        return Err(Error::Stream(io::Error::other("no terminal output")));
    };
    let terminal_output = restore.check.terminal_output(&first, &mut members)?;
    while let Some(member) = members.next()? {
        restore.member(&member, &mut members)?;
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
    check: Check<'a>,
    files: u64,
    bytes: u64,
}

impl<'a> Restore<'a> {
    fn new(staging: &'a Path, limits: &'a Limits) -> Self {
        Self {
            tree: Tree::new(staging),
            check: Check::new(limits),
            files: 0,
            bytes: 0,
        }
    }

    fn member(&mut self, member: &Member, content: &mut impl BufRead) -> Result<(), Error> {
        let path = self.check.path(member)?;
        match member.kind {
            Kind::Directory => self.tree.directory(&path, member.mode),
            Kind::File => self.file(&path, member, content),
            Kind::Link => {
                let target = self.check.target(&path, member)?;
                self.tree.link(path, target);
                Ok(())
            }
        }
    }

    fn file(&mut self, path: &TreePath, member: &Member, content: &mut impl BufRead) -> Result<(), Error> {
        let size = self.tree.file(path, member.mode, content)?;
        if size != member.size {
            return Err(Error::archive(&member.name, Fault::Truncated));
        }
        self.files += 1;
        self.bytes += size;
        Ok(())
    }
}
