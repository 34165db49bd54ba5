//! ARCHITECTURE.md is true: the paths it names exist, imports point down as it says, and no modules import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// Modules by path (`cache::store`; a folder's is its `mod.rs`), with those that each imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| sources(folder));
    files.into_iter().chain(below).collect()
}

/// The module's path, without `mod`, `lib` and `main`.
fn module(file: &Path) -> String {
    let path = file.strip_prefix(root().join("src")).unwrap().with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap());
    let names: Vec<_> = names
        .filter(|name| !["mod", "lib", "main"].contains(name))
        .collect();
    names.join("::")
}

/// The source without comments, strings, tests and new names.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let tests = Regex::new(r"(?m)^#\[cfg\(.*\btest\b.*\)\]\n(pub.* )?mod \w+ \{").unwrap();
    let text = tests
        .find(&text)
        .map_or(text.as_str(), |tests| &text[..tests.start()]);
    let text = Regex::new(r"//.*").unwrap().replace_all(text, "");
    let text = Regex::new(r"'(\\.|[^'\\])'").unwrap().replace_all(&text, "");
    let text = Regex::new(r#""(\\.|[^"\\])*""#).unwrap().replace_all(&text, "");
    let rest = Regex::new(r"pub\(in [\w:]+\)|\s+as\s+\w+").unwrap();
    rest.replace_all(&text, "").into_owned()
}

/// The paths of a `use`, of which some share a beginning.
fn expand(start: &str, tree: &str) -> Vec<String> {
    let (mut depth, mut item, mut items) = (0, String::new(), Vec::new());
    for letter in tree.chars().filter(|letter| !letter.is_whitespace()).chain([',']) {
        match letter {
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            letter => {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                item.push(letter);
            }
        }
    }
    let items = items.into_iter().filter(|item| !item.is_empty());
    items
        .flat_map(|item| match item.split_once('{') {
            Some((more, rest)) => expand(&format!("{start}{more}"), rest.strip_suffix('}').unwrap()),
            None => vec![format!("{start}{item}")],
        })
        .collect()
}

/// What `path`, as `module` writes it, is from the crate's root.
fn absolute(module: &str, path: &str) -> String {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut names = path.split("::").peekable();
    match names.next() {
        Some("crate") => base.clear(),
        Some("super") => {
            base.pop();
            while names.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        Some("self") => {}
        Some(child) => base.push(child),
        None => {}
    }
    base.into_iter().chain(names).collect::<Vec<_>>().join("::")
}

fn imports() -> Imports {
    let files = sources(&root().join("src"));
    let is_code = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "rs");
    let is_test = |file: &PathBuf| file.iter().any(|name| name == "tests" || name == "tests.rs");
    let files = files.iter().filter(|file| is_code(file) && !is_test(file));
    let files: BTreeMap<String, &PathBuf> = files.map(|file| (module(file), file)).collect();
    let uses = Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?use ([^;]+);").unwrap();
    let inline = Regex::new(r"\b(?:(?:crate|self|super)::)?(?:[a-z_]\w*::)+").unwrap();
    let mut imports = Imports::new();
    for (module, file) in files.iter().filter(|(module, _)| !module.is_empty()) {
        let code = code(file);
        let mut paths: Vec<String> = uses
            .captures_iter(&code)
            .flat_map(|found| expand("", &found[1]))
            .collect();
        let rest = uses.replace_all(&code, "");
        paths.extend(
            inline
                .find_iter(&rest)
                .map(|path| path.as_str().trim_end_matches(':').to_owned()),
        );
        let targets = paths.iter().filter_map(|path| {
            let path = absolute(module, path);
            let ends = path.match_indices("::").map(|(end, _)| end).chain([path.len()]);
            ends.map(|end| &path[..end])
                .filter(|path| files.contains_key(*path))
                .last()
                .map(str::to_owned)
        });
        let targets = targets.filter(|target| target != module && !target.is_empty());
        imports.insert(module.clone(), targets.collect());
    }
    imports
}

fn reachable<'a>(imports: &'a Imports, from: &'a str, seen: &mut BTreeSet<&'a str>) {
    for next in &imports[from] {
        if seen.insert(next) {
            reachable(imports, next, seen);
        }
    }
}

#[test]
fn every_path_that_the_document_names_exists() {
    let document = document();
    let quoted = Regex::new(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:rs|ts))`").unwrap();
    let links = Regex::new(r"\]\(([\w./-]+)\)").unwrap();
    let places = ["", "src", "ts"].map(|place| root().join(place));
    let named = quoted
        .captures_iter(&document)
        .chain(links.captures_iter(&document));
    let missing: Vec<String> = named
        .map(|found| found[1].to_owned())
        .filter(|path| {
            let forms = [path.clone(), format!("{path}.rs"), format!("{path}.ts")];
            !forms
                .iter()
                .any(|path| places.iter().any(|place| place.join(path).exists()))
        })
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn imports_point_down() {
    let document = document();
    let (_, layers) = document.split_once("## Imports point down\n\n```\n").unwrap();
    let (layers, _) = layers.split_once("```").unwrap();
    let mut rank = BTreeMap::new();
    for (row, names) in layers.lines().enumerate() {
        rank.extend(names.split(", ").map(|name| (name, row)));
    }
    let top = |module: &str| module.split("::").next().unwrap().to_owned();
    let mut upwards = BTreeSet::new();
    for (module, targets) in imports() {
        let row = *rank
            .get(top(&module).as_str())
            .unwrap_or_else(|| panic!("no layer has {module}"));
        let above = targets
            .into_iter()
            .filter(|target| rank[top(target).as_str()] < row);
        upwards.extend(above.map(|target| format!("{module} -> {target}")));
    }
    assert_eq!(upwards, BTreeSet::new());
}

#[test]
fn no_modules_import_each_other() {
    let imports = imports();
    let mut circles = BTreeSet::new();
    for module in imports.keys() {
        let mut seen = BTreeSet::new();
        reachable(&imports, module, &mut seen);
        if seen.contains(module.as_str()) {
            circles.insert(module.as_str());
        }
    }
    assert_eq!(circles, BTreeSet::new());
}
