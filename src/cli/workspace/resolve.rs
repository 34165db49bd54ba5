//! Which file an `extends` of nx.json names: what Node's `require.resolve` finds, as Nx calls it.
//!
//! The algorithm is in Node's documentation, "Modules: CommonJS modules" and "Modules: Packages". What only some machines
//! have isn't looked at: `NODE_PATH`, folders in the home directory, Plug'n'Play. A preset there counts as missing.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use jsonc_parser::ast::{Object, Value};

use super::jsonc;

const EXTENSIONS: [&str; 3] = [".js", ".json", ".node"];
const CONDITIONS: [&str; 4] = ["node", "require", "node-addons", "default"];

/// The file that `request` stands for in the workspace at `root`, where there is one.
pub(super) fn resolve(request: &str, root: &Path) -> Option<PathBuf> {
    // Where Nx looks: a workspace without a package.json keeps Nx and its plugins in a place of their own.
    let starts = [root.join(".nx/installation"), root.to_owned()];
    let mut starts = starts.iter().filter(|start| start.is_dir());
    let first_name = request.split(['/', '\\']).next().unwrap_or_default();
    if matches!(first_name, "." | "..") || Path::new(request).is_absolute() {
        return starts.find_map(|start| file_or_directory(&start.join(request)));
    }
    let (name, subpath) = split(request);
    for directory in starts.flat_map(|start| start.ancestors()) {
        let modules = directory.join("node_modules");
        if let Some(exported) = exported(&modules.join(name), subpath) {
            return exported;
        }
        if let Some(file) = file_or_directory(&modules.join(request)) {
            return Some(file);
        }
    }
    None
}

/// A package's name, and what follows it.
fn split(request: &str) -> (&str, &str) {
    let scope = if request.starts_with('@') {
        request.find('/').map_or(0, |slash| slash + 1)
    } else {
        0
    };
    let end = request[scope..]
        .find('/')
        .map_or(request.len(), |slash| scope + slash);
    request.split_at(end)
}

fn file_or_directory(path: &Path) -> Option<PathBuf> {
    file(path).or_else(|| {
        let index = || file(&path.join("index"));
        main(path).or_else(index).filter(|_| path.is_dir())
    })
}

/// `path`, or with one of the extensions that may be left out.
fn file(path: &Path) -> Option<PathBuf> {
    let with = |extension: &str| {
        let mut name = OsString::from(path);
        name.push(extension);
        PathBuf::from(name)
    };
    let mut places = [""].into_iter().chain(EXTENSIONS).map(with);
    places.find(|place| place.is_file())
}

/// What a package names as its main file.
fn main(package: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    let manifest = jsonc::parse_in_order(&text)?;
    let main = package.join(manifest.as_object()?.get_string("main")?.value.as_ref());
    file(&main).or_else(|| file(&main.join("index")))
}

/// What `package` exports as `subpath`, empty or with a `/` in front; `None` when it doesn't say what it exports.
fn exported(package: &Path, subpath: &str) -> Option<Option<PathBuf>> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    let manifest = jsonc::parse_in_order(&text)?;
    let exports = &manifest.as_object()?.get("exports")?.value;
    let target = match exports {
        Value::NullKeyword(_) => return None,
        Value::Object(paths) if is_by_path(paths) => by_path(paths, &format!(".{subpath}")),
        whole => Some((whole, String::new())).filter(|_| subpath.is_empty()),
    };
    let path = target.and_then(|(target, star)| by_condition(target, &star));
    Some(path.map(|path| package.join(path)).filter(|path| path.is_file()))
}

/// Whether the keys are paths. Otherwise they are conditions.
fn is_by_path(exports: &Object<'_>) -> bool {
    let first = exports.properties.first();
    first.is_some_and(|property| property.name.as_str().starts_with('.'))
}

/// The export of `path`, and what a `*` in it stands for.
fn by_path<'a, 't>(exports: &'a Object<'t>, path: &str) -> Option<(&'a Value<'t>, String)> {
    if let Some(exact) = exports.get(path).filter(|_| !path.contains('*')) {
        return Some((&exact.value, String::new()));
    }
    let matching = exports.properties.iter().filter_map(|property| {
        let (before, after) = property.name.as_str().split_once('*')?;
        let star = path.strip_prefix(before)?.strip_suffix(after)?;
        (!star.is_empty()).then(|| (before.len(), after.len(), (&property.value, star.to_owned())))
    });
    let closest = matching.max_by_key(|(before, after, _)| (*before, *after));
    closest.map(|(_, _, export)| export)
}

/// The first path in `target` whose conditions hold.
fn by_condition(target: &Value<'_>, star: &str) -> Option<String> {
    match target {
        Value::StringLit(path) => {
            let path = path.value.strip_prefix("./")?.replace('*', star);
            let leaves = |name| matches!(name, "." | ".." | "node_modules");
            (!path.split(['/', '\\']).any(leaves)).then_some(path)
        }
        Value::Array(several) => several
            .elements
            .iter()
            .find_map(|target| by_condition(target, star)),
        Value::Object(conditions) => {
            let properties = conditions.properties.iter();
            properties
                .filter(|property| CONDITIONS.contains(&property.name.as_str()))
                // What is null under a condition that holds isn't exported.
                .take_while(|property| !matches!(property.value, Value::NullKeyword(_)))
                .find_map(|property| by_condition(&property.value, star))
        }
        Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `request` is in a workspace with these files, which are empty unless something is given.
    fn resolved(files: &[(&str, &str)], request: &str) -> Option<String> {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("shop");
        fs::create_dir(&root).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = resolve(request, &root)?;
        let found = found
            .strip_prefix(&root)
            .or(found.strip_prefix(place.path()))
            .unwrap();
        let plain: PathBuf = found.components().collect();
        Some(plain.to_str().unwrap().replace('\\', "/"))
    }

    #[test]
    fn paths_start_at_the_workspace_and_extensions_may_be_left_out() {
        let files = [
            ("base.json", ""),
            ("dir/index.json", ""),
            (".nx/installation/own.json", ""),
        ];
        for (request, file) in [
            ("./base.json", Some("base.json")),
            ("./base", Some("base.json")),
            ("./dir", Some("dir/index.json")),
            ("./own.json", Some(".nx/installation/own.json")),
            ("./other.json", None),
            ("base.json", None),
        ] {
            assert_eq!(resolved(&files, request).as_deref(), file, "{request}");
        }
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.json");
        fs::write(&file, "").unwrap();
        assert_eq!(resolve(file.to_str().unwrap(), Path::new("/")), Some(file));
    }

    #[test]
    fn packages_are_looked_for_upwards_from_the_workspace() {
        let above = [("../node_modules/@acme/nx/preset.json", "")];
        for (request, file) in [
            ("@acme/nx/preset.json", Some("node_modules/@acme/nx/preset.json")),
            ("@acme/nx/preset", Some("node_modules/@acme/nx/preset.json")),
            ("@acme/nx", None),
            ("@acme/other/preset.json", None),
        ] {
            assert_eq!(resolved(&above, request).as_deref(), file, "{request}");
        }
    }

    #[test]
    fn a_package_is_its_main_file_or_index() {
        let main = ("node_modules/p/package.json", r#"{ "main": "./lib/nx" }"#);
        for (files, file) in [
            (
                vec![main, ("node_modules/p/lib/nx.json", "")],
                "node_modules/p/lib/nx.json",
            ),
            (
                vec![main, ("node_modules/p/lib/nx/index.json", "")],
                "node_modules/p/lib/nx/index.json",
            ),
            (
                vec![main, ("node_modules/p/index.json", "")],
                "node_modules/p/index.json",
            ),
            (vec![("node_modules/p.json", "")], "node_modules/p.json"),
        ] {
            assert_eq!(resolved(&files, "p").as_deref(), Some(file));
        }
    }

    #[test]
    fn exports_decide_alone_where_a_package_has_them() {
        let files = |exports| {
            [
                ("node_modules/p/package.json", exports),
                ("node_modules/p/dist/a.json", ""),
                ("node_modules/p/dist/b.json", ""),
                ("node_modules/p/a.json", ""),
                ("node_modules/p/index.json", ""),
            ]
        };
        for (exports, request, file) in [
            (r#"{ "exports": "./a.json" }"#, "p", Some("a.json")),
            (r#"{ "exports": "./a.json" }"#, "p/a.json", None),
            (r#"{ "exports": null }"#, "p/a.json", Some("a.json")),
            (r#"{ "exports": {} }"#, "p/a.json", None),
            (
                r#"{ "exports": { "./*": "./dist/*.json" } }"#,
                "p/a",
                Some("dist/a.json"),
            ),
            (r#"{ "exports": { "./*": "./dist/*.json" } }"#, "p/a.json", None),
            (
                r#"{ "exports": { "./*": "./dist/*.json", "./*.json": "./dist/*.json" } }"#,
                "p/a.json",
                Some("dist/a.json"),
            ),
            (
                r#"{ "exports": { "./*": "./*", "./a.json": "./dist/b.json" } }"#,
                "p/a.json",
                Some("dist/b.json"),
            ),
            (
                r#"{ "exports": { ".": { "import": "./a.json", "require": "./dist/a.json" } } }"#,
                "p",
                Some("dist/a.json"),
            ),
            (
                r#"{ "exports": { "default": "./a.json", "require": "./dist/a.json" } }"#,
                "p",
                Some("a.json"),
            ),
            (
                r#"{ "exports": [{ "import": "./a.json" }, "./dist/b.json"] }"#,
                "p",
                Some("dist/b.json"),
            ),
            (r#"{ "exports": { "./*": "./dist/../*" } }"#, "p/a.json", None),
            (r#"{ "exports": { "./*": "./dist/*" } }"#, "p/../a.json", None),
            (
                r#"{ "exports": { "require": null, "default": "./a.json" } }"#,
                "p",
                None,
            ),
            (r#"{ "exports": "./gone.json" }"#, "p", None),
        ] {
            let file = file.map(|file| format!("node_modules/p/{file}"));
            assert_eq!(resolved(&files(exports), request), file, "{exports} {request}");
        }
    }
}
