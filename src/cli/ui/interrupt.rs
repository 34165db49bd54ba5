//! Ctrl-C: a command that takes long ends where it is, and says what was done.

use std::future::Future;
use std::sync::OnceLock;

use tokio::signal::ctrl_c;
use tokio::sync::watch;

use super::{Ending, INTERRUPTED};

/// Does `work` until it is done, or until Ctrl-C is pressed: then `done` says what was done. Whoever presses it again
/// ends the process.
pub(in crate::cli) async fn until_interrupted<T>(
    work: impl Future<Output = Result<T, Ending>>,
    done: impl FnOnce() -> String,
) -> Result<T, Ending> {
    let mut pressed = listen();
    tokio::select! {
        biased;
        Ok(_) = pressed.wait_for(|pressed| *pressed) => Err(Ending::Interrupted(done())),
        outcome = work => outcome,
    }
}

/// Whether Ctrl-C was pressed since this was first asked: for work that may end between two steps only. Whoever presses it
/// again ends the process.
pub(in crate::cli) fn pressed() -> bool {
    *listen().borrow()
}

/// Whether Ctrl-C was pressed. Where the system lets nobody listen, it ends the process as ever.
fn listen() -> watch::Receiver<bool> {
    static PRESSED: OnceLock<watch::Receiver<bool>> = OnceLock::new();
    let receiver = PRESSED.get_or_init(|| {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            if ctrl_c().await.is_ok() {
                sender.send_replace(true);
                if ctrl_c().await.is_ok() {
                    std::process::exit(INTERRUPTED.into());
                }
            }
        });
        receiver
    });
    receiver.clone()
}
