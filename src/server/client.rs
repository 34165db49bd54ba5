//! The process at the other end of a loopback connection. With Nx's daemon this process isn't one of Nx's run, so the
//! connection is all there is to tell whether the run goes on, and where its terminal is. Linux tells; other systems
//! would, at the price of much code.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::net::{SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};

/// A process, by its directory in `/proc`.
pub struct Client {
    directory: PathBuf,
    /// When it began, since ids of processes are used again.
    began: String,
    /// Whether it is this process.
    pub is_self: bool,
    /// Whether it is this process or the one that started it, as it is without the daemon.
    pub is_near: bool,
}

impl Client {
    /// The process that connected from `peer` to `ours`; `None` where that can't be found out.
    pub fn find(peer: SocketAddr, ours: SocketAddr) -> Option<Self> {
        let (SocketAddr::V4(peer), SocketAddr::V4(ours)) = (peer, ours) else {
            return None;
        };
        let connections = fs::read_to_string("/proc/net/tcp").ok()?;
        let socket = format!("socket:[{}]", inode(&connections, peer, ours)?);
        let processes = fs::read_dir("/proc").ok()?.flatten();
        // Other names, such as `self`, are links.
        let numbered =
            |entry: fs::DirEntry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path()));
        let mut holders: Vec<(String, u32, PathBuf)> = processes
            .filter_map(numbered)
            .filter(|(_, process)| {
                let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
                let mut targets = files.filter_map(|file| fs::read_link(file.path()).ok());
                targets.any(|target| target.as_os_str() == socket.as_str())
            })
            .filter_map(|(id, process)| Some((began(&process)?, id, process)))
            .collect();
        // A child that it is starting holds the socket as well, for a moment.
        holders.sort_by_key(|(began, ..)| began.parse::<u64>().unwrap_or(u64::MAX));
        let (began, id, directory) = holders.into_iter().next()?;
        let is_self = id == std::process::id();
        Some(Self {
            began,
            is_self,
            is_near: is_self || parent() == Some(id),
            directory,
        })
    }

    /// Whether it is still there.
    pub fn is_alive(&self) -> bool {
        began(&self.directory).is_some_and(|began| began == self.began)
    }

    /// Writes `text` to its standard error, if that is a terminal or a pipe, as in CI.
    pub fn tell(&self, text: &str) -> bool {
        let mut options = File::options();
        options.write(true);
        // A pipe that nobody reads, or that is full, would be waited for.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(
            &mut options,
            rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
        );
        let Ok(mut shown) = options.open(self.directory.join("fd/2")) else {
            return false;
        };
        self.is_alive()
            && (shown.is_terminal() || is_pipe(&shown))
            && shown.write_all(text.as_bytes()).is_ok()
    }
}

#[cfg(unix)]
fn is_pipe(file: &File) -> bool {
    let kind = file.metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| std::os::unix::fs::FileTypeExt::is_fifo(&kind))
}

#[cfg(not(unix))]
fn is_pipe(_: &File) -> bool {
    false
}

/// The inode of the socket at `local` that is connected to `remote`, by `/proc/net/tcp`.
fn inode(connections: &str, local: SocketAddrV4, remote: SocketAddrV4) -> Option<&str> {
    let (local, remote) = (hex(local), hex(remote));
    connections.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let is_ours = words.next() == Some(&*local) && words.next() == Some(&*remote);
        is_ours.then(|| words.nth(6)).flatten()
    })
}

/// The kernel writes addresses as numbers in the byte order of the machine.
fn hex(address: SocketAddrV4) -> String {
    let ip = u32::from_ne_bytes(address.ip().octets());
    format!("{ip:08X}:{:04X}", address.port())
}

/// When a process began, in ticks since the system did; `None` when it is gone, or only its parent has not noticed yet.
fn began(directory: &Path) -> Option<String> {
    let fields = stat(directory)?;
    (fields.first()? != "Z")
        .then(|| fields.get(19).cloned())
        .flatten()
}

/// The process that started this one.
fn parent() -> Option<u32> {
    stat(Path::new("/proc/self"))?.get(1)?.parse().ok()
}

/// What the system says of a process, from its state on.
fn stat(directory: &Path) -> Option<Vec<String>> {
    let stat = fs::read_to_string(directory.join("stat")).ok()?;
    // The name, in brackets, may have spaces and brackets.
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_ascii_whitespace().map(str::to_owned).collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn finds_the_process_at_the_other_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = listener.local_addr().unwrap();
        let client = TcpStream::connect(ours).unwrap();
        let peer = client.local_addr().unwrap();
        let found = Client::find(peer, ours).unwrap();
        let process = PathBuf::from(format!("/proc/{}", std::process::id()));
        assert_eq!(found.directory, process);
        assert!(found.is_alive() && found.is_self && found.is_near);
        let before = Client {
            began: "1".into(),
            ..found
        };
        assert!(!before.is_alive(), "another process had the same id");
        drop(client);
        assert!(Client::find(ours, peer).is_none());
    }

    /// Another process with its errors there.
    fn other(errors: Stdio) -> Option<(Child, Client)> {
        let child = Command::new("sleep").arg("60").stderr(errors).spawn().ok()?;
        let directory = PathBuf::from(format!("/proc/{}", child.id()));
        let client = Client {
            began: began(&directory)?,
            is_self: false,
            is_near: false,
            directory,
        };
        Some((child, client))
    }

    #[test]
    fn a_pipe_is_written_to_and_a_file_or_a_pipe_that_nobody_reads_is_not() {
        let (mut child, client) = other(Stdio::piped()).unwrap();
        assert!(client.tell("text"));
        let mut read = [0; 4];
        let mut pipe = child.stderr.take().unwrap();
        pipe.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"text");
        drop(pipe);
        // A child of another test may have the pipe as well until it becomes another program.
        let refused = (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            !client.tell("text")
        });
        assert!(refused);
        child.kill().unwrap();
        child.wait().unwrap();

        let file = tempfile::NamedTempFile::new().unwrap();
        let (mut child, client) = other(file.reopen().unwrap().into()).unwrap();
        assert!(!client.tell("text"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(fs::read(file.path()).unwrap(), b"");
    }
}
