//! The arguments of `purge`.

use std::str::FromStr;
use std::time::SystemTime;

use clap::{ArgGroup, Args};

use crate::cli::deletion::DeletionArgs;
use crate::cli::scopes::Scopes;
use crate::cli::ui::age;
use crate::entry::Producer;
use crate::sign::{KeyName, Provenance};

/// Delete entries that should not be there: some by name, or all that one run, commit, workflow, key or producer made.
///
/// Where an entry comes from is what the issuer of its run's token says. For entries signed with a key, or with nothing,
/// it is what they say themselves. Where a run's token can't be verified, entries that it names go as well, and the others
/// are told: nobody knows where they come from.
///
/// Chunks stay until `flush` finds that nothing needs them. Exits 1 when something that was named isn't there, or when
/// an entry can't be read, so that nobody knows who made it.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("selection").required(true).multiple(true).args(["names", "run", "commit", "workflow", "since", "until", "key", "producer"]))]
#[command(after_help = "Examples:
  nx-s3-cache purge 12208083561620463533             this entry, in every scope
  nx-s3-cache purge acme/shop/archive.tgz            this archive of `rebuild`
  nx-s3-cache purge --run 8412345 --dry-run          what one CI run stored
  nx-s3-cache purge --commit 1a2b3c4d                what one commit made
  nx-s3-cache purge --workflow ci.yml --since 2d     what a workflow stored since
  nx-s3-cache purge --key main-2025                  what a key signed")]
pub(in crate::cli) struct PurgeArgs {
    /// Task hashes, or names of archives
    #[arg(value_name = "HASH", conflicts_with_all = ["run", "commit", "workflow", "since", "until", "key", "producer"])]
    pub names: Vec<String>,
    /// Entries of this CI run
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Entries made from this commit; its first 7 digits do
    #[arg(long, value_name = "SHA", value_parser = commit)]
    pub commit: Option<String>,
    /// Entries of this workflow or pipeline: its name, or the name of its file
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
    /// Entries made at this time or later, by the latest that the entry, its run's token or the bucket says: 2026-11-26,
    /// 2026-11-26T08:20:00Z, or an age such as 2d
    #[arg(long, value_name = "TIME", value_parser = age::parse_time)]
    pub since: Option<SystemTime>,
    /// Entries made before this time
    #[arg(long, value_name = "TIME", value_parser = age::parse_time)]
    pub until: Option<SystemTime>,
    /// Entries with this producer: plugin, nx, os or arch, `=` and the value. Where several conditions are given, all must
    /// fit
    #[arg(long, value_name = "FIELD=VALUE")]
    pub producer: Vec<Trait>,
    /// Entries that bear a signature of the key with this name, valid or not
    #[arg(long, value_name = "NAME", value_parser = KeyName::parse)]
    pub key: Option<KeyName>,
    /// Only these scopes: t, u/pr-123, u/pr-* or u/*
    #[arg(long, default_value = "*")]
    pub scope: Scopes,
    #[command(flatten)]
    pub how: DeletionArgs,
}

/// What a producer is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Trait {
    field: Field,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Plugin,
    Nx,
    Os,
    Arch,
}

impl FromStr for Trait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || format!("{text:?} names no producer: write plugin=…, nx=…, os=… or arch=…");
        let (field, value) = text.split_once('=').ok_or_else(problem)?;
        let field = match field {
            "plugin" => Field::Plugin,
            "nx" => Field::Nx,
            "os" => Field::Os,
            "arch" => Field::Arch,
            _ => return Err(problem()),
        };
        if value.is_empty() {
            return Err(problem());
        }
        let value = value.to_owned();
        Ok(Self { field, value })
    }
}

impl Trait {
    /// Whether `producer` has it.
    pub(super) fn fits(&self, producer: &Producer) -> bool {
        let found = match self.field {
            Field::Plugin => Some(&producer.plugin),
            Field::Nx => producer.nx.as_ref(),
            Field::Os => Some(&producer.os),
            Field::Arch => Some(&producer.arch),
        };
        found == Some(&self.value)
    }
}

/// The beginning of a commit. A single digit would fit a sixteenth of all commits.
fn commit(text: &str) -> Result<String, String> {
    let is_commit = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| format!("{text:?} is not a commit: write its first 7 digits at least"))
}

impl PurgeArgs {
    /// Whether anything is asked of entries beside their key, so that they have to be decoded.
    pub(super) fn describes_content(&self) -> bool {
        let spans = self.since.is_some() || self.until.is_some();
        self.names_run() || spans || !self.producer.is_empty()
    }

    /// Whether anything is asked of the run that entries come from.
    pub(super) fn names_run(&self) -> bool {
        self.run.is_some() || self.commit.is_some() || self.workflow.is_some()
    }

    /// Whether an entry of this run fits.
    pub(super) fn fit_run(&self, from: &Provenance) -> bool {
        let is = |asked: &Option<String>, found: &Option<String>| asked.is_none() || asked == found;
        let commit = |asked: &String| {
            from.commit
                .as_ref()
                .is_some_and(|commit| commit.starts_with(asked))
        };
        let workflow = |asked: &String| {
            let name = from.workflow.as_deref().unwrap_or_default();
            name == asked || name.rsplit('/').next() == Some(asked)
        };
        is(&self.run, &from.run)
            && self.commit.as_ref().is_none_or(commit)
            && self.workflow.as_ref().is_none_or(workflow)
    }

    /// Whether an entry with this producer fits.
    pub(super) fn fit_producer(&self, producer: &Producer) -> bool {
        self.producer.iter().all(|of| of.fits(producer))
    }

    /// Whether an entry of these times fits.
    pub(super) fn fit_times(&self, times: &Times) -> bool {
        self.since.is_none_or(|since| times.may_be_since(since))
            && self
                .until
                .is_none_or(|until| times.made().is_some_and(|made| made < until))
    }
}

/// When an entry was made, as far as is known.
pub(super) struct Times {
    /// By whoever wrote it, who may say what he likes; `None` for a time beyond all reason.
    pub created: Option<SystemTime>,
    /// By the token of its run.
    pub issued: Option<SystemTime>,
    /// By the server: when it was written, or refreshed.
    pub modified: Option<SystemTime>,
}

impl Times {
    /// Whether it was made then or later by any of them: nobody hides an entry from `--since` by a wrong time.
    fn may_be_since(&self, since: SystemTime) -> bool {
        let latest = self.created.max(self.issued).max(self.modified);
        self.created.is_none() || latest >= Some(since)
    }

    /// When it was made. That was before it was in the bucket.
    fn made(&self) -> Option<SystemTime> {
        [self.created, self.modified].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_producer_fits_by_whole_values() {
        let producer = Producer {
            plugin: "1.0.0".into(),
            os: "linux".into(),
            ..Producer::default()
        };
        for (text, fits) in [
            ("plugin=1.0.0", true),
            ("plugin=1.0", false),
            ("os=linux", true),
            ("nx=24.0.6", false),
            ("arch=x86_64", false),
        ] {
            assert_eq!(text.parse::<Trait>().unwrap().fits(&producer), fits, "{text}");
        }
    }

    #[test]
    fn what_names_no_producer_or_commit_is_refused() {
        for text in ["", "os", "os=", "8412345", "job=1"] {
            assert!(text.parse::<Trait>().is_err(), "{text:?}");
        }
        assert_eq!(commit("1A2B3C4"), Ok("1a2b3c4".to_owned()));
        for text in ["", "1", "123456", "main123"] {
            assert!(commit(text).is_err(), "{text:?}");
        }
    }
}
