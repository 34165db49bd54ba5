//! The files of an artifact: printed as they come, or kept for JSON.

use serde_json::{Value, json};

use crate::archive::{Item, ItemKind};
use crate::cache::bytes;
use crate::cli::bucket::Stop;
use crate::cli::ui::print;
use crate::plain::plain;

/// What is done with the files.
pub(super) enum Files {
    /// Each is a line of output.
    Printed,
    /// All are kept.
    Kept(Vec<Value>),
}

impl Files {
    pub(super) fn look(&mut self, item: Item<'_>) -> Result<(), Stop> {
        match self {
            Self::Printed => print::line(&line(&item)).map_err(Stop::Ends),
            Self::Kept(files) => {
                files.push(to_json(&item));
                Ok(())
            }
        }
    }

    pub(super) fn into_json(self) -> Option<Vec<Value>> {
        match self {
            Self::Printed => None,
            Self::Kept(files) => Some(files),
        }
    }
}

/// One entry of the archive as `ls -l` would show it.
fn line(item: &Item<'_>) -> String {
    let path = String::from_utf8_lossy(item.path);
    let target = match item.kind {
        ItemKind::Link => format!(" -> {}", String::from_utf8_lossy(item.target)),
        ItemKind::TerminalOutput | ItemKind::Directory | ItemKind::File => String::new(),
    };
    let path = match item.kind {
        ItemKind::TerminalOutput => "(terminal output)".into(),
        ItemKind::Directory => format!("{path}/"),
        ItemKind::File | ItemKind::Link => path.into_owned(),
    };
    format!(
        "  {} {:>9}  {}{}",
        mode(item),
        bytes(item.size),
        plain(&path),
        plain(&target)
    )
}

/// Kind and permissions in ten letters.
fn mode(item: &Item<'_>) -> String {
    let kind = match item.kind {
        ItemKind::Directory => 'd',
        ItemKind::Link => 'l',
        ItemKind::File | ItemKind::TerminalOutput => '-',
    };
    let letters = "rwxrwxrwx".chars().enumerate();
    let allowed = letters.map(|(at, letter)| {
        if item.mode & (0o400 >> at) == 0 {
            '-'
        } else {
            letter
        }
    });
    std::iter::once(kind).chain(allowed).collect()
}

fn to_json(item: &Item<'_>) -> Value {
    let mut file = json!({
        "kind": match item.kind {
            ItemKind::TerminalOutput => "terminal output",
            ItemKind::Directory => "directory",
            ItemKind::File => "file",
            ItemKind::Link => "link",
        },
        "path": String::from_utf8_lossy(item.path),
        "mode": format!("{:03o}", item.mode),
        "size": item.size,
    });
    if item.kind == ItemKind::Link {
        file["target"] = json!(String::from_utf8_lossy(item.target));
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: ItemKind, path: &[u8], mode: u32, target: &[u8]) -> String {
        line(&Item {
            kind,
            path,
            mode,
            size: 1500,
            target,
            content: &mut std::io::empty(),
        })
    }

    #[test]
    fn a_line_shows_kind_permissions_size_and_path() {
        assert_eq!(
            shown(ItemKind::File, b"dist/a.js", 0o754, b""),
            "  -rwxr-xr--    1.5 kB  dist/a.js"
        );
        assert_eq!(
            shown(ItemKind::Directory, b"dist", 0o700, b""),
            "  drwx------    1.5 kB  dist/"
        );
        assert!(shown(ItemKind::Link, b"l", 0o777, b"../x").ends_with("l -> ../x"));
    }

    #[test]
    fn names_give_a_terminal_no_orders() {
        let shown = shown(ItemKind::Link, b"a\x1b[2J\xff", 0o777, b"b\n\x9bx");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
    }
}
