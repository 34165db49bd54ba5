//! `stats` counts what there is, and its page shows the same.

use std::path::Path;

use serde_json::{Value, json};

use super::setup::{Setup, run_in};
use crate::support::machine::noise;

/// A bucket with two entries that share chunks, a small one, and one of a pull request that is none.
async fn bucket() -> Setup {
    let setup = Setup::new().await;
    let shared = noise(24 << 20, 1);
    setup.store("111", &[("a", &shared)], "").await;
    setup.store("222", &[("a", &shared), ("b", b"more")], "").await;
    setup.store("333", &[("c", b"small")], "").await;
    let elsewhere = setup.bucket().join("v1/u/pr-7/e");
    std::fs::create_dir_all(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("444"), "anything").unwrap();
    setup
}

fn sum(bands: &Value, what: &str) -> u64 {
    bands
        .as_array()
        .unwrap()
        .iter()
        .map(|band| band[what].as_u64().unwrap())
        .sum()
}

#[tokio::test]
async fn every_object_is_counted_once_in_each_table() {
    let setup = bucket().await;
    let report = setup.run(&["stats", "--json"]).await.json();
    let objects = setup.objects();
    let bytes: u64 = objects.iter().map(|path| path.metadata().unwrap().len()).sum();
    assert_eq!(
        report["total"],
        json!({ "objects": objects.len(), "bytes": bytes })
    );
    for table in ["ages", "sizes"] {
        assert_eq!(sum(&report[table], "objects"), objects.len() as u64, "{table}");
        assert_eq!(sum(&report[table], "bytes"), bytes, "{table}");
    }
    let scopes = report["scopes"].as_array().unwrap();
    assert_eq!(scopes[0]["scope"], "t");
    assert_eq!(
        (&scopes[0]["entries"]["objects"], &scopes[1]["entries"]["objects"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(
        report["growth"].as_array().unwrap().last().unwrap()["bytes"],
        bytes
    );
    assert_eq!(sum(&report["freed"], "bytes"), 0);
}

#[tokio::test]
async fn sharing_is_counted_apart_from_compression() {
    let setup = bucket().await;
    let report = setup.run(&["stats", "--json"]).await.json();
    let content = &report["content"];
    assert_eq!((&content["read"], &content["of"]), (&json!(4), &json!(4)));
    assert_eq!(content["unreadable"], json!({ "not an nx-s3-cache object": 1 }));
    let sharing = |name: &str| content["sharing"][name].as_u64().unwrap();
    let big = 24 << 20;
    assert!(
        sharing("plain") > 2 * big && sharing("unique") < 2 * big,
        "{content:#}"
    );
    assert!(sharing("stored") > big && sharing("stored") < sharing("unique"));
    assert_eq!(content["platforms"][0]["name"], "linux x86_64");
    assert_eq!(content["producers"][0]["name"], "nx-s3-cache 1.0.0, Nx 24.0.6");
}

#[tokio::test]
async fn the_tables_fit_and_say_what_was_not_read() {
    let setup = bucket().await;
    let ran = setup
        .run(&[
            "stats",
            "--scope",
            "t",
            "--sample",
            "2",
            "--storage-price",
            "0.023",
        ])
        .await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for said in [
        "scope  entries  archives  chunks  other",
        "Of 3 entries 2 were read, picked evenly; --sample all reads every one.",
        "an age limit of … would free",
        "At the prices given:\n  storage, a month",
        "under 1 day",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("pr-7"));
    // What isn't wanted costs no request.
    let before = setup.server.requests().len();
    let ran = setup.run(&["stats", "--sample", "0"]).await;
    assert_eq!((ran.code, setup.server.requests().len()), (0, before + 1));
}

#[tokio::test]
async fn the_page_shows_the_numbers_of_the_report() {
    let setup = bucket().await;
    let file = setup.bucket().with_file_name("cache.html");
    let ran = setup
        .run(&["stats", "--json", "--html", file.to_str().unwrap()])
        .await;
    let (report, page) = (ran.json(), std::fs::read_to_string(&file).unwrap());
    let Some(shown) = in_browser(&file) else {
        eprintln!("skipped: there is no Chromium to open the page in");
        return;
    };
    // The browser made a page of it, and shows each number where it belongs.
    let total = format!("<dt>objects</dt><dd>{}</dd>", report["total"]["objects"]);
    assert!(page.contains(&total) && shown.contains(&total), "{shown}");
    for (title, bands) in [("By age", &report["ages"]), ("By size", &report["sizes"])] {
        let section = shown.split(&format!("<h2>{title}</h2>")).nth(1).unwrap();
        let section = section.split("</section>").next().unwrap();
        for band in bands.as_array().unwrap() {
            let row = section.split(band["name"].as_str().unwrap()).nth(1).unwrap();
            let row = row.split("</tr>").next().unwrap();
            assert!(
                row.contains(&format!(r#"<td class="number">{}</td>"#, band["objects"])),
                "{title}: {band} {row}"
            );
        }
    }
    let columns = shown.matches("<rect ").count();
    // One day is no growth.
    let days = report["growth"].as_array().unwrap().len();
    assert_eq!(columns, if days > 1 { days } else { 0 });
}

/// The page as headless Chromium has it after loading; `None` where there is no Chromium.
fn in_browser(page: &Path) -> Option<String> {
    let profile = tempfile::tempdir().unwrap();
    let browser = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(|name| {
            std::process::Command::new(name)
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg(format!("file://{}", page.display()))
                .output()
                .ok()
        });
    browser.map(|ran| {
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    })
}

#[tokio::test]
async fn records_of_runs_become_a_history() {
    let directory = tempfile::tempdir().unwrap();
    let records = [
        json!({ "time": 1_800_000_000, "hits": 3, "misses": 1, "bytesReceived": 4_000_000, "secondsWaited": 2.0 }),
        json!({ "time": 1_800_086_400, "hits": 8, "misses": 0, "stored": 1, "bytesSent": 500 }),
    ];
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(directory.path().join("runs.jsonl"), lines + "torn line").unwrap();
    let ran = run_in(
        directory.path(),
        &["stats", "--runs", "runs.jsonl", "--html", "runs.html"],
        &[],
    )
    .await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        ran.stdout,
        "2 runs, 2027-01-15 to 2027-01-16

day         runs  hits  misses  hit rate  received     speed
2027-01-15     1     3       1      75 %    4.0 MB  2.0 MB/s  ███████████████
2027-01-16     1     8       0     100 %       0 B     0 B/s  ████████████████████

11 of 12 artifacts restored (92 %).
1 stored; 4.0 MB received, 500 B sent, 0 B not sent since they were there.
Waited 2.0 s of 0.0 s; 0 errors.
1 line is not a record and was skipped.
"
    );
    let page = std::fs::read_to_string(directory.path().join("runs.html")).unwrap();
    assert!(
        page.contains("<title>2027-01-15: 75 %</title>") && page.contains("<dt>hit rate</dt><dd>92 %</dd>"),
        "{page}"
    );
    for (file, said) in [
        ("missing.jsonl", "can't be read"),
        ("runs.html", "no record of a run"),
    ] {
        let ran = run_in(directory.path(), &["stats", "--runs", file], &[]).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn prices_and_samples_that_are_none_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (option, value, said) in [
        ("--storage-price", "cheap", "0.023"),
        ("--sample", "some", "neither a number nor all"),
        ("--scope", "x", "u/pr-123"),
    ] {
        let ran = run_in(directory.path(), &["stats", option, value], &[]).await;
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}
