//! `cat` prints what a task left, byte for byte.

use super::setup::Setup;
use crate::support::machine::noise;

#[tokio::test]
async fn without_a_path_it_is_what_the_task_printed() {
    let setup = Setup::new().await;
    setup
        .store("123", &[("a", b"x")], "\u{1b}[32mbuilt\u{1b}[0m 🚀\n")
        .await;
    let ran = setup.run(&["cat", "123"]).await;
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "\u{1b}[32mbuilt\u{1b}[0m 🚀\n")
    );
    assert_eq!(ran.stderr, "");
}

#[tokio::test]
async fn a_file_comes_as_it_is_from_one_chunk_or_many() {
    let setup = Setup::new().await;
    let big = noise(6 << 20, 2);
    setup
        .store("123", &[("dist/big", &big), ("empty", b"")], "")
        .await;
    let printed = setup.command(&["cat", "123", "dist/big"]).output().await.unwrap();
    assert!(printed.status.success() && printed.stdout == big);
    let ran = setup.run(&["cat", "123", "empty"]).await;
    assert_eq!((ran.code, ran.text().as_str()), (0, ""));
}

#[tokio::test]
async fn a_path_that_is_no_file_is_said_to_be_none() {
    let setup = Setup::new().await;
    setup.store("123", &[("dist/a", b"x")], "").await;
    for path in ["dist", "a", "../123", "terminal-output", ""] {
        let ran = setup.run(&["cat", "123", path]).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{path}");
        assert!(
            ran.stderr.contains("`inspect 123` lists what there is"),
            "{}",
            ran.stderr
        );
    }
}
