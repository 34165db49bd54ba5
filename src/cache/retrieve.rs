//! Which entry is restored, to where, and what a miss or a bad entry means for the run.

use std::path::Path;

use super::remote_cache::{RemoteCache, Retrieved};
use crate::archive::{self, Limits, Staging};
use crate::bucket::{Deadline, Gate, Name, Purpose};
use crate::config::OnBadSignature;
use crate::entry;
use crate::error::Error;
use crate::task_hash::TaskHash;

impl RemoteCache {
    /// Restores the artifact of `hash`; `None` when the bucket has none.
    pub(super) async fn restore(
        &self,
        hash: &TaskHash,
        cache_directory: &Path,
    ) -> Result<Option<Retrieved>, Error> {
        if !self.health.allows(Purpose::Read) {
            return Err(Error::Off);
        }
        if self.known_misses.lock().contains(hash) {
            return Ok(None);
        }
        let (bucket, name) = (&self.bucket, Name::Task(hash.clone()));
        let mut deadline = Deadline::new(bucket.config.deadline);
        let namespaces = &bucket.namespaces().await?.reads;
        let entries = bucket.downloader.find(namespaces, &name, &mut deadline).await?;

        let mut failure = None;
        for entry in entries {
            let restored = match entry {
                Ok(None) => continue,
                Ok(Some(found)) => {
                    let unpack = self.unpacking(hash, cache_directory);
                    bucket.downloader.read(found, &mut deadline, unpack).await
                }
                Err(error) => Err(error),
            };
            match restored {
                Ok(found) => {
                    if let Some(failure) = failure {
                        self.report(hash.as_str(), "restored from the run's own scope", &failure);
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
                self.known_misses.lock().insert(hash.clone());
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
            ) => Error::Untrusted { key, source },
            (error, _) => error,
        }
    }

    /// Unpacks an archive into a staging directory, and renames it to where the artifact belongs. What killed processes left
    /// in the cache directory is removed first, once a run.
    fn unpacking(
        &self,
        hash: &TaskHash,
        cache_directory: &Path,
    ) -> impl Fn(&entry::Manifest, &mut dyn std::io::BufRead) -> Result<Retrieved, Error> + use<> {
        let (hash, cache_directory, swept) = (hash.clone(), cache_directory.to_owned(), self.swept.clone());
        let limits = Limits {
            bytes: self.bucket.config.max_entry_size,
            ..Limits::default()
        };
        move |manifest, plain| {
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
}
