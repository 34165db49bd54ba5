//! The warnings of a run: each kind of trouble once, with its cause, its effect and the remedy.

use std::collections::HashSet;

use parking_lot::Mutex;

use crate::code::Code;

/// One warning, ready to be printed by whoever drives the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub code: Code,
    /// One line: what happened.
    pub title: String,
    /// Cause, effect on the build, remedy and where to read more, a line each.
    pub body: Vec<String>,
}

/// Collects warnings until somebody takes them.
#[derive(Default)]
pub struct Warnings {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: HashSet<Code>,
    waiting: Vec<Warning>,
}

impl Warnings {
    /// Adds a warning unless one of the same `code` was added before.
    pub fn once(&self, code: Code, title: impl Into<String>, body: impl Into<Vec<String>>) {
        let mut state = self.state.lock();
        if state.seen.insert(code) {
            let mut body: Vec<String> = body.into();
            body.push(code.see());
            let title = title.into();
            state.waiting.push(Warning { code, title, body });
        }
    }

    /// The warnings since the last call.
    pub fn take(&self) -> Vec<Warning> {
        std::mem::take(&mut self.state.lock().waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_reported_once_a_run() {
        let warnings = Warnings::default();
        warnings.once(Code::Off, "first", []);
        warnings.once(Code::Off, "again", []);
        warnings.once(Code::Disk, "other", ["why".into()]);
        let titles: Vec<_> = warnings.take().into_iter().map(|warning| warning.title).collect();
        assert_eq!(titles, ["first", "other"]);
        warnings.once(Code::Off, "much later", []);
        assert!(warnings.take().is_empty());
    }
}
