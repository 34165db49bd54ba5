//! Asking before something is deleted.

use std::io::{self, IsTerminal, Write};
use std::thread;

use tokio::sync::oneshot;

use super::ending::Ending;

/// Asks on a terminal whether to go on; elsewhere, as in a scheduled job, and with `yes` nobody is asked.
pub(in crate::cli) async fn confirm(yes: bool, question: &str) -> Result<(), Ending> {
    if yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let _ = write!(io::stderr(), "{question} (y/N) ");
    let (sender, answer) = oneshot::channel();
    // A thread of its own, so that Ctrl-C ends the command while it waits: nothing ends the reading.
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = sender.send(read.is_ok() && is_yes(&line));
    });
    match answer.await {
        Ok(true) => Ok(()),
        _ => Err(Ending::Unable("nothing was deleted".into())),
    }
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        assert!(is_yes("y\n") && is_yes(" YES\r\n"));
        for answer in ["", "\n", "n\n", "yeah\n", "yno\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
