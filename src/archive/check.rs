//! What every reader of an archive checks, entry by entry.

use std::io::Read;

use super::budget::Budget;
use super::members::{Kind, Member};
use super::order::Order;
use super::path::{LinkTarget, TreePath};
use super::{Error, Fault, Limits, OUTPUTS, TERMINAL_OUTPUT};

/// Follows the entries of one archive.
pub(super) struct Check<'a> {
    order: Order,
    budget: Budget<'a>,
    limits: &'a Limits,
}

impl<'a> Check<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            order: Order::new(limits.platform),
            budget: Budget::new(limits),
            limits,
        }
    }

    /// The text of the first entry, which must be the terminal output.
    pub fn terminal_output(&self, member: &Member, content: &mut impl Read) -> Result<String, Error> {
        let refuse = |fault| Error::archive(&member.name, fault);
        if member.name != TERMINAL_OUTPUT || member.kind != Kind::File {
            return Err(refuse(Fault::NoTerminalOutput));
        }
        self.budget.terminal_output(member.size).map_err(refuse)?;
        let mut text = Vec::new();
        content.read_to_end(&mut text).map_err(Error::Stream)?;
        if text.len() as u64 != member.size {
            return Err(Error::archive(TERMINAL_OUTPUT, Fault::Truncated));
        }
        String::from_utf8(text).map_err(|_| Error::archive(TERMINAL_OUTPUT, Fault::NotText))
    }

    /// Where another entry belongs, if it may be there.
    pub fn path(&mut self, member: &Member) -> Result<TreePath, Error> {
        self.allowed(member)
            .map_err(|fault| Error::archive(&member.name, fault))
    }

    fn allowed(&mut self, member: &Member) -> Result<TreePath, Fault> {
        if member.name == TERMINAL_OUTPUT {
            return Err(Fault::SecondTerminalOutput);
        }
        let path = member.name.strip_prefix(OUTPUTS).ok_or(Fault::Outside)?;
        self.budget.entry(member.kind, path.len(), member.target.len())?;
        self.budget.bytes(member.size)?;
        let path = TreePath::parse(path, self.limits.platform)?;
        if let Some(tree) = &self.limits.working_tree {
            tree.allow(member.kind, path.as_bytes(), &member.target)?;
        }
        self.order.next(&path, member.kind)?;
        Ok(path)
    }

    /// Where the link at `path` leads, as far as its text tells.
    pub fn target(&self, path: &TreePath, member: &Member) -> Result<LinkTarget, Error> {
        LinkTarget::parse(&member.target, path, self.limits.platform)
            .map_err(|fault| Error::archive(&member.name, fault))
    }
}
