//! Completions load where they belong, and the manual tells of every command.

use std::process::{Command, Stdio};

use super::setup::run_in;

const COMMANDS: [&str; 5] = ["keygen", "doctor", "ls", "flush", "completions"];

async fn printed(args: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let ran = run_in(directory.path(), args, &[]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    ran.stdout
}

#[tokio::test]
async fn every_shell_gets_completions_that_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = printed(&["completions", shell]).await;
        for command in COMMANDS {
            assert!(text.contains(command), "{shell}: {command}");
        }
    }
}

/// What bash offers after these words.
fn offered(script: &str, words: &str) -> Option<String> {
    let count = words.split(' ').count() - 1;
    let ask = format!(
        "{script}\nset -e; f=$(complete -p nx-s3-cache); f=${{f#*-F }}; f=${{f%% *}}\nCOMP_WORDS=({words}); \
         COMP_CWORD={count}\nset +e; $f nx-s3-cache \"${{COMP_WORDS[COMP_CWORD]}}\" \
         \"${{COMP_WORDS[COMP_CWORD-1]}}\"\necho \"${{COMPREPLY[@]}}\""
    );
    let bash = Command::new("bash")
        .args(["--norc", "-c", &ask])
        .stdin(Stdio::null())
        .output();
    let output = bash.ok()?; // a machine without bash
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[tokio::test]
async fn bash_completes_commands_and_options() {
    let script = printed(&["completions", "bash"]).await;
    for (words, offer) in [
        ("nx-s3-cache doc", "doctor"),
        ("nx-s3-cache doctor --att", "--attack"),
        ("nx-s3-cache completions fi", "fish"),
    ] {
        if let Some(offered) = offered(&script, words) {
            assert_eq!(offered, offer, "{words}");
        }
    }
}

#[tokio::test]
async fn the_manual_has_every_command_with_its_options_and_examples() {
    let page = printed(&["man"]).await;
    assert!(page.contains(".TH nx-s3-cache 1"), "{page}");
    for command in COMMANDS {
        assert!(
            page.contains(&format!(".SH \"{}\"", command.to_uppercase())),
            "{command}"
        );
    }
    for part in [
        "\\-\\-attack",
        "nx\\-s3\\-cache keygen",
        ".SS EXAMPLES",
        ".SH EXAMPLES",
        "Exit codes",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn a_shell_that_is_unknown_is_refused_with_those_that_are_known() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run_in(directory.path(), &["completions", "cmd"], &[]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("powershell"), "{}", ran.stderr);
}
