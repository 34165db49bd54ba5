//! The workspace of the standalone binary: the nearest nx.json, read as it is. Unlike `npx nx-s3-cache` it follows no
//! `extends` and takes no comments.

use std::path::Path;

use serde_json::Value;

use super::Workspace;
use crate::config::environment::Environment;
use crate::trust::{self, System};

/// The workspace around the working directory; without an nx.json that directory, and the environment alone counts.
pub(super) fn find() -> Result<Workspace, String> {
    let here = std::env::current_dir().map_err(|error| format!("the working directory is gone: {error}"))?;
    let environment = Environment::of_process();
    Ok(Workspace {
        ci: is_ci(&environment),
        environment,
        ..around(&here)?
    })
}

fn around(here: &Path) -> Result<Workspace, String> {
    let root = here
        .ancestors()
        .find(|directory| directory.join("nx.json").is_file());
    let section = root.map(|root| section(&root.join("nx.json"))).transpose()?;
    Ok(Workspace {
        section: section.flatten(),
        root: root.unwrap_or(here).to_owned(),
        ..Workspace::default()
    })
}

/// The text of the `s3` section of this nx.json.
fn section(nx_json: &Path) -> Result<Option<String>, String> {
    let unreadable = |cause: String| {
        format!(
            "{} can't be read: {cause}. (Comments in it are fine for `npx nx-s3-cache`, which reads it as Nx does.)",
            nx_json.display()
        )
    };
    let text = std::fs::read_to_string(nx_json).map_err(|error| unreadable(error.to_string()))?;
    let nx_json: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    Ok(nx_json.get("s3").map(Value::to_string))
}

/// What `ci-info` finds out for `npx nx-s3-cache`, less thoroughly.
fn is_ci(environment: &Environment) -> bool {
    let said = environment.get("CI").is_some_and(|value| value != "false");
    said || trust::detect(environment, false).system != System::Developer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_nx_json_above_counts() {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("apps/web");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(root.path().join("nx.json"), r#"{"s3":{"bucket":"b"},"other":1}"#).unwrap();
        let workspace = around(&inside).unwrap();
        assert_eq!(workspace.section.as_deref(), Some(r#"{"bucket":"b"}"#));
        assert_eq!(workspace.root, root.path());
        std::fs::write(inside.join("nx.json"), "{}").unwrap();
        assert_eq!(around(&inside).unwrap().section, None);
    }

    #[test]
    fn an_nx_json_with_comments_is_named_with_another_way() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("nx.json"), "{ // our cache\n}").unwrap();
        let problem = around(root.path()).err().unwrap();
        assert!(
            problem.contains("nx.json can't be read") && problem.contains("npx nx-s3-cache"),
            "{problem}"
        );
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
