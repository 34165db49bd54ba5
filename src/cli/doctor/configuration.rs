//! What is configured, and what this run may therefore do.

use super::report::{Report, Step};
use super::seen::Seen;
use crate::cli::workspace::{Workspace, section_file};
use crate::config::{Config, Mode, ResolvedOption};
use crate::trust::Access;

/// Reads the configuration and shows it; `None` where it is wrong.
pub(super) fn examine(workspace: &Workspace, report: &mut Report) -> Option<Config> {
    const STEP: &str = "configuration";
    let config = match workspace.config() {
        Ok(config) => config,
        Err(problem) => {
            report.add(Step::bad(STEP, problem));
            return None;
        }
    };
    let bucket = &config.bucket;
    let server = bucket.endpoint.as_deref().unwrap_or("AWS");
    report.add(Step::good(STEP, format!("bucket {:?} at {server}", bucket.name)));
    report.configured(&config.resolved, &section_file(workspace));
    for unknown in &config.unknown {
        report.add(Step::poor(STEP, format!("ignored: {unknown}")));
    }
    for notice in &config.notices {
        report.add(Step::poor(STEP, notice.clone()));
    }
    report.add(mode(&config, workspace.ci));
    Some(config)
}

/// The mode, and what set it.
fn mode(config: &Config, ci: bool) -> Step {
    const STEP: &str = "mode";
    let (of_place, place) = if ci {
        ("ciMode", "in CI")
    } else {
        ("localMode", "outside CI")
    };
    let valued = |name| move |option: &&ResolvedOption| option.name == name && option.value.is_some();
    let resolved = || config.resolved.iter();
    let why = match (resolved().find(valued("mode")), resolved().find(valued(of_place))) {
        (Some(option), _) => option.origin.to_string(),
        (None, Some(option)) => format!("{of_place}, {place}: {}", option.origin),
        (None, None) => place.to_owned(),
    };
    let detail = format!("{} ({why})", config.mode);
    if config.mode == Mode::NoCache {
        return Step::poor(STEP, detail)
            .with("The remote cache is switched off here. Change the mode if it is meant to work.");
    }
    Step::good(STEP, detail)
}

/// What this run may read and write, and why.
pub(super) fn trusted(access: &Access, report: &mut Report) {
    report.add(Step::good("scope", access.why.clone()));
    for warning in &access.warnings {
        report.add(Step::poor("trust", warning.title()).with(warning.body().join("\n")));
    }
}

/// Whether the server keeps checksums of objects.
pub(super) fn checksums(config: &Config, seen: &Seen) -> Step {
    const STEP: &str = "checksums";
    if config.bucket.disable_checksum {
        Step::skipped(
            STEP,
            "switched off by `disableChecksum`; what is restored is verified all the same",
        )
    } else if seen.has_checksums() {
        Step::good(STEP, "the server takes them and gives them back")
    } else {
        Step::good(
            STEP,
            "the server takes them, and does not give them back; what is restored is verified all the same",
        )
    }
}
