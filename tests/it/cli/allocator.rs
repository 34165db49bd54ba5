//! musl's own allocator has one lock for all threads; the program has another one.

use super::setup::run_in;

#[tokio::test]
async fn with_musl_memory_comes_from_mimalloc() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("MIMALLOC_SHOW_STATS", "1".to_owned())];
    let ran = run_in(directory.path(), &["--help"], &variables).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    // Started but unused, mimalloc has none or one.
    let pages = ran.stderr.lines().find_map(|line| {
        let (_, counts) = line.split_once("pages     :")?;
        counts.split_whitespace().next()?.parse::<u32>().ok()
    });
    assert!(pages > Some(10), "{}", ran.stderr);
}
