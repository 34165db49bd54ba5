//! `docs/cli.md` shows what the commands print: `SNAPSHOTS=overwrite` writes it there.
//!
//! Every line `$ nx-s3-cache …` is run, in the order of the page; each section has a bucket and a directory of its own.

use std::time::{Duration, SystemTime};

use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::json;
use snapbox::assert_data_eq;
use tempfile::TempDir;

use super::setup::{Setup, record_run, steady};
use crate::support::machine::noise;

/// The commands that the page must show. What `vela` prints, its own page has.
const COMMANDS: [&str; 12] = [
    "keygen", "doctor", "ls", "inspect", "why", "cat", "verify", "stats", "flush", "purge", "rebuild",
    "restore",
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What differs from run to run, and how it is written here.
const FLEETING: [(&str, &str); 5] = [
    (r"main-2026:[A-Za-z0-9+/=]{44,}", "main-2026:<key>"),
    (r"doctor-[0-9a-f]{16}", "doctor-<random>"),
    (r"\d+\.\d s\b", "<seconds>"),
    (r"(up|down) to [\d.]+ [kM]?B", "<speed>"),
    // An entry names the system and the processor that it was made on.
    (r"sent 0 of 1 chunks, 33\d B", "sent 0 of 1 chunks, <entry>"),
];

/// Where the examples of a section run.
struct Place {
    setup: Setup,
    directory: TempDir,
}

impl Place {
    async fn of(section: &str) -> Self {
        let setup = match section {
            "purge" => trusted(Setup::new().await),
            _ => Setup::new().await,
        };
        fill(&setup).await;
        let directory = tempfile::tempdir().unwrap();
        record_run(
            directory.path(),
            &[
                ("web:build", "9960463533122080835"),
                ("web:test", "4210983217065321"),
            ],
        );
        let modules = directory.path().join("node_modules/left-pad");
        std::fs::create_dir_all(&modules).unwrap();
        for seed in 2..6 {
            std::fs::write(modules.join(format!("{seed}.js")), noise(1_000_000, seed)).unwrap();
        }
        Self { setup, directory }
    }

    /// Prepares for the next example, the first of which is 0.
    async fn before(&mut self, section: &str, example: usize) {
        match (section, example) {
            ("doctor --attack", 1) => self.setup = pull_request(Setup::new().await),
            ("flush", 1) => self.setup.place("v1/t/e/9", b"anything", DAY),
            _ => {}
        }
    }

    /// Both outputs of a command, under the name that the page gives the bucket.
    async fn run(&self, args: &[&str]) -> String {
        let ran = self.setup.run_at(self.directory.path(), args).await;
        let text = ran.text().replace("tbucket", "my-nx-cache");
        text.lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }
}

/// With keys, as a run for the main branch.
fn trusted(setup: Setup) -> Setup {
    let key = SigningKey::generate(KeyName::parse("main-2026").unwrap()).unwrap();
    setup
        .option("trust", json!({ "publicKeys": [key.public_key().to_string()] }))
        .variable("NX_S3_CACHE_SIGNING_KEY", key.to_text().expose())
        .variable("GITHUB_ACTIONS", "true")
        .variable("GITHUB_EVENT_NAME", "push")
        .variable("GITHUB_REF", "refs/heads/main")
}

/// With keys, as a run for a pull request, which has none.
fn pull_request(setup: Setup) -> Setup {
    trusted(setup)
        .variable("NX_S3_CACHE_SIGNING_KEY", "")
        .variable("GITHUB_EVENT_NAME", "pull_request")
        .variable("GITHUB_REF", "refs/pull/12/merge")
}

/// Stores two builds that share what is large, and a test.
async fn fill(setup: &Setup) {
    let vendor = noise(20 << 20, 1);
    let text = "export const answer = 42\n".repeat(400);
    let built: [&[(&str, &[u8])]; 3] = [
        &[("dist/main.js", text.as_bytes()), ("dist/vendor.js", &vendor)],
        &[("coverage/report.txt", text.as_bytes())],
        &[
            ("dist/main.js", b"export const answer = 43\n"),
            ("dist/vendor.js", &vendor),
        ],
    ];
    for (task, hash, files, said) in [
        (
            "web:build",
            "12208083561620463533",
            built[0],
            "> build\nbuilt in 3.2 s\n",
        ),
        ("web:test", "4210983217065321", built[1], "42 tests passed\n"),
    ] {
        setup.store_task(task, hash, files, said).await;
    }
    for object in setup.objects() {
        let days = if object.ends_with("4210983217065321") {
            16
        } else {
            20
        };
        let file = std::fs::File::options().write(true).open(object).unwrap();
        file.set_modified(SystemTime::now() - days * DAY).unwrap();
    }
    setup
        .store_task(
            "web:build",
            "7320126112208083561",
            built[2],
            "> build\nbuilt in 3.3 s\n",
        )
        .await;
}

/// The arguments of an example whose first line this is.
fn arguments(line: &str) -> Option<Vec<&str>> {
    Some(line.strip_prefix("$ nx-s3-cache ")?.split_whitespace().collect())
}

/// `text` without what differs from run to run, and as if no column were wider than another.
fn lasting(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, name) in FLEETING {
        let pattern = regex_lite::Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, name).into_owned();
    }
    let columns = regex_lite::Regex::new(" {2,}").unwrap();
    columns.replace_all(&steady(&text), "  ").into_owned()
}

#[tokio::test]
async fn the_page_shows_what_the_commands_print() {
    let page = snapbox::file!["../../../docs/cli.md": Text].render().unwrap();
    let (mut seen, mut made) = (Vec::new(), String::new());
    for section in page.split_inclusive("\n## ") {
        let title = section.lines().next().unwrap();
        let mut place = None;
        let mut examples = 0;
        let mut lines = section.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            made += line;
            let Some(args) = arguments(line) else { continue };
            let mut documented = String::new();
            while let Some(line) = lines.next_if(|line| *line != "```\n" && !line.starts_with("$ ")) {
                documented += line;
            }
            if place.is_none() {
                place = Some(Place::of(title).await);
            }
            let place = place.as_mut().unwrap();
            place.before(title, examples).await;
            let ran = place.run(&args).await;
            let same = lasting(&documented) == lasting(&ran);
            made += if same { &documented } else { &ran };
            examples += 1;
            seen.push(args[0].to_owned());
        }
    }
    for command in COMMANDS {
        assert!(seen.iter().any(|seen| seen == command), "{command}: {seen:?}");
    }
    assert_data_eq!(made, snapbox::file!["../../../docs/cli.md": Text].raw());
}
