//! What the standard library lacks for trees of files: permission bits, removal despite them, comparison.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::error::Error;
#[cfg(unix)]
use super::header::PERMISSIONS;

/// How much of a file is compared at a time.
const BUFFER: usize = 64 << 10;

/// What is at `path` itself, links not followed; `None` where nothing is.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The permission bits of a file or directory.
#[cfg(unix)]
pub(super) fn mode(found: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt;
    found.mode() & PERMISSIONS
}

/// What a build on another platform would give a file or directory, as Windows has no permission bits.
#[cfg(not(unix))]
pub(super) fn mode(found: &Metadata) -> u32 {
    if found.is_dir() { 0o755 } else { 0o644 }
}

/// Sets the permission bits of what is at `path`, where the platform has any.
pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, mode);
        Ok(())
    }
}

/// Makes files and directories with given permission bits, in as few system calls as possible.
///
/// The process's umask (or a default access list) clears bits. Which ones it leaves is learned from the first files; only
/// files with other bits cost an extra call.
#[derive(Default)]
pub(super) struct Creator {
    #[cfg(unix)]
    left_by_umask: u32,
}

#[cfg(unix)]
impl Creator {
    /// A new file at `path`, open for writing. An existing one is never touched.
    pub fn create_file(&mut self, path: &Path, mode: u32) -> io::Result<File> {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        if mode & !self.left_by_umask != 0 && !self.learn(mode, &file.metadata()?) {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(file)
    }

    /// A new directory at `path` that its owner can fill; returns whether its mode is `mode` already.
    pub fn create_directory(&mut self, path: &Path, mode: u32) -> io::Result<bool> {
        use std::os::unix::fs::DirBuilderExt;
        let open = mode | 0o700;
        fs::DirBuilder::new().mode(open).create(path)?;
        let exact = open & !self.left_by_umask == 0 || self.learn(open, &fs::symlink_metadata(path)?);
        Ok(exact && open == mode)
    }

    /// Whether `found` has the mode that was asked for.
    fn learn(&mut self, asked: u32, found: &Metadata) -> bool {
        let got = mode(found);
        self.left_by_umask |= got & asked;
        got == asked
    }
}

#[cfg(not(unix))]
impl Creator {
    /// A new file at `path`, open for writing. An existing one is never touched.
    pub fn create_file(&mut self, path: &Path, _mode: u32) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    /// A new directory at `path`; returns that there is no mode left to set.
    pub fn create_directory(&mut self, path: &Path, _mode: u32) -> io::Result<bool> {
        fs::create_dir(path).map(|()| true)
    }
}

/// Makes a symbolic link at `link`.
#[cfg(unix)]
pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Makes a symbolic link at `link`: Windows has two kinds, and the target shows which one is needed.
#[cfg(windows)]
pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    use std::os::windows::fs::{symlink_dir, symlink_file};
    let is_directory = link
        .parent()
        .is_some_and(|directory| directory.join(target).is_dir());
    if is_directory {
        symlink_dir(target, link)
    } else {
        symlink_file(target, link)
    }
}

/// Removes the directory `path` and all below it, directories without write permission included. Links are removed,
/// never followed.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unlock(path)?;
            fs::remove_dir_all(path)
        }
        removed => removed,
    }
}

/// Lets us remove names from every directory of the tree.
fn unlock(directory: &Path) -> io::Result<()> {
    set_mode(directory, 0o700)?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether two directories hold the same: names, kinds, permission bits, link targets and content. What can't be read
/// is not the same.
pub(super) fn same_tree(one: &Path, other: &Path) -> bool {
    same_children(one, other).unwrap_or(false)
}

fn same_children(one: &Path, other: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(other)?.is_dir() {
        return Ok(false);
    }
    let (ours, theirs) = (children(one)?, children(other)?);
    if !ours.keys().eq(theirs.keys()) {
        return Ok(false);
    }
    for ((name, ours), theirs) in ours.iter().zip(theirs.values()) {
        let alike = ours.file_type() == theirs.file_type() && mode(ours) == mode(theirs);
        if !alike || !same_content(&one.join(name), &other.join(name), (ours, theirs))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn children(directory: &Path) -> io::Result<BTreeMap<OsString, Metadata>> {
    // `DirEntry::metadata` does not follow links.
    fs::read_dir(directory)?
        .map(|entry| entry.and_then(|found| Ok((found.file_name(), found.metadata()?))))
        .collect()
}

/// Compares what is at two paths of the same kind.
fn same_content(one: &Path, other: &Path, (ours, theirs): (&Metadata, &Metadata)) -> io::Result<bool> {
    if ours.is_dir() {
        same_children(one, other)
    } else if ours.is_symlink() {
        Ok(fs::read_link(one)? == fs::read_link(other)?)
    } else if ours.is_file() {
        Ok(ours.len() == theirs.len() && same_bytes(one, other)?)
    } else {
        Ok(false)
    }
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let open = |path| File::open(path).map(|file| BufReader::with_capacity(BUFFER, file));
    let (mut one, mut other) = (open(one)?, open(other)?);
    loop {
        let (ours, theirs) = (one.fill_buf()?, other.fill_buf()?);
        let length = ours.len().min(theirs.len());
        if ours[..length] != theirs[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(ours.is_empty() && theirs.is_empty());
        }
        one.consume(length);
        other.consume(length);
    }
}
