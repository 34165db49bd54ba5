//! The arguments of `purge`.

use std::str::FromStr;

use clap::{ArgGroup, Args};

use crate::cli::scopes::Scopes;
use crate::entry::Producer;
use crate::sign::KeyName;

/// Delete entries that should not be there: some by name, or all that one producer or one signing key made.
///
/// Chunks stay until `flush` finds that nothing needs them. Exits 1 when something that was named isn't there, or when
/// an entry can't be read, so that nobody knows who made it.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("selection").required(true).multiple(true).args(["names", "producer", "key"]))]
#[command(after_help = "Examples:
  nx-s3-cache purge 12208083561620463533             this entry, in every scope
  nx-s3-cache purge acme/shop/archive.tgz            this archive of `rebuild`
  nx-s3-cache purge --producer run=8412345 --dry-run what one CI run stored
  nx-s3-cache purge --producer commit=1a2b3c4d       what one commit made
  nx-s3-cache purge --key main-2025                  what a key signed")]
pub(in crate::cli) struct PurgeArgs {
    /// Task hashes, or names of archives
    #[arg(value_name = "HASH", conflicts_with_all = ["producer", "key"])]
    pub names: Vec<String>,
    /// Entries with this producer: plugin, nx, os, arch or run, `=` and the value; for commit the first digits do. Where
    /// several are given, all must fit
    #[arg(long, value_name = "FIELD=VALUE")]
    pub producer: Vec<Trait>,
    /// Entries that bear a signature of the key with this name, valid or not
    #[arg(long, value_name = "NAME", value_parser = KeyName::parse)]
    pub key: Option<KeyName>,
    /// Only these scopes: t, u/pr-123, u/pr-* or u/*
    #[arg(long, default_value = "*")]
    pub scope: Scopes,
    /// Change nothing, and tell what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask on a terminal
    #[arg(long, short)]
    pub yes: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
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
    Run,
    Commit,
}

impl FromStr for Trait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = || {
            format!(
                "{text:?} names no producer: write run=8412345, commit=1a2b3c4d, plugin=…, nx=…, os=… or arch=…"
            )
        };
        let (field, value) = text.split_once('=').ok_or_else(problem)?;
        let field = match field {
            "plugin" => Field::Plugin,
            "nx" => Field::Nx,
            "os" => Field::Os,
            "arch" => Field::Arch,
            "run" => Field::Run,
            "commit" => Field::Commit,
            _ => return Err(problem()),
        };
        // A single digit would fit a sixteenth of all commits.
        let least = if field == Field::Commit { 7 } else { 1 };
        if value.len() < least {
            return Err(format!(
                "{value:?} is too short for {text:?}: at least {least} characters"
            ));
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
            Field::Run => producer.run.as_ref(),
            Field::Commit => {
                return producer
                    .commit
                    .as_ref()
                    .is_some_and(|commit| commit.starts_with(&self.value));
            }
        };
        found == Some(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_producer_fits_by_whole_values_and_by_the_beginning_of_its_commit() {
        let producer = Producer {
            plugin: "1.0.0".into(),
            os: "linux".into(),
            run: Some("8412345".into()),
            commit: Some("1a2b3c4d5e6f".into()),
            ..Producer::default()
        };
        for (text, fits) in [
            ("run=8412345", true),
            ("run=841234", false),
            ("commit=1a2b3c4", true),
            ("commit=1a2b3c5", false),
            ("os=linux", true),
            ("nx=24.0.6", false),
            ("arch=x86_64", false),
        ] {
            assert_eq!(text.parse::<Trait>().unwrap().fits(&producer), fits, "{text}");
        }
    }

    #[test]
    fn what_names_no_producer_is_refused() {
        for text in ["", "run", "run=", "8412345", "job=1", "commit=1", "commit=123456"] {
            assert!(text.parse::<Trait>().is_err(), "{text:?}");
        }
    }
}
