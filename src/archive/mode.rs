//! Permission bits, on platforms that have them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// The permission bits that an archive keeps.
pub(super) const PERMISSIONS: u32 = 0o777;

/// What the archive says of a file or directory.
#[cfg(unix)]
pub(super) fn of(found: &fs::Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt;
    found.mode() & PERMISSIONS
}

/// What the archive says of a file or directory: what a build on another platform would give it, as Windows
/// can't tell.
#[cfg(not(unix))]
pub(super) fn of(found: &fs::Metadata) -> u32 {
    if found.is_dir() { 0o755 } else { 0o644 }
}

/// Gives what is at `path` exactly these permission bits.
#[cfg(unix)]
pub(super) fn set(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Windows has no permission bits.
#[cfg(not(unix))]
pub(super) fn set(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Makes files and directories with given permission bits, in as few system calls as possible.
///
/// The process's umask (or a default access list) holds bits back. What it lets through is learned from the
/// first files; only files with other bits cost an extra call.
#[derive(Default)]
pub(super) struct Modes {
    #[cfg(unix)]
    let_through: u32,
}

#[cfg(unix)]
impl Modes {
    /// A new file at `path`, opened for writing; what is there already is never touched.
    pub fn create_file(&mut self, path: &Path, mode: u32) -> io::Result<File> {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        if mode & !self.let_through != 0 && !self.learn(mode, &file.metadata()?) {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(file)
    }

    /// A new directory at `path` that its owner can fill; the result tells whether its mode is `mode` already.
    pub fn create_directory(&mut self, path: &Path, mode: u32) -> io::Result<bool> {
        use std::os::unix::fs::DirBuilderExt;
        let open = mode | 0o700;
        fs::DirBuilder::new().mode(open).create(path)?;
        let exact = open & !self.let_through == 0 || self.learn(open, &fs::symlink_metadata(path)?);
        Ok(exact && open == mode)
    }

    /// Whether `found` has the mode that was asked for.
    fn learn(&mut self, asked: u32, found: &fs::Metadata) -> bool {
        let got = of(found);
        self.let_through |= got & asked;
        got == asked
    }
}

#[cfg(not(unix))]
impl Modes {
    /// A new file at `path`, opened for writing; what is there already is never touched.
    pub fn create_file(&mut self, path: &Path, _mode: u32) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    /// A new directory at `path`; the result tells that nothing is left to do.
    pub fn create_directory(&mut self, path: &Path, _mode: u32) -> io::Result<bool> {
        fs::create_dir(path)?;
        Ok(true)
    }
}
