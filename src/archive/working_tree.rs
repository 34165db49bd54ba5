//! What an archive may write where other files are.

use std::path::{Path, PathBuf};

use super::error::Fault;
use super::header::ItemKind;
use super::path::{plain, portable};

/// What an archive may write into a working tree: nothing in `.git` and, if the caller names paths, only what is at or below
/// one of them.
///
/// Outputs of tasks have no such rule. They go to Nx's cache directory, and a task may well make a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingTree {
    only: Vec<Vec<u8>>,
}

/// A path that names nothing below the working directory.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is not a path below {directory}")]
pub struct NotBelow {
    /// As it was given.
    pub path: PathBuf,
    /// Where relative paths start.
    pub directory: PathBuf,
}

impl WorkingTree {
    /// The tree at `directory`, of which only `paths` may be written; all of it when there are none.
    pub fn only(directory: &Path, paths: &[PathBuf]) -> Result<Self, NotBelow> {
        let base = plain(directory);
        let below = |path: &PathBuf| {
            let whole = plain(&directory.join(path));
            let names = whole.strip_prefix(&base).ok()?.components();
            let names: Vec<Vec<u8>> = names
                .map(|name| portable(name.as_os_str()))
                .collect::<Option<_>>()?;
            (!names.is_empty()).then(|| names.join(&b'/'))
        };
        let outside = |path: &PathBuf| NotBelow {
            path: path.clone(),
            directory: directory.to_owned(),
        };
        let only = paths.iter().map(|path| below(path).ok_or_else(|| outside(path)));
        Ok(Self {
            only: only.collect::<Result<_, _>>()?,
        })
    }

    /// Whether an archive may have an entry of this `kind` at `path`, a link with this `target`.
    pub(super) fn allow(&self, kind: ItemKind, path: &[u8], target: &[u8]) -> Result<(), Fault> {
        if is_git(path) || is_git(target) {
            return Err(Fault::Git);
        }
        let allowed = |only: &Vec<u8>| {
            // A directory may also lead to what may be written.
            is_within(path, only) || (kind == ItemKind::Directory && is_within(only, path))
        };
        if self.only.is_empty() || self.only.iter().any(allowed) {
            Ok(())
        } else {
            Err(Fault::NotNamed)
        }
    }
}

fn is_within(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// Whether `path` has a name that Git, on any system, takes for the directory of a repository. These are Git's own rules: case
/// is ignored; NTFS also has it as `git~1`, drops dots and spaces at the end, and has streams after a `:`; HFS+ ignores some
/// characters.
fn is_git(path: &[u8]) -> bool {
    path.split(|byte| matches!(byte, b'/' | b'\\')).any(is_git_name)
}

fn is_git_name(name: &[u8]) -> bool {
    // Nearly every name ends here; an ignored character isn't ASCII.
    if !matches!(name.first(), Some(b'.' | b'g' | b'G' | 0x80..)) {
        return false;
    }
    let text = String::from_utf8_lossy(name);
    let seen: String = text
        .chars()
        .filter(|letter| !ignored_by_hfs(*letter))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let name = seen.split(':').next().unwrap_or_default();
    match name.trim_end_matches(['.', ' ']) {
        ".git" => true,
        name => name
            .strip_prefix("git~")
            .is_some_and(|number| number.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit())),
    }
}

/// What HFS+ ignores in names, from Git's list; here also what isn't UTF-8.
fn ignored_by_hfs(letter: char) -> bool {
    matches!(letter,
        '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(paths: &[&str]) -> Result<WorkingTree, NotBelow> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        WorkingTree::only(Path::new("/work/shop"), &paths)
    }

    #[test]
    fn only_named_paths_may_be_written_and_the_directories_that_lead_there() {
        let tree = only(&["./apps/web/.next/", "node_modules", "/work/shop/a/../file"]).unwrap();
        for (path, file, directory) in [
            ("node_modules", true, true),
            ("node_modules/a/b", true, true),
            ("file", true, true),
            ("apps", false, true),
            ("apps/web", false, true),
            ("apps/web/.next/x", true, true),
            ("apps/web/.nextx", false, false),
            ("app", false, false),
            ("package.json", false, false),
            ("Node_modules", false, false),
        ] {
            let kinds = [ItemKind::File, ItemKind::Link, ItemKind::Directory];
            let allowed = kinds.map(|kind| tree.allow(kind, path.as_bytes(), b"").is_ok());
            assert_eq!(allowed, [file, file, directory], "{path}");
        }
        assert_eq!(only(&[]).unwrap().allow(ItemKind::File, b"anything", b""), Ok(()));
    }

    #[test]
    fn paths_outside_the_directory_are_refused() {
        let outside = [
            "",
            ".",
            "./",
            "..",
            "../other",
            "/",
            "/work",
            "/work/shopping",
            "a/..",
        ];
        for path in outside {
            assert_eq!(only(&["node_modules", path]).unwrap_err().path, Path::new(path));
        }
    }

    #[test]
    fn nothing_in_git_is_written_and_no_link_leads_there() {
        let tree = only(&["node_modules"]).unwrap();
        let git = Err(Fault::Git);
        assert_eq!(tree.allow(ItemKind::Directory, b".git", b""), git);
        assert_eq!(
            tree.allow(ItemKind::File, b"node_modules/a/.git/hooks/x", b""),
            git
        );
        assert_eq!(
            tree.allow(ItemKind::Link, b"node_modules/a", b"../.git/hooks"),
            git
        );
        assert_eq!(
            tree.allow(ItemKind::Link, b"node_modules/a", b"../.github"),
            Ok(())
        );
    }

    #[test]
    fn git_is_recognized_under_every_name_that_a_file_system_has_for_it() {
        for path in [
            ".git",
            ".GIT",
            ".gIt/config",
            "a/.git/hooks/x",
            ".git.",
            ".git . .",
            ".git::$INDEX_ALLOCATION",
            ".git:x",
            "git~1",
            "GIT~1/hooks",
            "git~2. ",
            "a\\.git\\config",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".git\u{206f}/x",
            ".\u{202e}GIT .",
        ] {
            assert!(is_git(path.as_bytes()), "{path:?}");
        }
        assert!(is_git(b".git\xff"));
        for path in [
            "",
            "git",
            ".gi",
            ".gitignore",
            ".github/x",
            ".git-x",
            ". git",
            "..git",
            "x.git",
            "git~",
            "git~x",
            "git~12",
            ".git_",
            ".g/it",
            ".gît",
            " .git",
        ] {
            assert!(!is_git(path.as_bytes()), "{path:?}");
        }
    }
}
