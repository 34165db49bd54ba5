//! Which task each hash stands for, as far as Nx says.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::plain::plain;

/// Tasks such as `web:build`, by their hashes.
#[derive(Default)]
pub(super) struct TaskNames(Mutex<HashMap<String, String>>);

impl TaskNames {
    pub(super) fn set(&self, hash: &str, task: &str) {
        self.0.lock().insert(hash.to_owned(), plain(task).into_owned());
    }

    pub(super) fn get(&self, hash: &str) -> Option<String> {
        self.0.lock().get(hash).cloned()
    }

    /// The task with its hash, or the hash alone.
    pub(super) fn label(&self, hash: &str) -> String {
        self.get(hash)
            .map_or_else(|| hash.to_owned(), |task| format!("{task} ({hash})"))
    }
}
