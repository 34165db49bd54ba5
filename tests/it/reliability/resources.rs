//! What a run uses, however many tasks it has.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::run::Bench;
use crate::support::child;

fn entries(directory: &str) -> usize {
    std::fs::read_dir(directory)
        .map(Iterator::count)
        .unwrap_or_default()
}

/// The most open files and threads of this process while `work` goes on.
async fn most_during(work: impl Future<Output = ()>) -> (usize, usize) {
    let (files, threads) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    let watching = {
        let (files, threads, over) = (files.clone(), threads.clone(), over.clone());
        std::thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                files.fetch_max(entries("/proc/self/fd"), Ordering::SeqCst);
                threads.fetch_max(entries("/proc/self/task"), Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    };
    work.await;
    over.store(true, Ordering::SeqCst);
    watching.join().unwrap();
    (files.load(Ordering::SeqCst), threads.load(Ordering::SeqCst))
}

/// What a bucket nearby gets at most. A machine that is busy makes one look far away, which would get more.
const CONCURRENCY: &str = r#""concurrency":32"#;

/// In a process of its own, where nothing else opens files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below, alone in its process"]
async fn alone() {
    let mut bench = Bench::new(1000).await;
    bench.machine.batch = 2000;
    let run = |tasks| {
        let bench = &bench;
        async move {
            let outcome = bench
                .machine
                .run(super::run::options(&bench.server.endpoint, CONCURRENCY), tasks)
                .await;
            assert_eq!(
                outcome.summary.hits + outcome.in_bucket(),
                tasks as u64,
                "{outcome:?}"
            );
        }
    };
    let storing = most_during(run(2000)).await;
    let restoring = most_during(run(2000)).await;
    println!("most {storing:?} {restoring:?}");
}

#[test]
fn two_thousand_tasks_at_once_take_a_bounded_number_of_files_sockets_and_threads() {
    let home = tempfile::tempdir().unwrap();
    let output = child::test(module_path!(), "alone", home.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .find_map(|line| line.split_once("most ").map(|(_, rest)| rest));
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    let numbers: Vec<usize> = line
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    let [files, threads, more_files, more_threads] = numbers[..] else {
        panic!("{line}")
    };
    // 32 connections have two ends here; the server opens files for as many requests.
    assert!(files.max(more_files) < 250, "{line}");
    assert!(threads.max(more_threads) < 100, "{line}");
}
