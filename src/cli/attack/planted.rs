//! Poison in every scope that somebody might look into, and what each kind of run restores of it.

use bytes::Bytes;

use super::outcome::{PlantedScope, RunFinding, Verdict};
use super::poison;
use super::runs::Run;
use super::target::Target;
use crate::cli::ui::interrupt;
use crate::config::OnBadSignature;
use crate::object_store::PutMode;
use crate::scope::Scope;
use crate::task_hash::TaskHash;
use crate::trust::{Access, ReadScope};

/// The same poison in several scopes.
pub(super) struct Planted {
    hash: TaskHash,
    objects: Vec<(String, Bytes)>,
    pub scopes: Vec<PlantedScope>,
}

impl Target<'_> {
    /// Plants poison in all of `scopes`.
    pub(super) async fn plant_in(&mut self, scopes: Vec<Scope>) -> Result<Planted, String> {
        let mut planted = Planted {
            hash: self.hash("planted")?,
            objects: Vec::new(),
            scopes: Vec::new(),
        };
        for scope in scopes {
            let object =
                poison::entry(self.config, &scope, &planted.hash, None, self.directory.path()).await?;
            let key = self.keys(&scope).entry(&planted.hash);
            let bucket = self.put(&key, &object, PutMode::Create).await;
            planted.objects.push((key, object));
            planted.scopes.push(PlantedScope { scope, bucket });
        }
        Ok(planted)
    }

    /// What each of `runs` restores of what is planted.
    pub(super) async fn restored_by(&self, runs: &[Run], planted: &Planted) -> Vec<RunFinding> {
        let store = self.store_with(&planted.objects).await;
        let mut config = self.config.clone();
        // What is refused in `t` must not hide what would be restored from elsewhere.
        config.trust.on_bad_signature = OnBadSignature::Miss;
        // Runs that read the same restore the same.
        let mut known: Vec<(&[ReadScope], Option<String>)> = Vec::new();
        let mut findings = Vec::new();
        for run in runs {
            let mut restored = None;
            for access in &run.accesses {
                if interrupt::pressed() {
                    return findings;
                }
                let found = match known.iter().find(|(reads, _)| *reads == access.reads) {
                    Some((_, found)) => found.clone(),
                    None => {
                        let place = self.directory.path().join(format!("restored-{}", known.len()));
                        let found =
                            poison::retrieve(&config, access, store.clone(), &planted.hash, &place).await;
                        let found = found.ok().map(|retrieved| retrieved.terminal_output);
                        known.push((&access.reads, found.clone()));
                        found
                    }
                };
                restored = restored.or(found);
            }
            findings.extend(finding(run, restored));
        }
        findings
    }
}

/// What to think of a kind of run; nothing if this repository has none.
fn finding(run: &Run, restored: Option<String>) -> Option<RunFinding> {
    let verdict = match &restored {
        None => Verdict::Clean,
        Some(scope) if run.may_own && *scope != Scope::Trusted.to_string() => Verdict::OwnScope,
        Some(_) => Verdict::Poisoned,
    };
    Some(RunFinding {
        run: run.name,
        reads: reads(run.accesses.first()?),
        restored,
        verdict,
    })
}

fn reads(access: &Access) -> String {
    let reads: Vec<String> = access.reads.iter().map(ToString::to_string).collect();
    reads.join(" and ")
}
