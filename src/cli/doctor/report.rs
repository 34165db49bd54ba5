//! What the doctor found: printed step by step, or as one JSON document at the end.

use serde::Serialize;

use crate::cli::print::{self, Paint};
use crate::cli::{BAD, GOOD};
use crate::config::ResolvedOption;

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Good,
    /// Works, but better known.
    Poor,
    Bad,
    /// Not tried, and why.
    Skipped,
}

/// One step, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    name: &'static str,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Step {
    pub(super) fn good(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, State::Good, detail)
    }

    pub(super) fn poor(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, State::Poor, detail)
    }

    pub(super) fn bad(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, State::Bad, detail)
    }

    pub(super) fn skipped(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, State::Skipped, detail)
    }

    fn new(name: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self {
            name,
            state,
            detail: detail.into(),
            remedy: None,
        }
    }

    /// The same with a remedy.
    pub(super) fn with(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }
}

/// An option, as JSON.
#[derive(Serialize)]
struct Setting {
    name: &'static str,
    value: Option<String>,
    origin: String,
}

/// The whole report, as JSON.
#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    version: &'static str,
    platform: String,
    configuration: &'a [Setting],
    steps: &'a [Step],
}

/// All steps so far.
pub(super) struct Report {
    json: bool,
    paint: Paint,
    settings: Vec<Setting>,
    steps: Vec<Step>,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            paint: Paint::of_stdout(),
            settings: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Shows every option that has a value.
    pub(super) fn configured(&mut self, resolved: &[ResolvedOption]) {
        let settings = resolved.iter().map(|option| Setting {
            name: option.name,
            value: option.value.clone(),
            origin: option.origin.to_string(),
        });
        self.settings = settings.collect();
        if self.json {
            return;
        }
        print::out(&self.paint.bold("Configuration"));
        for Setting { name, value, origin } in &self.settings {
            if let Some(value) = value {
                let origin = self.paint.dim(&format!("({origin})"));
                print::out(&format!("  {name:<22} {value} {origin}"));
            }
        }
        print::out(&format!("\n{}", self.paint.bold("Steps")));
    }

    /// Adds a step, which is shown at once.
    pub(super) fn add(&mut self, step: Step) {
        if !self.json {
            print::out(&self.shown(&step));
        }
        self.steps.push(step);
    }

    /// The name and the state of each step.
    #[cfg(test)]
    pub(super) fn states(&self) -> Vec<(&'static str, State)> {
        self.steps.iter().map(|step| (step.name, step.state)).collect()
    }

    /// Ends the report; returns the exit code.
    pub(super) fn finish(self) -> u8 {
        let count = |state| self.steps.iter().filter(|step| step.state == state).count();
        let (bad, poor) = (count(State::Bad), count(State::Poor));
        if self.json {
            print::json(&Document {
                ok: bad == 0,
                version: env!("CARGO_PKG_VERSION"),
                platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
                configuration: &self.settings,
                steps: &self.steps,
            });
        } else {
            print::out(&format!("\n{}", self.verdict(bad, poor)));
        }
        if bad == 0 { GOOD } else { BAD }
    }

    fn verdict(&self, bad: usize, poor: usize) -> String {
        match (bad, poor) {
            (0, 0) => self.paint.good("All is well."),
            (0, poor) => self
                .paint
                .poor(&format!("The cache works; look at the {poor} marked with !.")),
            (bad, _) => self.paint.bad(&format!(
                "The cache does not work as it should: {bad} marked with ✗."
            )),
        }
    }

    fn shown(&self, step: &Step) -> String {
        let mark = match step.state {
            State::Good => self.paint.good("✓"),
            State::Poor => self.paint.poor("!"),
            State::Bad => self.paint.bad("✗"),
            State::Skipped => self.paint.dim("–"),
        };
        let mut text = format!("{mark} {}: {}", step.name, indented(&step.detail));
        if let Some(remedy) = &step.remedy {
            text += &format!("\n    → {}", indented(remedy));
        }
        text
    }
}

/// Further lines below the first.
fn indented(text: &str) -> String {
    text.replace('\n', "\n      ").replace("\n      \n", "\n\n")
}
