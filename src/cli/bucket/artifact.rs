//! An artifact's archive as it comes from the bucket, looked through without touching the disk.

use std::iter;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;

use super::{Bucket, PERMISSION};
use crate::archive::{self, Item, Limits};
use crate::cache::{ChunkReader, blocking};
use crate::cli::ui::Ending;
use crate::entry::Entry;
use crate::error::Error;
use crate::object_store::Extent;
use crate::scope::Scope;

/// Chunks that are fetched ahead: with the one in use and the one on its way, 40 MiB at most.
const WINDOW: usize = 8;

/// Why an artifact was not looked through to its end.
#[derive(Debug)]
pub(in crate::cli) enum Stop {
    /// Something is wrong with it: no run would restore it.
    Bad(Error),
    /// Whoever looks has seen enough.
    Enough,
    /// The command ends.
    Ends(Ending),
}

impl From<archive::Error> for Stop {
    fn from(error: archive::Error) -> Self {
        Self::Bad(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(ref source) if source.extent() == Extent::Object => Self::Bad(error),
            Error::Store(error) => Self::Ends(Ending::of_bucket(&error, PERMISSION)),
            error => Self::Bad(error),
        }
    }
}

impl Bucket {
    /// Shows everything in the artifact of `entry` to `look`, with all the checks of a restore, and returns `seen` as
    /// `look` left it.
    ///
    /// What `look` sees first was not yet checked to its end: only when there is no error, a run would restore all
    /// of it.
    pub(in crate::cli) async fn look_through<S: Send + 'static>(
        &self,
        scope: &Scope,
        entry: &Entry,
        mut seen: S,
        look: impl Fn(&mut S, Item<'_>) -> Result<(), Stop> + Send + 'static,
    ) -> (Option<S>, Result<(), Stop>) {
        let limit = self.config.max_entry_size;
        if entry.manifest.size > limit {
            return (Some(seen), Err(Stop::Bad(Error::TooLarge { limit })));
        }
        let limits = Limits {
            bytes: limit,
            ..Limits::default()
        };
        let (sender, mut receiver) = mpsc::channel(1);
        let looking = blocking(move || {
            let mut arriving = ChunkReader::new(iter::from_fn(|| receiver.blocking_recv()));
            let looked = archive::scan(&mut arriving, &limits, &mut |item| look(&mut seen, item));
            let looked = arriving.failure.map_or(looked, |failure| Err(failure.into()));
            (seen, looked)
        });
        let (looked, ()) = tokio::join!(looking, self.send_chunks(scope, entry, sender));
        match looked {
            Ok((seen, looked)) => (Some(seen), looked),
            Err(error) => (None, Err(error.into())),
        }
    }

    /// Sends the plain chunks in order, until they or the receiver end.
    async fn send_chunks(&self, scope: &Scope, entry: &Entry, sender: mpsc::Sender<Result<Vec<u8>, Error>>) {
        if entry.manifest.inline {
            let codec = self.codec(scope);
            let frames: Vec<_> = entry
                .inline_frames()
                .map(|(chunk, frame)| (*chunk, frame.to_vec()))
                .collect();
            for (chunk, frame) in frames {
                let key = self.keys(scope).entries() + &entry.manifest.hash;
                let plain = codec.decode_frame(&chunk, &frame);
                let plain = plain.map_err(|source| Error::Entry { key, source });
                if sender.send(plain).await.is_err() {
                    return;
                }
            }
            return;
        }
        let chunks = stream::iter(entry.manifest.chunks.clone()).map(|chunk| self.chunk(scope, chunk));
        let mut chunks = std::pin::pin!(chunks.buffered(WINDOW));
        while let Some(chunk) = chunks.next().await {
            if sender.send(chunk).await.is_err() {
                return;
            }
        }
    }
}
