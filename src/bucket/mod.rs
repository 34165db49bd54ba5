//! One open bucket: everything that travels between directories and the bucket, whoever wants it.

mod budget;
mod chunk_puts;
mod chunk_reader;
mod chunks;
mod deadline;
mod download;
mod in_flight;
mod memory;
mod namespace;
mod pack;
mod read_entry;
mod requests;
mod touch;
mod upload;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::stream::{self, Stream};
use tokio::sync::{Mutex, OnceCell};

use crate::config::Config;
use crate::entry::{Keys, Located, Object, Producer};
use crate::error::Error;
use crate::issuer::{self, NoCertificate};
use crate::object_store::documents::Documents;
use crate::object_store::{self, Listed, ObjectStore};
use crate::rlimit::max_concurrent_requests;
use crate::scope::Scope;
use crate::seal::MasterKey;
use crate::trust::Access;
use budget::Budget;
use requests::Transfer;
use touch::Touches;

pub use budget::blocking;
pub use deadline::Deadline;
pub use download::{Downloader, FoundEntry};
pub use in_flight::InFlight;
pub use namespace::{Name, Namespace, Namespaces};
pub use pack::Source;
pub use read_entry::ReadEntry;
pub use requests::{AlwaysOpen, Gate, Purpose, Requests, Traffic};
pub use upload::{Upload, Uploaded, Uploader};

/// An open bucket, with what the configuration and this run's rights say about it.
pub struct Bucket {
    /// The configuration as it was resolved.
    pub config: Config,
    /// What this run may read and write.
    pub access: Access,
    /// The bucket's objects, whatever they are.
    pub store: Arc<dyn ObjectStore>,
    /// Requests for the objects of artifacts.
    pub requests: Arc<Requests>,
    /// Uploads artifacts.
    pub uploader: Uploader,
    /// Downloads artifacts.
    pub downloader: Downloader,
    touches: Arc<Touches>,
    namespaces: OnceCell<Namespaces>,
    certified: Mutex<Option<Certified>>,
}

/// An object of the cache in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// What the key stands for.
    pub at: Located,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, where the server says so.
    pub modified: Option<SystemTime>,
}

impl Found {
    /// What it stands for, if it is an entry.
    pub fn name(&self) -> Option<Name> {
        match &self.at.object {
            Object::Entry(hash) => Some(Name::Task(hash.clone())),
            Object::Archive(name) => Some(Name::Archive(name.clone())),
            Object::Body(hash) => Some(Name::Body(hash.clone())),
            Object::Chunk(_) | Object::Other(_) => None,
        }
    }
}

/// Where a run writes with a certified key, or why it can't, and since when.
type Certified = (Instant, Result<Arc<Namespace>, NoCertificate>);

/// How long a key is used: entries made more than a day after its token are not believed.
const CERTIFIED_FOR: Duration = Duration::from_secs(12 * 60 * 60);
/// How long no token is asked for after there was none.
const PAUSE: Duration = Duration::from_secs(60);

impl Bucket {
    /// The bucket behind `store`, with requests as far as `gate` allows them. Asks the bucket for nothing. Must be called
    /// within a tokio runtime.
    pub fn new(
        config: Config,
        access: Access,
        store: Arc<dyn ObjectStore>,
        gate: Arc<dyn Gate>,
        producer: Producer,
    ) -> Self {
        let transfer = Transfer {
            requests: Arc::new(Requests::new(store.clone(), gate)),
            budget: Arc::new(Budget::new(max_concurrent_requests(config.bucket.concurrency))),
            touches: Arc::new(Touches::new(store.clone(), config.touch_after)),
        };
        let max_size = config.max_entry_size;
        Self {
            requests: transfer.requests.clone(),
            touches: transfer.touches.clone(),
            uploader: Uploader::new(transfer.clone(), config.compression, max_size, producer),
            downloader: Downloader::new(transfer, max_size),
            config,
            access,
            store,
            namespaces: OnceCell::new(),
            certified: Mutex::default(),
        }
    }

    /// Where this run reads and writes. Deriving a key from a passphrase takes a while, so it is done once.
    pub async fn namespaces(&self) -> Result<&Namespaces, Error> {
        let open = async || {
            let key = match self.config.encryption_key.clone() {
                None => None,
                Some(secret) => Some(blocking(move || MasterKey::derive(&secret)).await?),
            };
            let key = key.transpose();
            let key = key.map_err(|error| Error::Internal(error.to_string()))?;
            Ok(Namespaces::new(&self.config, &self.access, key))
        };
        self.namespaces.get_or_try_init(open).await
    }

    /// Where this run uploads to; `None` where it stores nothing. Where it has no signing key but an identity, the first
    /// caller has a key certified, and others wait for that.
    pub async fn writes(&self) -> Result<Option<Arc<Namespace>>, Error> {
        let namespaces = self.namespaces().await?;
        let (Some(_), Some(source)) = (&namespaces.writes, &self.access.certify) else {
            return Ok(namespaces.writes.clone());
        };
        let mut certified = self.certified.lock().await;
        if let Some((since, known)) = &*certified
            && since.elapsed() < known.as_ref().map_or(PAUSE, |_| CERTIFIED_FOR)
        {
            return known.clone().map(Some).map_err(Error::NotCertified);
        }
        let (rules, prefix) = (&self.config.trust.rules, &self.config.cache_key_prefix);
        let key = issuer::certify(source, rules, prefix, &Documents::open()).await;
        let namespace = key.map(|key| namespaces.certified(key));
        *certified = namespace
            .clone()
            .transpose()
            .map(|namespace| (Instant::now(), namespace));
        namespace.map_err(Error::NotCertified)
    }

    /// What every key of the cache begins with.
    pub fn prefix(&self) -> String {
        Keys::all(&self.config.cache_key_prefix)
    }

    /// The keys of `scope`.
    pub fn keys(&self, scope: &Scope) -> Keys {
        Keys::new(&self.config.cache_key_prefix, scope)
    }

    /// The objects of the cache whose keys begin with `prefix`, in pages as the server hands them out: however many there are,
    /// one page is in memory. What isn't an object of the cache is passed over.
    pub fn pages(&self, prefix: String) -> impl Stream<Item = Result<Vec<Found>, object_store::Error>> {
        let found = move |listed: Listed| {
            Some(Found {
                at: Located::parse(&self.config.cache_key_prefix, &listed.key)?,
                key: listed.key,
                size: listed.size,
                modified: listed.modified,
            })
        };
        stream::try_unfold(Some(None), move |next: Option<Option<String>>| {
            let prefix = prefix.clone();
            async move {
                let Some(after) = next else { return Ok(None) };
                let page = self.store.list(&prefix, after.as_deref()).await?;
                let objects = page.objects.into_iter().filter_map(found).collect();
                Ok(Some((objects, page.next.map(Some))))
            }
        })
    }

    /// Fetches and reads an entry, whoever signed it; `None` where there is none.
    pub async fn read_entry(&self, scope: &Scope, name: Name) -> Result<Option<ReadEntry>, Error> {
        let (namespaces, needed) = (self.namespaces().await?, self.wants_signatures(scope));
        ReadEntry::fetch(&self.requests, namespaces, scope, name, needed).await
    }

    /// Whether runs that read `scope` believe signed entries only.
    pub fn wants_signatures(&self, scope: &Scope) -> bool {
        *scope == Scope::Trusted && self.config.trust.verifies()
    }

    /// Blocks this thread until no object is being refreshed, at most for `timeout`.
    pub fn wait(&self, timeout: Duration) {
        self.touches.wait(timeout);
    }

    /// Waits until no object is being refreshed, for as long as a command may take for that.
    pub async fn finish(&self) {
        self.touches.finish().await;
    }
}
