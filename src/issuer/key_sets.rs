//! The key sets of issuers: fetched once a run, and kept on disk for a day where that is this user's own machine.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::object_store::documents::Documents;
use crate::sign::identity::{Issuer, MAX_KEY_SET};
use crate::sign::{KeySet, KeySets};

/// How long a key set on disk is used.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a failure, or a key set without the key that is wanted, is the answer before the issuer is asked again.
const PAUSE: Duration = Duration::from_secs(60);

/// Key sets, from a file of nx.json, from the disk, or from their issuers.
pub struct IssuerKeySets {
    http: Documents,
    /// From `trust.jwksFile`: nobody is asked for anything.
    given: Option<Arc<KeySet>>,
    /// Where key sets are kept; nowhere in CI, where a pull request may have written to it.
    directory: Option<PathBuf>,
    known: Mutex<HashMap<String, Arc<Mutex<Known>>>>,
}

/// What is known of an issuer.
#[derive(Default)]
struct Known {
    keys: Option<Arc<KeySet>>,
    /// When the issuer was asked last, and why there was no answer.
    asked: Option<(Instant, Option<String>)>,
}

/// A key set as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// When it was fetched, in seconds since 1970.
    fetched: u64,
    issuer: String,
    document: String,
}

impl IssuerKeySets {
    /// Key sets for this run. `given` is that of `trust.jwksFile`; `directory` is where they are kept.
    pub fn new(given: Option<Arc<KeySet>>, directory: Option<PathBuf>) -> Self {
        Self {
            http: Documents::open(),
            given,
            directory,
            known: Mutex::default(),
        }
    }

    /// Starts getting the key sets of these issuers, so that they are there when the first entry is.
    pub fn prefetch(self: &Arc<Self>, issuers: Vec<Issuer>) {
        if self.given.is_some() {
            return;
        }
        let this = Arc::clone(self);
        let fetch = move || {
            for issuer in issuers {
                let known = this.of(&issuer);
                // Whoever needs it later hears why there is none.
                drop(this.current(&mut known.lock(), &issuer, None));
            }
        };
        // Without a thread, whoever needs a key set gets it.
        let _ = std::thread::Builder::new().name("issuers".into()).spawn(fetch);
    }

    /// The key set, whatever keys it has.
    pub fn any(&self, issuer: &Issuer) -> Result<Arc<KeySet>, String> {
        self.find(issuer, None)
    }

    fn find(&self, issuer: &Issuer, kid: Option<&str>) -> Result<Arc<KeySet>, String> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        // Others who want the same wait here.
        let known = self.of(issuer);
        let mut known = known.lock();
        self.current(&mut known, issuer, kid)
    }

    fn of(&self, issuer: &Issuer) -> Arc<Mutex<Known>> {
        self.known.lock().entry(issuer.url.clone()).or_default().clone()
    }

    /// The key set, which should have the key `kid`.
    fn current(&self, known: &mut Known, issuer: &Issuer, kid: Option<&str>) -> Result<Arc<KeySet>, String> {
        if known.keys.is_none() {
            known.keys = self.kept(issuer).map(Arc::new);
        }
        let has = |keys: &&Arc<KeySet>| kid.is_none_or(|kid| keys.has(kid));
        if let Some(keys) = known.keys.as_ref().filter(has) {
            return Ok(keys.clone());
        }
        let recently = known.asked.as_ref().filter(|(at, _)| at.elapsed() < PAUSE);
        let failure = match recently {
            Some((_, failure)) => failure.clone(),
            None => {
                let fetched = self.fetch(issuer);
                let failure = fetched.as_ref().err().cloned();
                known.asked = Some((Instant::now(), failure.clone()));
                known.keys = fetched.ok().map(Arc::new).or(known.keys.take());
                failure
            }
        };
        match (failure, &known.keys) {
            // The issuer may have the key that these lack.
            (Some(failure), _) => Err(failure),
            (None, keys) => keys.clone().ok_or_else(String::new),
        }
    }

    /// Asks the issuer, on a thread of its own, since the caller may be one that serves requests.
    fn fetch(&self, issuer: &Issuer) -> Result<KeySet, String> {
        let get = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            let document = runtime.block_on(self.http.get(&issuer.key_set, None, MAX_KEY_SET));
            document.map_err(|missing| missing.to_string())
        };
        let document = std::thread::scope(|scope| {
            let asked = scope.spawn(get).join();
            asked.unwrap_or_else(|_| Err("it could not be asked".to_owned()))
        })?;
        let keys = KeySet::parse(&issuer.url, &document);
        let keys = keys.ok_or_else(|| "its answer is no key set".to_owned())?;
        self.keep(issuer, document);
        Ok(keys)
    }

    /// What was kept of the issuer within the last day.
    fn kept(&self, issuer: &Issuer) -> Option<KeySet> {
        let directory = self
            .directory
            .as_deref()
            .filter(|directory| is_private(directory))?;
        let path = path(directory, issuer);
        let size = std::fs::metadata(&path)
            .ok()
            .filter(std::fs::Metadata::is_file)?
            .len();
        if size > 2 * MAX_KEY_SET as u64 {
            return None;
        }
        let kept: Kept = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        // A time to come would keep it for ever.
        let age = now().checked_sub(kept.fetched)?;
        if age >= KEPT.as_secs() || kept.issuer != issuer.url {
            return None;
        }
        KeySet::parse(&issuer.url, kept.document.as_bytes())
    }

    /// Keeps a key set. That it can't be kept costs the next run a request.
    fn keep(&self, issuer: &Issuer, document: Vec<u8>) {
        let Some(directory) = &self.directory else {
            return;
        };
        let write = || -> Option<()> {
            let kept = Kept {
                fetched: now(),
                issuer: issuer.url.clone(),
                document: String::from_utf8(document).ok()?,
            };
            make_private(directory).ok()?;
            is_private(directory).then_some(())?;
            let mut file = tempfile::NamedTempFile::new_in(directory).ok()?;
            file.write_all(&serde_json::to_vec(&kept).ok()?).ok()?;
            file.persist(path(directory, issuer)).ok()?;
            Some(())
        };
        let _ = write();
    }
}

impl KeySets for IssuerKeySets {
    fn key_set(&self, issuer: &Issuer, kid: &str) -> Result<Arc<KeySet>, String> {
        self.find(issuer, Some(kid))
    }
}

fn path(directory: &Path, issuer: &Issuer) -> PathBuf {
    directory.join(format!("{}.json", blake3::hash(issuer.url.as_bytes()).to_hex()))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(unix)]
fn make_private(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Whether nobody else can have written what is in it.
#[cfg(unix)]
fn is_private(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = rustix::process::geteuid().as_raw();
    std::fs::symlink_metadata(directory)
        .is_ok_and(|found| found.is_dir() && found.uid() == owner && found.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)
}

/// The user's own folder is nobody else's on Windows.
#[cfg(not(unix))]
fn is_private(directory: &Path) -> bool {
    directory.is_dir()
}
