//! What a command deleted, or would delete.

use serde::Serialize;

use crate::cache::bytes;
use crate::entry::Object;

/// What an object is to whoever reads the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Entry,
    Archive,
    Chunk,
    Scratch,
}

impl What {
    pub(super) fn of(object: &Object) -> Self {
        match object {
            Object::Entry(_) | Object::Body(_) => Self::Entry,
            Object::Archive(_) => Self::Archive,
            Object::Chunk(_) => Self::Chunk,
            Object::Other(_) => Self::Scratch,
        }
    }
}

/// Objects by what they are, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    pub entries: u64,
    pub archives: u64,
    pub chunks: u64,
    pub scratch: u64,
    pub bytes: u64,
}

impl Tally {
    pub(super) fn add(&mut self, what: What, size: u64) {
        let count = match what {
            What::Entry => &mut self.entries,
            What::Archive => &mut self.archives,
            What::Chunk => &mut self.chunks,
            What::Scratch => &mut self.scratch,
        };
        *count += 1;
        self.bytes += size;
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.entries + self.archives + self.chunks + self.scratch == 0
    }

    /// What was deleted, in words.
    pub(super) fn line(&self) -> String {
        if self.is_empty() {
            return "nothing was deleted".into();
        }
        format!("{} deleted, {} freed", self.objects(), bytes(self.bytes))
    }

    /// Whether it is to be deleted, for a person to answer.
    pub(super) fn question(&self) -> String {
        format!("Delete {}, {}?", self.objects(), bytes(self.bytes))
    }

    /// `12 entries, 1 archive and 30 chunks`.
    pub(super) fn objects(&self) -> String {
        let counts = [
            (self.entries, "entry", "entries"),
            (self.archives, "archive", "archives"),
            (self.chunks, "chunk", "chunks"),
            (self.scratch, "scratch object", "scratch objects"),
        ];
        let told: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        match told.as_slice() {
            [] => "nothing".into(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_in_words() {
        let mut tally = Tally::default();
        assert_eq!(tally.line(), "nothing was deleted");
        tally.add(What::Entry, 1000);
        assert_eq!(tally.line(), "1 entry deleted, 1.0 kB freed");
        tally.add(What::Chunk, 500);
        tally.add(What::Chunk, 500);
        tally.add(What::Archive, 0);
        assert_eq!(
            tally.line(),
            "1 entry, 1 archive and 2 chunks deleted, 2.0 kB freed"
        );
    }
}
