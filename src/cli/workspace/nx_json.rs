//! The `s3` section as Nx finds it, where Nx can't be asked: nx.json may have comments and may extend one preset, whose
//! keys count where nx.json has none of that name.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::jsonc;
use super::resolve::resolve;

/// The text of the `s3` section that nx.json in `root` has or inherits; `None` where neither has one. The error says why
/// that can't be told, and what to do.
pub(super) fn section(root: &Path) -> Result<Option<String>, String> {
    let nx_json = root.join("nx.json");
    let own = read(&nx_json).map_err(|problem| format!("{problem}. Correct it."))?;
    // Nx reads the preset in any case, but its section counts only here.
    if let Some(section) = own.get("s3") {
        return Ok(Some(section.to_string()));
    }
    let unknown = |why: &str| {
        format!(
            "{} has no \"s3\" section of its own, and {why}. Install the workspace's packages first, or put the \
             section into nx.json itself; \"s3\": {{}} will do where the environment has all options.",
            nx_json.display()
        )
    };
    let preset = match own.get("extends") {
        None | Some(Value::Null | Value::Bool(false)) => return Ok(None),
        Some(Value::String(preset)) if preset.is_empty() => return Ok(None),
        Some(Value::String(preset)) => preset,
        Some(_) => return Err(unknown("`extends` isn't the name of a preset")),
    };
    let file =
        resolve(preset, root).ok_or_else(|| unknown(&format!("it extends {preset:?}, which isn't there")))?;
    let inherited =
        read(&file).map_err(|problem| unknown(&format!("of {preset:?}, which it extends, {problem}")))?;
    Ok(inherited.get("s3").map(Value::to_string))
}

/// The directory of Nx's local cache, where nx.json in `root` names one.
pub(super) fn cache_directory(root: &Path) -> Option<String> {
    let own = read(&root.join("nx.json")).ok()?;
    own.get("cacheDirectory")?.as_str().map(str::to_owned)
}

/// The preset whose section counts, since nx.json in `root` has none of its own.
pub(super) fn preset(root: &Path) -> Option<String> {
    let own = read(&root.join("nx.json")).ok()?;
    let preset = own.get("extends")?.as_str()?;
    (!own.contains_key("s3")).then(|| preset.to_owned())
}

fn read(file: &Path) -> Result<Map<String, Value>, String> {
    let unreadable = |cause: &str| format!("{} can't be read: {cause}", file.display());
    let text = fs::read_to_string(file).map_err(|error| unreadable(&error.to_string()))?;
    match jsonc::parse(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(unreadable("it isn't an object")),
        Err(error) => Err(unreadable(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The section of a workspace with these files.
    fn section_of(files: &[(&str, &str)]) -> Result<Option<String>, String> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        section(root.path())
    }

    #[test]
    fn what_nx_reads_is_read() {
        let section = Ok(Some(r#"{"bucket":"b"}"#.to_owned()));
        for text in [
            r#"{"s3": {"bucket": "b"}}"#,
            "\u{feff}{\r\n  // ours\r\n  \"s3\": { \"bucket\": \"b\", },\r\n  /* theirs */ }\r\n",
            r#"{"s3": {"bucket": "other"}, "s3": {"bucket": "b"}}"#,
            r#"{"extends": "gone", "s3": {"bucket": "b"}}"#,
        ] {
            assert_eq!(section_of(&[("nx.json", text)]), section, "{text}");
        }
        for text in [
            "{}",
            r#"{"extends": ""}"#,
            r#"{"extends": null}"#,
            r#"{"S3": {}}"#,
        ] {
            assert_eq!(section_of(&[("nx.json", text)]), Ok(None), "{text}");
        }
        assert_eq!(
            section_of(&[("nx.json", r#"{"s3": null}"#)]),
            Ok(Some("null".into()))
        );
    }

    #[test]
    fn what_nx_does_not_read_is_an_error_without_its_content() {
        for text in [
            "",
            "[]",
            "{",
            "{s3: {}}",
            "{'s3': {}}",
            r#"{"a": hunter2}"#,
            r#"{"a": 1 "s3": {}}"#,
            "{} {}",
            "# x\n{}",
            r#"{"a": 0x1}"#,
            r#"{"a": 1,,}"#,
        ] {
            let problem = section_of(&[("nx.json", text)]).unwrap_err();
            assert!(
                problem.contains("nx.json can't be read: ") && problem.ends_with("Correct it."),
                "{problem}"
            );
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn the_section_of_a_preset_counts_unless_nx_json_has_one() {
        let preset = ("tools/base.json", "{ /* ours */ \"s3\": { \"bucket\": \"b\" } }");
        let extends = |more: &str| format!(r#"{{"extends": "./tools/base.json"{more}}}"#);
        let (inherits, own) = (extends(""), extends(r#", "s3": {"region": "r"}"#));
        let section = section_of(&[("nx.json", &inherits), preset]);
        assert_eq!(section, Ok(Some(r#"{"bucket":"b"}"#.into())));
        let section = section_of(&[("nx.json", &own), preset]);
        assert_eq!(section, Ok(Some(r#"{"region":"r"}"#.into())));
        // As for Nx, what a preset extends doesn't count: a circle is none.
        let circle = ("tools/base.json", r#"{"extends": "../nx.json"}"#);
        assert_eq!(section_of(&[("nx.json", &inherits), circle]), Ok(None));
    }

    #[test]
    fn a_preset_that_can_not_be_read_is_an_error_with_a_remedy() {
        for (text, preset, cause) in [
            (
                r#"{"extends": "@acme/nx/preset.json"}"#,
                "{}",
                "\"@acme/nx/preset.json\", which isn't there",
            ),
            (
                r#"{"extends": "./base.json"}"#,
                "module.exports = {}",
                "base.json can't be read",
            ),
            (
                r#"{"extends": ["./base.json"]}"#,
                "{}",
                "`extends` isn't the name",
            ),
        ] {
            let problem = section_of(&[("nx.json", text), ("base.json", preset)]).unwrap_err();
            assert!(
                problem.contains(cause) && problem.contains("Install the workspace's packages"),
                "{problem}"
            );
        }
    }
}
