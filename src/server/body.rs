//! Bodies on their way between connections and files: in pieces, so that memory stays flat whatever their size.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::stream::unfold;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

use crate::bucket::blocking;

/// Bytes that are read from a file at once.
const PIECE: usize = 64 << 10;
/// Pieces between file and connection.
const AHEAD: usize = 4;

/// The body of an answer.
pub type Answer = UnsyncBoxBody<Bytes, io::Error>;

/// A short text.
pub fn text(text: impl Into<Bytes>) -> Answer {
    Full::new(text.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// What a file has, from where it stands.
pub fn of_file(mut file: File) -> Answer {
    let (sender, receiver) = mpsc::channel(AHEAD);
    // It ends when the file does, or nobody listens any more.
    tokio::spawn(blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).map(|count| {
                piece.truncate(count);
                Bytes::from(piece)
            });
            let is_last = read.as_ref().map_or(true, Bytes::is_empty);
            if sender.blocking_send(read.map(Frame::data)).is_err() || is_last {
                return;
            }
        }
    }));
    let frames = unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    StreamBody::new(Box::pin(frames)).boxed_unsync()
}

/// How receiving a body ended.
pub enum Received {
    /// It is in this file, which stands at its beginning.
    All(File),
    /// It was received, and could not be written.
    Unwritten(io::Error),
    /// The rest of it never came.
    Part,
}

/// Receives a body into a file without a name in `directory`. Whatever happens, it is read to its end: Nx's client takes
/// an answer that comes before for a broken connection.
pub async fn receive(mut body: impl Body<Data = Bytes> + Unpin, directory: PathBuf) -> Received {
    let (sender, mut pieces) = mpsc::channel::<Bytes>(AHEAD);
    let write = move || {
        let mut file = tempfile::tempfile_in(directory)?;
        while let Some(piece) = pieces.blocking_recv() {
            file.write_all(&piece)?;
        }
        file.rewind()?;
        Ok(file)
    };
    let receive = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            if let Ok(piece) = frame.into_data() {
                // Where nobody writes any more, the other end says why.
                let _ = sender.send(piece).await;
            }
        }
        drop(sender);
        true
    };
    match tokio::join!(blocking(write), receive) {
        (_, false) => Received::Part,
        (Ok(Ok(file)), true) => Received::All(file),
        (Ok(Err(error)), true) => Received::Unwritten(error),
        (Err(error), true) => Received::Unwritten(io::Error::other(error.to_string())),
    }
}
