//! Which entry is restored, to where, and what a miss or a bad entry means for the run.

use std::io::{BufRead, Seek, Write};
use std::path::Path;

use super::remote_cache::{Body, RemoteCache, Retrieved};
use crate::archive::{self, Limits, Staging};
use crate::bucket::{Deadline, Gate, Name, Purpose};
use crate::config::OnBadSignature;
use crate::entry;
use crate::error::Error;
use crate::task_hash::TaskHash;

/// What becomes of the plain bytes of an artifact.
pub(super) trait Consume<T>:
    Fn(&entry::Manifest, &mut dyn BufRead) -> Result<T, Error> + Clone + Send + Sync + 'static
{
}

impl<T, F> Consume<T> for F where
    F: Fn(&entry::Manifest, &mut dyn BufRead) -> Result<T, Error> + Clone + Send + Sync + 'static
{
}

impl RemoteCache {
    /// Lets `consume` read what is stored under `name`; `None` when the bucket has none.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        name: Name,
        consume: impl Consume<T>,
    ) -> Result<Option<T>, Error> {
        if !self.health.allows(Purpose::Read) {
            return Err(Error::Off);
        }
        if self.known_misses.lock().contains(&name) {
            return Ok(None);
        }
        let bucket = &self.bucket;
        let mut deadline = Deadline::new(bucket.config.deadline);
        let namespaces = &bucket.namespaces().await?.reads;
        let entries = bucket.downloader.find(namespaces, &name, &mut deadline).await?;

        let mut failure = None;
        for entry in entries {
            let restored = match entry {
                Ok(None) => continue,
                Ok(Some(found)) => {
                    // Thousands may wait for their entries: what reading takes is allocated only then.
                    Box::pin(bucket.downloader.read(found, &mut deadline, consume.clone())).await
                }
                Err(error) => Err(error),
            };
            match restored {
                Ok(found) => {
                    if let Some(failure) = failure {
                        self.report(
                            name.subject().as_str(),
                            "restored from the run's own scope",
                            &failure,
                        );
                    }
                    return Ok(Some(found));
                }
                Err(error) => {
                    let error = self.to_fatal(error);
                    if error.is_fatal() {
                        return Err(error);
                    }
                    failure = failure.or(Some(error));
                }
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None => {
                self.known_misses.lock().insert(name);
                Ok(None)
            }
        }
    }

    /// What a bad signature means for the run is the user's decision.
    fn to_fatal(&self, error: Error) -> Error {
        match (error, self.bucket.config.trust.on_bad_signature) {
            (
                Error::Entry {
                    key,
                    source: entry::Error::Signature(source),
                },
                OnBadSignature::Fail,
            ) if !source.is_unverifiable() => Error::Untrusted { key, source },
            (error, _) => error,
        }
    }

    /// Unpacks an archive into a staging directory, and renames it to where the artifact belongs. What killed processes left
    /// in the cache directory is removed first, once a run.
    pub(super) fn unpacking(
        &self,
        hash: &TaskHash,
        cache_directory: &Path,
    ) -> impl Consume<Retrieved> + use<> {
        let (hash, cache_directory, swept) = (hash.clone(), cache_directory.to_owned(), self.swept.clone());
        let limits = Limits {
            bytes: self.bucket.config.max_entry_size,
            ..Limits::default()
        };
        move |manifest: &entry::Manifest, plain: &mut dyn BufRead| {
            if swept.lock().insert(cache_directory.clone()) {
                archive::sweep(&cache_directory);
            }
            let staging = Staging::create(&cache_directory)?;
            let unpacked = archive::unpack(plain, staging.path(), &limits)?;
            staging.commit(&hash)?;
            Ok(Retrieved {
                code: manifest.code,
                terminal_output: unpacked.terminal_output,
                outputs_path: cache_directory.join(hash.as_str()),
                size: unpacked.bytes,
            })
        }
    }

    /// Writes a body to a file in `directory` that has no name, so that nothing is left of it when the process is killed. It
    /// is passed on only when all of it was received and verified.
    pub(super) fn spooling(&self, directory: &Path) -> impl Consume<Body> + use<> {
        let directory = directory.to_owned();
        move |manifest: &entry::Manifest, plain: &mut dyn BufRead| {
            let local = |source| archive::Error::Local {
                path: directory.clone(),
                source,
            };
            let mut file = tempfile::tempfile_in(&directory).map_err(local)?;
            loop {
                let bytes = plain.fill_buf().map_err(archive::Error::Stream)?;
                if bytes.is_empty() {
                    break;
                }
                file.write_all(bytes).map_err(local)?;
                let count = bytes.len();
                plain.consume(count);
            }
            file.rewind().map_err(local)?;
            Ok(Body {
                file,
                size: manifest.size,
            })
        }
    }
}
