//! Which entries go so that the rest is small enough: the oldest, whatever their scope. Makes no request.

use std::collections::HashMap;

use super::part::Part;

/// An entry that goes.
pub(super) struct Marked {
    /// Which part it is in, and which of its rows it is.
    pub part: usize,
    pub row: usize,
}

/// What one part needs while entries go.
struct References {
    /// How many entries need a chunk.
    counts: HashMap<u64, u32>,
    /// The sizes of chunks that may go.
    old: HashMap<u64, u64>,
    unknown: u64,
}

impl References {
    fn of(part: &Part) -> Self {
        let mut counts = HashMap::new();
        for id in part.rows.iter().flat_map(|row| part.references(row)) {
            *counts.entry(*id).or_default() += 1;
        }
        Self {
            counts,
            old: part.old.iter().map(|chunk| (chunk.id, chunk.size)).collect(),
            unknown: part.unknown,
        }
    }

    /// Bytes of the chunks that nothing needs.
    fn unneeded(&self, part: &mut Part) -> u64 {
        if self.unknown > 0 {
            return 0;
        }
        let old = self.old.iter().filter(|(id, _)| {
            self.counts.get(id).is_none_or(|count| *count == 0) && !part.needed.contains(**id)
        });
        old.map(|(_, size)| size).sum()
    }

    /// An entry with these references goes; returns the bytes of chunks that nothing needs any more.
    fn release(&mut self, part: &mut Part, references: Option<&[u64]>) -> u64 {
        let Some(ids) = references else {
            self.unknown -= 1;
            return self.unneeded(part);
        };
        let mut freed = 0;
        for id in ids {
            let Some(count) = self.counts.get_mut(id) else {
                continue;
            };
            *count -= 1;
            if *count == 0 && self.unknown == 0 && !part.needed.contains(*id) {
                freed += self.old.get(id).copied().unwrap_or_default();
            }
        }
        freed
    }
}

/// Marks the oldest entries of `parts`, which take `listed` bytes with all else, until the rest takes no more than `most`.
/// What stays is needed from then on.
pub(super) fn shrink(parts: &mut [Part], listed: u64, most: u64) -> Vec<Marked> {
    let mut needs: Vec<References> = parts.iter().map(References::of).collect();
    let unneeded = parts
        .iter_mut()
        .zip(&needs)
        .map(|(part, need)| need.unneeded(part));
    let mut left = listed.saturating_sub(unneeded.sum());
    let mut marked = Vec::new();
    for (part, row) in oldest_first(parts) {
        if left <= most {
            break;
        }
        let (size, references) = {
            let found = &parts[part].rows[row];
            (
                found.size,
                found
                    .references
                    .is_some()
                    .then(|| parts[part].references(found).to_vec()),
            )
        };
        let freed = needs[part].release(&mut parts[part], references.as_deref());
        left = left.saturating_sub(size + freed);
        marked.push(Marked { part, row });
    }
    for (part, need) in parts.iter_mut().zip(needs) {
        part.unknown = need.unknown;
        let needed = need.counts.into_iter().filter(|(_, count)| *count > 0);
        needed.for_each(|(id, _)| part.needed.insert(id));
    }
    marked
}

fn oldest_first(parts: &[Part]) -> Vec<(usize, usize)> {
    let rows = parts.iter().enumerate();
    let mut rows: Vec<_> = rows
        .flat_map(|(at, part)| (0..part.rows.len()).map(move |row| (at, row)))
        .collect();
    rows.sort_unstable_by_key(|(part, row)| {
        let row = &parts[*part].rows[*row];
        (row.modified, row.fingerprint)
    });
    rows
}
