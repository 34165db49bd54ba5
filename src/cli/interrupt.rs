//! Ctrl-C: a command that takes long ends where it is, and says what was done.

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::INTERRUPTED;
use super::ending::Ending;

/// How often Ctrl-C is looked for: often enough that nobody presses it twice.
const LOOK: Duration = Duration::from_millis(100);

/// Whether Ctrl-C was pressed; `None` when the system lets nobody listen.
static PRESSED: OnceLock<Option<Arc<AtomicBool>>> = OnceLock::new();

/// Does `work` until it is done, or until Ctrl-C is pressed: then `done` tells what was done. Whoever presses it again
/// ends the process.
pub(super) async fn until_interrupted<T>(
    work: impl Future<Output = Result<T, Ending>>,
    done: impl FnOnce() -> String,
) -> Result<T, Ending> {
    let Some(pressed) = PRESSED.get_or_init(|| listen().ok()) else {
        return work.await;
    };
    let interrupted = async {
        while !pressed.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        biased;
        () = interrupted => Err(Ending::Interrupted(done())),
        outcome = work => outcome,
    }
}

/// Whether Ctrl-C was pressed since this was first asked: for work that may end between two steps only. Whoever presses it
/// again ends the process.
pub(super) fn pressed() -> bool {
    let pressed = PRESSED.get_or_init(|| listen().ok());
    pressed
        .as_ref()
        .is_some_and(|pressed| pressed.load(Ordering::Relaxed))
}

fn listen() -> io::Result<Arc<AtomicBool>> {
    let pressed = Arc::new(AtomicBool::new(false));
    // In this order the first press only sets the flag, and the second finds it set.
    flag::register_conditional_shutdown(SIGINT, INTERRUPTED.into(), pressed.clone())?;
    flag::register(SIGINT, pressed.clone())?;
    Ok(pressed)
}
