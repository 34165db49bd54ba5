//! Poison in every scope that somebody might look into, and what each kind of run restores of it.

use bytes::Bytes;
use serde::{Serialize, Serializer};

use super::client;
use super::forge;
use super::lock::Bucket;
use super::runs::Run;
use super::target::Target;
use crate::cli::ui::{interrupt, print::Paint};
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

/// A scope, and whether the bucket let poison be planted there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct PlantedScope {
    #[serde(serialize_with = "as_text")]
    pub scope: Scope,
    pub bucket: Bucket,
}

/// What a kind of run restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RunFinding {
    pub run: &'static str,
    /// What it reads, in words.
    pub reads: String,
    /// The scope of the poison that it restored.
    pub restored: Option<String>,
    pub verdict: Verdict,
}

/// What to think of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    /// It restores nothing that isn't signed.
    Clean,
    /// It restores what is in the scope of its own pull request or unlisted branch.
    OwnScope,
    /// It restores poison.
    Poisoned,
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
                forge::entry(self.config, &scope, &planted.hash, None, self.directory.path()).await?;
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
                            client::retrieve(&config, access, store.clone(), &planted.hash, &place).await;
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

/// The findings for people.
pub(super) fn lines(planted: &[PlantedScope], runs: &[RunFinding], paint: Paint) -> Vec<String> {
    let scopes: Vec<String> = planted.iter().map(|planted| planted.scope.to_string()).collect();
    let mut lines = vec![format!("The same poison, planted in {}:", scopes.join(", "))];
    for planted in planted {
        let why = match &planted.bucket {
            Bucket::Allowed => continue,
            Bucket::Denied => "denied by the bucket, but others may be able to write there",
            Bucket::Unknown(why) => why,
        };
        lines.push(paint.dim(&format!("    {}: {}", planted.scope, why.replace('\n', " "))));
    }
    lines.push(String::new());
    lines.push(paint.bold(&row("run", "restores")));
    lines.extend(runs.iter().map(|finding| {
        let scope = finding.restored.as_deref().unwrap_or("nothing");
        match finding.verdict {
            Verdict::Clean => row(finding.run, scope),
            Verdict::OwnScope => row(
                finding.run,
                &format!("{scope}: may be poisoned by other pull requests"),
            ),
            Verdict::Poisoned => paint.bad(&row(finding.run, &format!("POISON from {scope}"))),
        }
    }));
    lines
}

fn row(run: &str, restores: &str) -> String {
    format!("{run:<52}{restores}")
}

fn as_text<S: Serializer>(scope: &Scope, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(scope)
}
