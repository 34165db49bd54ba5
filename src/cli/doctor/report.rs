//! What the doctor found: printed step by step, or as one JSON document at the end.

use serde::Serialize;
use serde_json::Value;

use crate::cli::ui::{
    BAD, GOOD,
    print::{self, Paint},
    wrap::{width, wrapped},
};
use crate::config::{Origin, ResolvedOption};

/// Columns of a step's name.
const NAME: usize = 18;
/// Columns before a step's text: two, the mark, a space, the name, a space.
const INDENT: usize = 2 + 2 + NAME + 1;

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

    /// Whether something is wrong.
    pub(super) fn is_bad(&self) -> bool {
        self.state == State::Bad
    }

    /// All of it on one line.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        let remedy = self.remedy.as_deref().unwrap_or_default();
        format!("{}: {} → {remedy}", self.name, self.detail)
    }
}

/// An option, as JSON.
#[derive(Serialize)]
struct Setting {
    name: &'static str,
    value: Option<String>,
    origin: String,
    #[serde(skip)]
    is_default: bool,
}

/// The whole report, as JSON.
#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    version: &'static str,
    platform: String,
    /// What JavaScript found out about Nx.
    nx: &'a Value,
    configuration: &'a [Setting],
    steps: &'a [Step],
}

/// All steps so far.
pub(super) struct Report {
    json: bool,
    paint: Paint,
    /// Columns of a line.
    width: usize,
    /// The part that the next step belongs to, until it is printed.
    heading: Option<&'static str>,
    nx: Value,
    settings: Vec<Setting>,
    steps: Vec<Step>,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            paint: Paint::of_stdout(),
            width: width(),
            heading: None,
            nx: Value::Null,
            settings: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Keeps the facts about Nx for the JSON document.
    pub(super) fn facts(&mut self, nx: &impl Serialize) {
        self.nx = serde_json::to_value(nx).unwrap_or_default();
    }

    /// The steps that follow belong together.
    pub(super) fn part(&mut self, heading: &'static str) {
        self.heading = Some(heading);
    }

    /// Adds a step, which is shown at once.
    pub(super) fn add(&mut self, step: Step) {
        if !self.json {
            if let Some(heading) = self.heading.take() {
                let space = if self.steps.is_empty() { "" } else { "\n" };
                print::out(&format!("{space}{}", self.paint.bold(heading)));
            }
            print::out(&self.shown(&step));
        }
        self.steps.push(step);
    }

    /// Shows what every option is set to; those that nobody set on few lines.
    pub(super) fn configured(&mut self, resolved: &[ResolvedOption], section_file: &str) {
        let settings = resolved.iter().map(|option| Setting {
            name: option.name,
            value: option.value.clone(),
            origin: option.origin.with_section_in(section_file),
            is_default: option.origin == Origin::Default,
        });
        self.settings = settings.collect();
        if self.json {
            return;
        }
        let valued = |is_default| {
            self.settings
                .iter()
                .filter(move |setting| setting.is_default == is_default)
                .filter_map(|setting| Some((setting, setting.value.as_deref()?)))
        };
        for (setting, value) in valued(false) {
            let origin = self.paint.dim(&format!("({})", setting.origin));
            print::out(&format!("    {:<NAME$} {value} {origin}", setting.name));
        }
        let defaults: Vec<String> = valued(true)
            .map(|(setting, value)| format!("{} {value}", setting.name))
            .collect();
        let defaults = wrapped(&defaults.join(", "), INDENT, self.width);
        print::out(&self.paint.dim(&format!("    {:<NAME$} {defaults}", "defaults")));
    }

    /// The steps in these states, each on one line.
    #[cfg(test)]
    pub(super) fn texts(&self, wanted: impl Fn(State) -> bool) -> Vec<String> {
        let steps = self.steps.iter().filter(|step| wanted(step.state));
        steps.map(Step::text).collect()
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
                nx: &self.nx,
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
        let detail = wrapped(&step.detail, INDENT, self.width);
        let mut text = format!("  {mark} {:<NAME$} {detail}", step.name);
        if let Some(remedy) = &step.remedy {
            let arrow = " ".repeat(INDENT);
            text += &format!("\n{arrow}→ {}", wrapped(remedy, INDENT + 2, self.width));
        }
        text
    }
}
