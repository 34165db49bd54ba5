//! What an attack came to, for people and for machines.

use serde::Serialize;

use super::outcome::{self, Bucket, PlantedScope, RunFinding, Verdict};
use super::poison::Client;
use crate::cli::ui::{BAD, GOOD, print::Paint};
use crate::code::page;
use crate::config::SET_UP;

/// Everything that is tried: one word, as in the names of scratch objects and in JSON, and what it is.
macro_rules! kinds {
    ($($name:ident = $word:literal: $description:literal,)*) => {
        /// What is tried.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub(super) enum Kind {
            $(#[serde(rename = $word)] $name,)*
        }

        impl Kind {
            pub(super) fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            fn description(self) -> &'static str {
                match self {
                    $(Self::$name => $description,)*
                }
            }
        }
    };
}

kinds! {
    Unsigned = "unsigned": "write an entry without a signature",
    Foreign = "foreign": "write an entry signed with a key nobody trusts",
    Forged = "forged": "write an entry signed in the name of a trusted key",
    OtherRepository = "other-repository": "write an entry of another repository's run",
    OtherRef = "other-ref": "write an entry of a run on another branch",
    UnprotectedRef = "unprotected-ref": "write an entry of a run on an unprotected branch",
    OtherEvent = "other-event": "write an entry of a run that another event caused",
    ReplayedToken = "replayed-token": "write an entry with another run's token",
    OtherIssuer = "other-issuer": "write an entry that another issuer vouches for",
    Copied = "copied": "copy an entry from u to t",
    Overwritten = "overwritten": "overwrite an entry",
    Deleted = "deleted": "delete an entry",
    Listed = "listed": "list the entries (changes nothing)",
}

/// One attempt and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Attempt {
    pub kind: Kind,
    pub bucket: Bucket,
    /// `None` where the client can't tell, since there is nothing to restore.
    pub client: Option<Client>,
}

/// A whole attack.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Findings {
    pub bucket: String,
    pub credentials: String,
    /// What kind of run this is.
    pub run: String,
    /// Whether its credentials are meant to write to `t`.
    pub trusted_run: bool,
    /// Whether anybody is listed who may sign.
    #[serde(skip)]
    pub keys: bool,
    pub attempts: Vec<Attempt>,
    /// Where poison was planted.
    pub planted: Vec<PlantedScope>,
    /// What each kind of run restored of that.
    pub runs: Vec<RunFinding>,
    /// Keys of scratch objects that could not be removed.
    pub left_behind: Vec<String>,
}

/// The findings, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    protected: bool,
    lock1: &'static str,
    lock2: Lock2,
    #[serde(flatten)]
    findings: &'a Findings,
}

/// Whether the bucket keeps these credentials from changing `t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Lock2 {
    Closed,
    Partly,
    Open,
    Unknown,
}

impl Attempt {
    /// An attempt that leaves nothing to restore.
    pub(super) fn on_bucket(kind: Kind, bucket: Bucket) -> Self {
        Self {
            kind,
            bucket,
            client: None,
        }
    }
}

impl Findings {
    /// The exit code: whether poison gets through.
    pub(super) fn code(&self) -> u8 {
        if self.lock1_holds() { GOOD } else { BAD }
    }

    /// What is left of an attack that was interrupted.
    pub(super) fn remains(&self) -> String {
        if self.left_behind.is_empty() {
            return "the attack proves nothing; all scratch objects were removed".to_owned();
        }
        format!(
            "the attack proves nothing, and these stay: {}",
            self.left_behind.join(", ")
        )
    }

    /// Whether all poison was refused, but for what a pull request or an unlisted branch finds in its own scope.
    fn lock1_holds(&self) -> bool {
        let accepted = |attempt: &Attempt| attempt.client == Some(Client::Accepted);
        let poisoned = |run: &RunFinding| run.verdict == Verdict::Poisoned;
        !self.attempts.iter().any(accepted) && !self.runs.iter().any(poisoned)
    }

    pub(super) fn lock2(&self) -> Lock2 {
        let changes = self.attempts.iter().filter(|attempt| match attempt.kind {
            Kind::Listed => false,
            // Whoever can write nothing has nothing to copy, either.
            Kind::Copied => !matches!(attempt.bucket, Bucket::Unknown(_)),
            _ => true,
        });
        let (mut allowed, mut denied, mut unknown) = (0, 0, 0);
        for attempt in changes {
            match &attempt.bucket {
                Bucket::Allowed => allowed += 1,
                Bucket::Denied => denied += 1,
                Bucket::Unknown(_) => unknown += 1,
            }
        }
        match (allowed, denied, unknown) {
            (0, 1.., 0) => Lock2::Closed,
            (0, ..) => Lock2::Unknown,
            (_, 0, _) => Lock2::Open,
            _ => Lock2::Partly,
        }
    }

    /// The findings for machines.
    pub(super) fn to_document(&self) -> Document<'_> {
        Document {
            protected: self.lock1_holds(),
            lock1: if self.lock1_holds() { "holds" } else { "open" },
            lock2: self.lock2(),
            findings: self,
        }
    }

    /// The findings for people.
    pub(super) fn to_text(&self, paint: Paint) -> String {
        let mut lines = vec![
            format!("Attacked t, what others restore, in the bucket {:?}", self.bucket),
            format!("  with the credentials from: {}", self.credentials),
            format!("  as this run: {}", self.run),
            String::new(),
            paint.bold(&row("attempt", "bucket", "client")),
        ];
        lines.extend(self.attempts.iter().map(|attempt| self.line(attempt, paint)));
        lines.push(String::new());
        lines.extend(outcome::lines(&self.planted, &self.runs, paint));
        lines.push(String::new());
        lines.push(self.verdict1(paint));
        lines.push(self.verdict2(paint));
        if self.left_behind.is_empty() {
            lines.push(paint.dim("All scratch objects were removed."));
        } else {
            lines.push(format!(
                "{} Scratch objects that these credentials may not delete, and that you should:",
                paint.poor("!")
            ));
            lines.extend(self.left_behind.iter().map(|key| format!("    {key}")));
        }
        lines.join("\n")
    }

    fn line(&self, attempt: &Attempt, paint: Paint) -> String {
        let (bucket, why) = match &attempt.bucket {
            Bucket::Allowed => ("allowed", None),
            Bucket::Denied => ("denied", None),
            Bucket::Unknown(why) => ("unknown", Some(why)),
        };
        let client = match &attempt.client {
            None => "–",
            Some(Client::Refused(_)) => "refused",
            Some(Client::Accepted) => "ACCEPTED",
        };
        let line = row(attempt.kind.description(), bucket, client);
        let mut line = match &attempt.client {
            Some(Client::Accepted) => paint.bad(&line),
            _ => line,
        };
        let refusal = attempt.client.iter().filter_map(|client| match client {
            Client::Refused(why) => Some(why),
            Client::Accepted => None,
        });
        for why in why.into_iter().chain(refusal) {
            line += &paint.dim(&format!("\n    {}", why.replace('\n', " ")));
        }
        line
    }

    fn verdict1(&self, paint: Paint) -> String {
        if self.lock1_holds() {
            let only = match self.runs.iter().any(|run| run.verdict == Verdict::OwnScope) {
                true => " outside the own scope of a pull request or an unlisted branch",
                false => "",
            };
            let holds = format!("✓ Lock 1, signatures: holds. Only signed entries are restored{only}.");
            paint.good(&holds)
        } else {
            let text =
                "✗ Lock 1, signatures: open. Whoever can write to the bucket decides what others restore.";
            let remedy = if self.keys {
                "Please report this: it should not happen."
            } else {
                SET_UP
            };
            format!("{}\n    → {remedy}", paint.bad(text))
        }
    }

    fn verdict2(&self, paint: Paint) -> String {
        let (state, meaning) = match self.lock2() {
            Lock2::Closed => {
                return paint.good("✓ Lock 2, access control: closed. The bucket refused every change.");
            }
            Lock2::Partly => ("partly open", "The bucket refused some changes only."),
            Lock2::Open => ("open", "The bucket allowed every change it was asked for."),
            Lock2::Unknown => ("unknown", "The bucket gave no clear answer."),
        };
        let remedy = if self.trusted_run {
            "This run is trusted, so that is as it should be. Attack with a pull request's credentials, too."
        } else if self.lock1_holds() {
            concat!(
                "Such credentials can cost you hits, by deleting entries, but can't poison. Policies: ",
                page!("infra/README.md")
            )
        } else {
            concat!(
                "Policies keep the credentials of pull requests out of t: ",
                page!("infra/README.md")
            )
        };
        format!(
            "{}\n    → {remedy}",
            paint.poor(&format!("! Lock 2, access control: {state}. {meaning}"))
        )
    }
}

fn row(attempt: &str, bucket: &str, client: &str) -> String {
    format!("{attempt:<52}{bucket:<10}{client}")
}
