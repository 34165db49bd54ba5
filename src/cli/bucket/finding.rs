//! Finding the entries of a task hash.

use std::pin::pin;

use futures_util::stream::TryStreamExt;

use super::{Bucket, ReadEntry};
use crate::cli::scopes::Scopes;
use crate::cli::ui::Ending;
use crate::entry::Object;
use crate::scope::Scope;
use crate::task_hash::TaskHash;

impl Bucket {
    /// The entries of `hash` in these scopes, in their order. A single scope is asked with one request; several are
    /// listed, which takes as long as they are large.
    pub(in crate::cli) async fn find(
        &self,
        scopes: &[Scopes],
        hash: &TaskHash,
    ) -> Result<Vec<(Scope, ReadEntry)>, Ending> {
        let mut found = Vec::new();
        for scopes in scopes {
            for scope in self.scopes_with(scopes, hash).await? {
                if let Some(entry) = self.entry(&scope, hash).await? {
                    found.push((scope, entry));
                }
            }
        }
        Ok(found)
    }

    /// The scopes that may have an entry of `hash`.
    async fn scopes_with(&self, scopes: &Scopes, hash: &TaskHash) -> Result<Vec<Scope>, Ending> {
        if let Scopes::One(scope) = scopes {
            return Ok(vec![scope.clone()]);
        }
        let mut with = Vec::new();
        let scopes = [scopes.clone()];
        let mut pages = pin!(self.entries(&scopes));
        while let Some(page) = pages.try_next().await? {
            let those = page
                .into_iter()
                .filter(|found| matches!(&found.at.object, Object::Entry(other) if other == hash));
            with.extend(those.map(|found| found.at.scope));
        }
        Ok(with)
    }

    /// Says that `hash` is in none of these scopes.
    pub(in crate::cli) fn not_found(&self, asked: Option<&Scopes>, hash: &TaskHash) -> String {
        let scopes: Vec<_> = self
            .asked_or_read(asked)
            .iter()
            .map(ToString::to_string)
            .collect();
        let elsewhere = match asked {
            None => " Runs with this environment look nowhere else; --scope '*' looks everywhere.",
            Some(_) => "",
        };
        format!(
            "there is no entry of {hash} in {} under {}.{elsewhere}",
            scopes.join(" and "),
            self.prefix()
        )
    }
}
