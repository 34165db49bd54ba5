//! `docs/cli.md` shows what the commands print: `UPDATE_GENERATED=1` writes it there.

use std::path::Path;
use std::time::Duration;

use crate::setup::{Ran, Setup, steady};
use crate::stored::noise;

/// The commands whose examples are made here.
const COMMANDS: [&str; 5] = ["ls", "inspect", "cat", "verify", "stats"];

const HOUR: Duration = Duration::from_secs(3600);

/// The bucket of the examples.
async fn bucket() -> Setup {
    let setup = Setup::new().await;
    let vendor = noise(5 << 20, 1);
    let text = "export const answer = 42\n".repeat(400);
    let main: &[(&str, &[u8])] = &[("dist/main.js", text.as_bytes()), ("dist/vendor.js", &vendor)];
    setup
        .store("12208083561620463533", main, "> build\nbuilt in 3.2 s\n")
        .await;
    let changed: &[(&str, &[u8])] = &[("dist/main.js", b"export const answer = 43\n"), main[1]];
    setup
        .store("7320126112208083561", changed, "> build\nbuilt in 3.3 s\n")
        .await;
    setup
        .store(
            "4210983217065321",
            &[("coverage/report.txt", text.as_bytes())],
            "42 tests passed\n",
        )
        .await;
    for (hash, hours) in [
        ("12208083561620463533", 75),
        ("7320126112208083561", 2),
        ("4210983217065321", 51),
    ] {
        let key = format!("v1/t/e/{hash}");
        let body = std::fs::read(setup.bucket().join(&key)).unwrap();
        setup.place(&key, &body, hours * HOUR);
    }
    setup
}

/// What an example shows: both outputs, under the name that the page gives the bucket.
fn shown(ran: &Ran) -> String {
    let text = ran.text().replace("tbucket", "my-nx-cache");
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// The arguments of an example whose first line this is.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let args: Vec<_> = line.strip_prefix("$ nx-s3-cache ")?.split_whitespace().collect();
    COMMANDS.contains(&args[0]).then_some(args)
}

#[tokio::test]
async fn the_page_shows_what_the_commands_print() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let update = std::env::var_os("UPDATE_GENERATED").is_some();
    let setup = bucket().await;
    let (mut seen, mut made) = (Vec::new(), String::new());
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        made += line;
        let Some(args) = arguments(line) else { continue };
        let documented: String = lines.by_ref().take_while(|line| *line != "```\n").collect();
        let ran = shown(&setup.run(&args).await);
        if !update {
            assert_eq!(steady(&documented), steady(&ran), "{line}");
        }
        made += &format!("{ran}```\n");
        seen.push(args[0]);
    }
    assert!(COMMANDS.iter().all(|command| seen.contains(command)), "{seen:?}");
    if update {
        std::fs::write(file, made).unwrap();
    }
}
