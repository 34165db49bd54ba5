//! Progress on standard error, for whoever watches a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How work of unknown length is shown.
const COUNTING: &str = "{spinner} {msg} {human_pos}";
/// How work of known length is shown.
const OF: &str = "{msg} {wide_bar} {human_pos} of {human_len}, {eta} left";

/// How far a command is. Shows nothing where standard error isn't a terminal.
pub(in crate::cli) struct Progress(ProgressBar);

impl Progress {
    /// Work of unknown length: counts what was done.
    pub(in crate::cli) fn counting(title: &'static str) -> Self {
        Self::with(ProgressBar::no_length(), COUNTING, title)
    }

    /// Work of `total` steps.
    pub(in crate::cli) fn of(title: &'static str, total: u64) -> Self {
        Self::with(ProgressBar::new(total), OF, title)
    }

    fn with(bar: ProgressBar, template: &str, title: &'static str) -> Self {
        // The templates are the two above: what is wrong with them shows in their test.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(title);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// `steps` more are done.
    pub(in crate::cli) fn add(&self, steps: u64) {
        self.0.inc(steps);
    }

    /// How many steps are done.
    pub(in crate::cli) fn done(&self) -> u64 {
        self.0.position()
    }

    /// Does `print`, whose output goes above the bar.
    pub(in crate::cli) fn beside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_valid() {
        let counting = Progress::counting("Reading");
        counting.add(3);
        assert_eq!((counting.0.position(), counting.0.length()), (3, None));
        let of = Progress::of("Reading", 10);
        of.add(4);
        assert_eq!((of.0.position(), of.0.length()), (4, Some(10)));
        assert_eq!(of.beside(|| 1), 1);
        for template in [COUNTING, OF] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
