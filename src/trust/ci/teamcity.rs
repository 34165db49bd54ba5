//! TeamCity: the build's parameters, in a file that `TEAMCITY_BUILD_PROPERTIES_FILE` leads to; variables say nothing.
//! <https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html>

use std::collections::BTreeMap;
use std::io::Read;

use super::super::facts::{Found, RunKind, open_file};
use crate::config::environment::Environment;
use crate::git_ref::GitRef;

/// A build's parameters take some kilobytes.
const MAX_SIZE: u64 = 4 * 1024 * 1024;
/// The full name of each checked-out branch, by the name of its repository.
const BRANCH: &str = "teamcity.build.vcs.branch.";
const REQUEST: &str = "teamcity.pullRequest.";
const REQUEST_REFS: [&str; 4] = [
    "refs/pull/",
    "refs/merge-requests/",
    "refs/pull-requests/",
    "refs/changes/",
];

pub(super) fn facts(environment: &Environment) -> Found {
    if environment
        .get("BUILD_IS_PERSONAL")
        .is_some_and(|personal| personal != "false")
    {
        return RunKind::Outside.because("a personal build");
    }
    let properties = environment.get("TEAMCITY_BUILD_PROPERTIES_FILE").and_then(read);
    let configuration = properties.and_then(|own| read(own.get("teamcity.configuration.properties.file")?));
    let Some(parameters) = configuration else {
        return RunKind::Unknown.because("the build's parameters can't be read");
    };
    of_parameters(&parameters)
}

fn of_parameters(parameters: &BTreeMap<String, String>) -> Found {
    let mut branches: Vec<&str> = parameters
        .iter()
        .filter(|(name, _)| name.starts_with(BRANCH))
        .map(|(_, full)| full.as_str())
        .collect();
    branches.dedup();
    let number = parameters.get("teamcity.pullRequest.number").map(String::as_str);
    let is_request = |full: &&str| REQUEST_REFS.iter().any(|request| full.starts_with(request));
    if branches.iter().any(is_request) {
        return RunKind::pull_request(number);
    }
    if parameters.keys().any(|name| name.starts_with(REQUEST)) {
        // With some hosts, the build of a request is that of its branch.
        let mut names = branches
            .iter()
            .filter_map(|full| full.strip_prefix("refs/heads/"));
        return RunKind::request_or_push(number, names.next());
    }
    // With several repositories, all must be on the same branch.
    match branches[..] {
        [full] => RunKind::on(GitRef::parse(full), RunKind::Push, "a build"),
        _ => RunKind::Unknown.because("a build of no branch or of several"),
    }
}

/// Reads a Java properties file, as far as TeamCity writes them: a line for each, special characters behind `\`.
fn read(path: impl AsRef<str>) -> Option<BTreeMap<String, String>> {
    let mut text = String::new();
    open_file(path.as_ref(), MAX_SIZE)?
        .read_to_string(&mut text)
        .ok()?;
    Some(text.lines().filter_map(property).collect())
}

fn property(line: &str) -> Option<(String, String)> {
    if line.starts_with(['#', '!']) {
        return None;
    }
    let (mut name, mut value) = (String::new(), None::<String>);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, &mut value) {
            ('\\', part) => part.as_mut().unwrap_or(&mut name).extend(chars.next()),
            ('=' | ':', None) => value = Some(String::new()),
            (c, part) => part.as_mut().unwrap_or(&mut name).push(c),
        }
    }
    Some((name.trim().to_owned(), value?.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{kind, rows, text};
    use super::*;

    /// The kind of a build with these parameters, a line for each.
    fn build(parameters: &str, variables: &str) -> RunKind {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let escaped = path("config").replace('\\', "\\\\").replace(':', "\\:");
        std::fs::write(
            path("build"),
            format!("#x\nteamcity.configuration.properties.file={escaped}\n"),
        )
        .unwrap();
        std::fs::write(path("config"), parameters).unwrap();
        let file = format!("TEAMCITY_BUILD_PROPERTIES_FILE={} {variables}", path("build"));
        kind("TEAMCITY_VERSION=2026.1", &file)
    }

    #[test]
    fn tells_what_kind_of_run_this_is() {
        for (parameters, expected) in rows(
            "
            build.vcs.branch.Web=refs/heads/main => push of branch main
            build.vcs.branch.A=refs/heads/main build.vcs.branch.B=refs/heads/main => push of branch main
            build.vcs.branch.Web=refs/pull/5/merge pullRequest.number=5 => request 5
            build.vcs.branch.Web=refs/heads/main pullRequest.number=5 => branch main with request 5
            build.vcs.branch.Web=refs/heads/main pullRequest.source.branch=x => request
            build.vcs.branch.Web=refs/merge-requests/5/head => request
            build.vcs.branch.A=refs/heads/main build.vcs.branch.B=refs/heads/feat => unknown
            build.branch=main => unknown
            build.vcs.branch.Web=<default> => unknown
            => unknown",
        ) {
            let parameters: Vec<_> = parameters
                .split_whitespace()
                .map(|one| format!("teamcity.{one}"))
                .collect();
            assert_eq!(
                text(&build(&parameters.join("\n"), "")),
                expected,
                "{parameters:?}"
            );
        }
    }

    #[test]
    fn a_personal_build_may_hold_changes_that_nobody_pushed() {
        let parameters = "teamcity.build.vcs.branch.Web=refs/heads/main";
        assert_eq!(build(parameters, "BUILD_IS_PERSONAL=true"), RunKind::Outside);
    }

    #[test]
    fn without_its_files_nothing_is_known() {
        assert_eq!(kind("TEAMCITY_VERSION=1", ""), RunKind::Unknown);
        assert_eq!(
            kind("TEAMCITY_VERSION=1", "TEAMCITY_BUILD_PROPERTIES_FILE=/no/file"),
            RunKind::Unknown
        );
    }

    #[test]
    fn properties_have_escaped_names_and_values() {
        let split = |line| property(line).unwrap();
        assert_eq!(split(r"a\:b\=c=C\:\\x=y"), ("a:b=c".into(), r"C:\x=y".into()));
        assert_eq!(split("a : b"), ("a".into(), "b".into()));
        assert_eq!(
            (property("# a=b"), property("a"), property("")),
            (None, None, None)
        );
    }
}
