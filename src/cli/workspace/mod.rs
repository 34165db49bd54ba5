//! The workspace, found without Nx: by the standalone binary, and by `npx nx-s3-cache` where Nx can't be loaded.

mod jsonc;
mod nx_json;
mod resolve;

use std::io;
use std::path::{Path, PathBuf};

use super::nx_facts::NxFacts;
use crate::config::Config;
use crate::config::environment::Environment;
use crate::trust::{self, RunFacts, System};

/// Where a command runs: what JavaScript finds out for `npx nx-s3-cache`.
#[derive(Clone)]
pub struct Workspace {
    /// The JSON text of the `s3` section of nx.json, `None` when there is none; or why that can't be told. Then no command
    /// may go on as if there were none: it would not know whose signatures are needed.
    pub section: Result<Option<String>, String>,
    /// Its root directory.
    pub root: PathBuf,
    /// Whether this is CI.
    pub ci: bool,
    /// The environment variables.
    pub environment: Environment,
    /// What JavaScript found out about Nx; absent for the standalone binary.
    pub nx_facts: Option<NxFacts>,
}

/// The workspace around the working directory.
pub(super) fn find() -> Result<Workspace, String> {
    let here = std::env::current_dir().map_err(|error| format!("the working directory is gone: {error}"))?;
    let environment = Environment::of_process();
    let ci = is_ci(&environment);
    Ok(Workspace::without_nx(here, environment, ci, None))
}

impl Workspace {
    /// The workspace around the directory `here`, with the nearest nx.json above; without one that directory, where the
    /// environment alone counts. `nx_problem` is why Nx wasn't asked, where it should have been.
    pub fn without_nx(here: PathBuf, environment: Environment, ci: bool, nx_problem: Option<&str>) -> Self {
        let named = environment.get("NX_WORKSPACE_ROOT_PATH").map(PathBuf::from);
        let above = || here.ancestors().find(|directory| has_nx_json(directory));
        let root = named.unwrap_or_else(|| above().unwrap_or(&here).to_owned());
        let section = if has_nx_json(&root) {
            nx_json::section(&root)
        } else {
            Ok(None)
        };
        let explained = |problem: String| match nx_problem {
            Some(cause) => format!("{problem}\nNx could not be asked: {cause}"),
            None => problem,
        };
        Self {
            section: section.map_err(explained),
            root,
            ci,
            environment,
            nx_facts: None,
        }
    }

    pub(super) fn config(&self) -> Result<Config, String> {
        let section = self.section.as_ref().map_err(String::clone)?;
        let config = Config::load(section.as_deref(), &self.environment, self.ci, &self.root);
        config.map_err(|errors| errors.to_string())
    }

    pub(super) fn facts(&self) -> RunFacts {
        trust::detect(&self.environment, self.ci)
    }
}

/// Where Nx keeps its local cache, and the record of its last run.
pub(super) fn cache_directory(workspace: &Workspace) -> PathBuf {
    let named = workspace.environment.get("NX_CACHE_DIRECTORY").map(str::to_owned);
    let named = named.or_else(|| nx_json::cache_directory(&workspace.root));
    workspace.root.join(named.as_deref().unwrap_or(".nx/cache"))
}

/// The file that has the `s3` section: nx.json, or the preset that it extends.
pub(super) fn section_file(workspace: &Workspace) -> String {
    nx_json::preset(&workspace.root).unwrap_or_else(|| "nx.json".to_owned())
}

/// Whether there is an nx.json, readable or not.
fn has_nx_json(directory: &Path) -> bool {
    match directory.join("nx.json").symlink_metadata() {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    }
}

/// What `ci-info` finds out for `npx nx-s3-cache`, less thoroughly.
fn is_ci(environment: &Environment) -> bool {
    let said = environment.get("CI").is_some_and(|value| value != "false");
    said || trust::detect(environment, false).system != System::Developer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(here: &Path) -> Workspace {
        Workspace::without_nx(here.to_owned(), Environment::default(), false, None)
    }

    #[test]
    fn the_nearest_nx_json_above_counts() {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("apps/web");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(root.path().join("nx.json"), r#"{"s3":{"bucket":"b"},"other":1}"#).unwrap();
        let workspace = around(&inside);
        assert_eq!(workspace.section, Ok(Some(r#"{"bucket":"b"}"#.into())));
        assert_eq!(workspace.root, root.path());
        std::fs::write(inside.join("nx.json"), "{}").unwrap();
        assert_eq!(around(&inside).section, Ok(None));
        let named = Environment::from([("NX_WORKSPACE_ROOT_PATH", root.path().to_str().unwrap())]);
        let named = Workspace::without_nx(inside, named, false, None);
        assert_eq!((named.section, named.root), (workspace.section, workspace.root));
    }

    #[test]
    fn only_without_an_nx_json_is_there_no_section() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(around(root.path()).section, Ok(None));
        std::fs::create_dir(root.path().join("nx.json")).unwrap();
        assert!(around(root.path()).section.is_err());
    }

    #[test]
    fn ci_is_known_by_its_own_variable_or_that_of_a_system() {
        for (variables, ci) in [
            ([("CI", "true")], true),
            ([("CI", "false")], false),
            ([("GITHUB_ACTIONS", "true")], true),
            ([("USER", "me")], false),
        ] {
            assert_eq!(is_ci(&Environment::from(variables)), ci, "{variables:?}");
        }
    }
}
