//! Colours appear where a terminal knows them.

use std::process::{Command, Stdio};

/// What `doctor` prints on a terminal of this kind; `None` on a machine without `script`.
fn printed(terminal: &str, no_color: Option<&str>) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let program = concat!(env!("CARGO_BIN_EXE_nx-s3-cache"), " doctor");
    let output = Command::new("script")
        .args(["--quiet", "--command", program, "/dev/null"])
        .current_dir(home.path())
        .env("TERM", terminal)
        .env_remove("NO_COLOR")
        .envs(no_color.map(|value| ("NO_COLOR", value)))
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn only_a_terminal_that_knows_colours_gets_them() {
    for (terminal, no_color, colours) in [
        ("xterm", None, true),
        ("xterm", Some("1"), false),
        ("dumb", None, false),
    ] {
        if let Some(text) = printed(terminal, no_color) {
            assert_eq!(text.contains("\u{1b}["), colours, "{terminal}: {text:?}");
        }
    }
}
