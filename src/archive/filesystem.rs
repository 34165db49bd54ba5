//! What the standard library lacks for trees of files: permission bits, links, and removal despite permission bits.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::error::Error;
#[cfg(unix)]
use super::header::PERMISSIONS;

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

/// The permission bits of an open file.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "Windows reads the file")]
pub(super) fn file_mode(found: &Metadata, _file: &mut File) -> io::Result<u32> {
    Ok(mode(found))
}

/// The permission bits that an open file would have elsewhere, by how it begins.
#[cfg(not(unix))]
pub(super) fn file_mode(found: &Metadata, file: &mut File) -> io::Result<u32> {
    use std::io::{Read, Seek};
    let mut start = Vec::new();
    (&*file).take(4).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(if is_program(&start) { 0o755 } else { mode(found) })
}

/// Whether Unix would run a file that begins so: a script that names its interpreter, an ELF or a Mach-O binary. Windows
/// and Linux share task hashes, so that what is stored on one is restored, and run, on the other.
#[cfg(any(not(unix), test))]
fn is_program(start: &[u8]) -> bool {
    const MAGIC: [&[u8]; 3] = [b"#!", b"\x7fELF", b"\xcf\xfa\xed\xfe"];
    MAGIC.iter().any(|magic| start.starts_with(magic))
}

/// Sets the permission bits of what is at `path`, where the platform has any.
#[cfg_attr(not(unix), expect(unused_variables, reason = "only Unix has modes"))]
pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    Ok(())
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
        if !self.is_exact(mode, || file.metadata())? {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(file)
    }

    /// A new directory at `path` that its owner can fill; returns whether its mode is `mode` already.
    pub fn create_directory(&mut self, path: &Path, mode: u32) -> io::Result<bool> {
        use std::os::unix::fs::DirBuilderExt;
        let open = mode | 0o700;
        fs::DirBuilder::new().mode(open).create(path)?;
        Ok(self.is_exact(open, || fs::symlink_metadata(path))? && open == mode)
    }

    /// Whether a new file or directory has all the bits that were asked for; `look` is called only to learn.
    fn is_exact(&mut self, asked: u32, look: impl FnOnce() -> io::Result<Metadata>) -> io::Result<bool> {
        if asked & !self.left_by_umask == 0 {
            return Ok(true);
        }
        let got = mode(&look()?);
        self.left_by_umask |= got & asked;
        Ok(got == asked)
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
    if found_from(link, target).is_some_and(|found| found.is_dir()) {
        symlink_dir(target, link)
    } else {
        symlink_file(target, link)
    }
}

/// Whether [`symlink`] can tell the kind of link.
#[cfg(unix)]
pub(super) fn shows_kind(_target: &Path, _link: &Path) -> bool {
    true
}

/// Whether [`symlink`] can tell the kind of link.
#[cfg(windows)]
pub(super) fn shows_kind(target: &Path, link: &Path) -> bool {
    found_from(link, target).is_some()
}

/// What the target of a link at `link` leads to.
#[cfg(windows)]
fn found_from(link: &Path, target: &Path) -> Option<Metadata> {
    fs::metadata(link.parent()?.join(target)).ok()
}

/// Renames, and on Windows tries again for about a second where another program has something open: virus scanners and
/// indexers open each new file for a moment.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let mut pauses = PAUSES.iter();
    loop {
        let error = match fs::rename(from, to) {
            Err(error) if is_in_use(&error, from, to) => error,
            renamed => return renamed,
        };
        let Some(pause) = pauses.next() else {
            return Err(error);
        };
        std::thread::sleep(Duration::from_millis(*pause));
    }
}

/// The pauses between attempts to rename what is in use, in milliseconds.
const PAUSES: [u64; 8] = [1, 5, 20, 50, 100, 200, 300, 400];

/// Whether a rename may work a moment later. A directory is never renamed over another, which Windows reports alike.
fn is_in_use(error: &io::Error, from: &Path, to: &Path) -> bool {
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    cfg!(windows)
        && matches!(error.raw_os_error(), Some(ACCESS_DENIED | SHARING_VIOLATION))
        && !(from.is_dir() && to.exists())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_binaries_are_programs_and_texts_are_not() {
        for start in [
            &b"#!/bin/sh\necho"[..],
            b"\x7fELF\x02\x01",
            b"\xcf\xfa\xed\xfe\x0c",
        ] {
            assert!(is_program(start), "{start:?}");
        }
        for start in [
            &b""[..],
            b"#",
            b"# a title",
            b"MZ\x90",
            b"\x7fEL",
            b"console.log(1)",
        ] {
            assert!(!is_program(start), "{start:?}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn a_program_packed_on_windows_is_executable_elsewhere() {
        use crate::archive::header::Head;
        for (content, mode) in [("#!/bin/sh\n", 0o755), ("plain text", 0o644)] {
            let scratch = tempfile::tempdir().unwrap();
            fs::write(scratch.path().join("f"), content).unwrap();
            let mut tar = Vec::new();
            crate::archive::pack(scratch.path(), "", &mut tar).unwrap();
            let mut head = Vec::new();
            Head::file(mode, content.len() as u64)
                .write(b"outputs/f", &mut head)
                .unwrap();
            assert!(tar.windows(head.len()).any(|part| part == head), "{content}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn what_another_program_has_open_is_renamed_once_it_is_closed() {
        let scratch = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| scratch.path().join(name));
        fs::create_dir(&from).unwrap();
        fs::write(from.join("f"), "content").unwrap();
        let open = File::open(from.join("f")).unwrap();
        let closer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            drop(open);
        });
        rename(&from, &to).unwrap();
        closer.join().unwrap();
        assert!(to.join("f").exists());
    }
}
