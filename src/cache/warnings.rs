//! What the user is told: each kind of trouble once a run, with its cause, its effect and the remedy.

use std::collections::HashSet;

use parking_lot::Mutex;

/// One warning, ready to be printed by whoever drives the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// One line: what happened.
    pub title: String,
    /// Cause, effect on the build and remedy, a line each.
    pub body: Vec<String>,
}

/// Collects warnings until somebody takes them.
#[derive(Default)]
pub struct Warnings {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    told: HashSet<String>,
    waiting: Vec<Warning>,
}

impl Warnings {
    /// Adds a warning unless one of the same `kind` was added before.
    pub fn once(&self, kind: &str, title: impl Into<String>, body: impl Into<Vec<String>>) {
        let mut state = self.state.lock();
        if state.told.insert(kind.to_owned()) {
            state.waiting.push(Warning {
                title: title.into(),
                body: body.into(),
            });
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
    fn each_kind_is_told_once_a_run() {
        let warnings = Warnings::default();
        warnings.once("a", "first", []);
        warnings.once("a", "again", []);
        warnings.once("b", "other", ["why".into()]);
        let titles: Vec<_> = warnings.take().into_iter().map(|warning| warning.title).collect();
        assert_eq!(titles, ["first", "other"]);
        warnings.once("a", "much later", []);
        assert!(warnings.take().is_empty());
    }
}
