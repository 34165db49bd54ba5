//! The only check of paths: what comes through here stays inside the outputs.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::error::Fault;

/// How a platform's file systems treat names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Windows' rules: no `\`, `:` and so on, no reserved names such as `NUL`, no dot or space at the end. Elsewhere these are
    /// legal names, which builds do produce.
    pub windows_names: bool,
    /// Names that differ only in case are one name. Such file systems also insist on UTF-8 or UTF-16.
    pub ignores_case: bool,
}

impl Platform {
    /// The defaults of this platform's file systems.
    pub const fn here() -> Self {
        Self {
            windows_names: cfg!(windows),
            ignores_case: cfg!(any(windows, target_os = "macos")),
        }
    }
}

/// A path below an artifact's directory: one or more plain names, separated by `/`. It has no `.`, `..`, empty name or NUL, and
/// nothing that the platform interprets as more than a plain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TreePath(Vec<u8>);

impl TreePath {
    /// Checks `bytes`.
    pub fn parse(bytes: &[u8], platform: Platform) -> Result<Self, Fault> {
        for name in bytes.split(|byte| *byte == b'/') {
            check_name(name, platform)?;
        }
        Ok(Self(bytes.to_vec()))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The names from the top down.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/')
    }

    /// The path for the file system, still relative.
    pub fn to_path(&self) -> PathBuf {
        native(&self.0)
    }
}

/// A link's target that stays inside the outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LinkTarget {
    text: Vec<u8>,
    /// What the target enters and leaves again by `..`. Where that leads is only certain if these are directories, not links.
    left_by_parent: Vec<Vec<u8>>,
}

impl LinkTarget {
    /// Checks `text`, the target of the link at `link`.
    ///
    /// The leading `..` of a target start at the link's own directory, which is a real one, so counting them is enough. After
    /// the first name another link may redirect the path: what `..` leaves there is remembered for
    /// [`stays_inside`](Self::stays_inside).
    pub fn parse(text: &[u8], link: &TreePath, platform: Platform) -> Result<Self, Fault> {
        if text.is_empty() || text.contains(&0) {
            return Err(Fault::LinkUnusable);
        }
        if text.starts_with(b"/") || (platform.windows_names && (has_drive(text) || text.starts_with(b"\\")))
        {
            return Err(Fault::LinkAbsolute);
        }
        let mut path: Vec<&[u8]> = link.names().collect();
        path.pop(); // the link itself
        let mut own = path.len(); // how many of `path` are the link's own directories
        let mut left_by_parent = Vec::new();
        for name in text.split(|byte| *byte == b'/') {
            match name {
                b"" | b"." => {}
                b".." => {
                    if path.len() > own {
                        left_by_parent.push(path.join(&b'/'));
                    }
                    path.pop().ok_or(Fault::LinkLeaves)?;
                    own = own.min(path.len());
                }
                name => {
                    check_name(name, platform)?;
                    path.push(name);
                }
            }
        }
        Ok(Self {
            text: text.to_vec(),
            left_by_parent,
        })
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The target for the file system.
    pub fn to_path(&self) -> PathBuf {
        native(&self.text)
    }

    /// Checks that `..` of the target leaves only directories of the tree at `root`.
    pub fn stays_inside(&self, root: &Path) -> Result<(), Fault> {
        self.stays_among(|path| {
            fs::symlink_metadata(root.join(native(path))).is_ok_and(|found| found.is_dir())
        })
    }

    /// Checks that `..` of the target leaves only directories, whose parents are directories, too.
    pub fn stays_among(&self, is_directory: impl Fn(&[u8]) -> bool) -> Result<(), Fault> {
        let is_real = |path: &Vec<u8>| {
            let slashes = (0..path.len()).filter(|at| path[*at] == b'/');
            slashes.chain([path.len()]).all(|end| is_directory(&path[..end]))
        };
        let real = self.left_by_parent.iter().all(is_real);
        real.then_some(()).ok_or(Fault::LinkUncertain)
    }
}

fn check_name(name: &[u8], platform: Platform) -> Result<(), Fault> {
    if matches!(name, b"" | b"." | b"..") || name.contains(&0) {
        return Err(Fault::UnsafeName);
    }
    if platform.windows_names || platform.ignores_case {
        let text = str::from_utf8(name).map_err(|_| Fault::ForeignName)?;
        if platform.windows_names && !windows_allows(text) {
            return Err(Fault::ForeignName);
        }
    }
    Ok(())
}

/// Whether `text` begins like `C:`.
fn has_drive(text: &[u8]) -> bool {
    matches!(text, [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// Windows' rules for a file name, from "Naming Files, Paths, and Namespaces" in Microsoft's documentation.
fn windows_allows(name: &str) -> bool {
    const FORBIDDEN: &str = "<>:\"/\\|?*";
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_uppercase();
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let is_port = number.is_some_and(|number| {
        let mut digits = number.chars();
        matches!(
            (digits.next(), digits.next()),
            (Some('0'..='9' | '¹' | '²' | '³'), None)
        )
    });
    let is_device = matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    );
    let is_forbidden = |letter| letter < ' ' || FORBIDDEN.contains(letter);
    !is_port && !is_device && !name.ends_with(['.', ' ']) && !name.chars().any(is_forbidden)
}

#[cfg(unix)]
fn native(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

/// On Windows the checks accept only UTF-8, so nothing is lost here.
#[cfg(not(unix))]
fn native(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).split('/').collect()
}

/// A file's name or a link's target as it is in an archive; `None` if it can't be.
#[cfg(unix)]
pub(super) fn portable(name: &std::ffi::OsStr) -> Option<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt;
    Some(name.as_bytes().to_vec())
}

/// A file's name or a link's target as it is in an archive; `None` if it can't be.
#[cfg(not(unix))]
pub(super) fn portable(name: &std::ffi::OsStr) -> Option<Vec<u8>> {
    Some(name.to_str()?.replace('\\', "/").into_bytes())
}

/// `path` without `.` and `..`, going by its text alone.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: Platform = Platform {
        windows_names: false,
        ignores_case: false,
    };
    const WINDOWS: Platform = Platform {
        windows_names: true,
        ignores_case: true,
    };

    fn link(at: &str, target: &str) -> Result<LinkTarget, Fault> {
        LinkTarget::parse(target.as_bytes(), &TreePath::parse(at.as_bytes(), LINUX)?, LINUX)
    }

    fn left_by_parent(at: &str, target: &str) -> Vec<String> {
        let paths = link(at, target).unwrap().left_by_parent.into_iter();
        paths.map(|path| String::from_utf8(path).unwrap()).collect()
    }

    #[test]
    fn a_path_is_split_at_slashes_only() {
        let path = TreePath::parse(b"a\\b/c:d/...", LINUX).unwrap();
        assert_eq!(path.names().collect::<Vec<_>>(), [&b"a\\b"[..], b"c:d", b"..."]);
        assert_eq!(path.as_bytes(), b"a\\b/c:d/...");
        assert_eq!(TreePath::parse(b"a\\b", WINDOWS), Err(Fault::ForeignName));
        assert!(TreePath::parse(b"a b/c.d e", WINDOWS).is_ok());
    }

    #[test]
    fn a_link_may_go_up_as_far_as_the_top() {
        assert!(link("a/b/link", "../..").is_ok());
        assert!(link("a/b/link", "../../c/./d/").is_ok());
        assert_eq!(link("a/b/link", "../../.."), Err(Fault::LinkLeaves));
        assert_eq!(link("link", ".."), Err(Fault::LinkLeaves));
    }

    #[test]
    fn what_a_target_leaves_is_remembered_unless_it_is_the_links_own_directory() {
        assert_eq!(left_by_parent("a/b/link", "../../c/d"), [""; 0]);
        assert_eq!(left_by_parent("a/b/link", "c/../d"), ["a/b/c"]);
        assert_eq!(left_by_parent("a/b/link", "c/d/../.."), ["a/b/c/d", "a/b/c"]);
        // The second `b` may be something else by then.
        assert_eq!(left_by_parent("a/b/link", "../b/../c"), ["a/b"]);
    }

    #[test]
    fn a_target_leaves_only_directories_with_real_parents() {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir_all(scratch.path().join("dist/lib")).unwrap();
        fs::write(scratch.path().join("file"), "").unwrap();
        let stays = |target| link("link", target).unwrap().stays_inside(scratch.path());
        assert_eq!(stays("dist/lib/../.."), Ok(()));
        assert_eq!(stays("file/../a"), Err(Fault::LinkUncertain));
        assert_eq!(stays("missing/../a"), Err(Fault::LinkUncertain));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("dist", scratch.path().join("via")).unwrap();
            assert_eq!(stays("via/lib"), Ok(()));
            assert_eq!(stays("via/lib/../lib"), Err(Fault::LinkUncertain));
            assert_eq!(stays("via/.."), Err(Fault::LinkUncertain));
        }
    }

    #[test]
    fn names_go_to_the_file_system_and_back() {
        for name in ["a", "ü", "a b", "👋"] {
            let path = TreePath::parse(name.as_bytes(), LINUX).unwrap().to_path();
            assert_eq!(portable(path.as_os_str()).unwrap(), name.as_bytes());
        }
    }
}
