//! What the bucket let these credentials do, and what runs restored of it.

use serde::{Serialize, Serializer};

use crate::cli::ui::print::Paint;
use crate::object_store::Error;
use crate::scope::Scope;

/// How the bucket took an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state", content = "why")]
pub(super) enum Bucket {
    /// It let it happen.
    Allowed,
    /// It refused.
    Denied,
    /// It can't be told, and why.
    Unknown(String),
}

impl Bucket {
    pub(super) fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Allowed,
            Err(Error::AccessDenied { .. }) => Self::Denied,
            Err(error) => Self::Unknown(error.to_string()),
        }
    }
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

/// What was planted, and what each kind of run restored of it, for people.
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
