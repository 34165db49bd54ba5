//! The attempts.

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;

use super::findings::{Attempt, Kind};
use super::outcome::{Bucket, PlantedScope, RunFinding};
use super::poison::{self, Client};
use super::runs::Run;
use crate::cli::ui::interrupt;
use crate::config::Config;
use crate::entry::{Keys, MAX_ENTRY_OBJECT};
use crate::object_store::memory::MemoryStore;
use crate::object_store::{ObjectStore, PutMode};
use crate::scope::{Scope, ScopeName};
use crate::sign::{KeyName, SigningKey};
use crate::task_hash::TaskHash;
use crate::trust::Access;

/// The name of a key that nobody trusts.
const STRANGER: &str = "doctor-attack";

/// A bucket under attack.
pub(super) struct Target<'a> {
    pub config: &'a Config,
    /// What a run like this reads.
    pub access: &'a Access,
    pub store: Arc<dyn ObjectStore>,
    pub directory: TempDir,
    /// What all names of this attack begin with.
    pub name: String,
    /// Keys of objects that are in the bucket now.
    pub written: Vec<String>,
}

/// An entry that must not be restored.
pub(super) struct Poison {
    kind: Kind,
    pub hash: TaskHash,
    /// Where runs would look for it.
    key: String,
    pub object: Bytes,
}

impl Target<'_> {
    /// Tries everything, the last of it with poison in all of `scopes`; an error says why it could not be tried.
    pub(super) async fn attack(
        &mut self,
        runs: &[Run],
        scopes: Vec<Scope>,
    ) -> Result<(Vec<Attempt>, Vec<PlantedScope>, Vec<RunFinding>), String> {
        let attempts = self.attempts().await?;
        let planted = self.plant_in(scopes).await?;
        let findings = self.restored_by(runs, &planted).await;
        Ok((attempts, planted.scopes, findings))
    }

    /// What is tried with entries of `t`.
    async fn attempts(&mut self) -> Result<Vec<Attempt>, String> {
        let unsigned = self.poison(Kind::Unsigned, &Scope::Trusted, None).await?;
        let stranger = KeyName::parse(STRANGER).map_err(|error| error.to_string())?;
        let foreign = self
            .poison(Kind::Foreign, &Scope::Trusted, Some(stranger))
            .await?;
        let config = self.config;
        let mut attempts = vec![
            self.plant(&unsigned, config).await,
            self.plant(&foreign, config).await,
        ];
        let trusted = self.config.trust.public_keys.iter().next();
        if let Some(name) = trusted.map(|key| key.name().clone()) {
            let forged = self.poison(Kind::Forged, &Scope::Trusted, Some(name)).await?;
            attempts.push(self.plant(&forged, config).await);
        }
        attempts.extend(self.certificates().await?);
        attempts.push(self.copy().await?);
        attempts.push(self.overwrite(&unsigned, &foreign).await);
        attempts.push(self.delete(&unsigned).await);
        attempts.push(self.list().await);
        Ok(attempts)
    }

    /// Removes what the attack wrote; returns the keys of what it could not remove.
    pub(super) async fn clean_up(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        for key in std::mem::take(&mut self.written) {
            if self.store.delete(std::slice::from_ref(&key)).await.is_err() {
                left.push(key);
            }
        }
        left
    }

    /// The key in `t` of this attack's object `what`.
    pub(super) fn key(&self, what: &str) -> Result<String, String> {
        Ok(self.keys(&Scope::Trusted).entry(&self.hash(what)?))
    }

    pub(super) fn keys(&self, scope: &Scope) -> Keys {
        Keys::new(&self.config.cache_key_prefix, scope)
    }

    pub(super) fn hash(&self, what: &str) -> Result<TaskHash, String> {
        TaskHash::parse(&format!("{}-{what}", self.name)).map_err(|error| error.to_string())
    }

    /// An entry of `scope`, signed with a new key of this name.
    pub(super) async fn poison(
        &self,
        kind: Kind,
        scope: &Scope,
        signer: Option<KeyName>,
    ) -> Result<Poison, String> {
        let signer = signer.map(SigningKey::generate).transpose();
        let signer = signer.map_err(|error| error.to_string())?;
        let hash = self.hash(kind.word())?;
        let object = poison::entry(self.config, scope, &hash, signer, self.directory.path()).await?;
        Ok(Poison {
            kind,
            key: self.keys(&Scope::Trusted).entry(&hash),
            hash,
            object,
        })
    }

    /// Puts poison where others look for it, and lets a client with `config` find it.
    pub(super) async fn plant(&mut self, poison: &Poison, config: &Config) -> Attempt {
        let bucket = self.put(&poison.key, &poison.object, PutMode::Create).await;
        Attempt {
            kind: poison.kind,
            client: Some(self.restore(poison, config).await),
            bucket,
        }
    }

    /// Writes an object, which is remembered unless the bucket refuses: it may be there after an error, too. After
    /// Ctrl-C nothing more is written.
    pub(super) async fn put(&mut self, key: &str, object: &Bytes, mode: PutMode) -> Bucket {
        if interrupt::pressed() {
            return Bucket::Unknown("not tried: interrupted".to_owned());
        }
        let bucket = Bucket::of(&self.store.put(key, object.clone(), mode).await);
        if bucket != Bucket::Denied {
            self.remember(key);
        }
        bucket
    }

    fn remember(&mut self, key: &str) {
        if !self.written.iter().any(|written| written == key) {
            self.written.push(key.to_owned());
        }
    }

    /// Lets the client restore the poison: from the bucket, or, where the bucket doesn't have it or doesn't give it
    /// away, from memory, since others may be able to write it.
    async fn restore(&self, poison: &Poison, config: &Config) -> Client {
        let store = self
            .store_with(&[(poison.key.clone(), poison.object.clone())])
            .await;
        let place = self.directory.path().join("restored");
        match poison::retrieve(config, self.access, store, &poison.hash, &place).await {
            Ok(_) => Client::Accepted,
            // Every line would begin with the name of its scratch object.
            Err(why) => {
                let name = format!("{}: ", poison.key);
                Client::Refused(why.strip_prefix(&name).unwrap_or(&why).to_owned())
            }
        }
    }

    /// The bucket, if it has all of these objects and gives them away, or else memory that has them.
    pub(super) async fn store_with(&self, objects: &[(String, Bytes)]) -> Arc<dyn ObjectStore> {
        for (key, object) in objects {
            if self.store.get(key, MAX_ENTRY_OBJECT).await != Ok(Some(object.clone())) {
                let memory = MemoryStore::new();
                for (key, object) in objects {
                    memory.replace(key, object.clone());
                }
                return Arc::new(memory);
            }
        }
        self.store.clone()
    }

    /// Copies an entry of an untrusted scope, which needs no signature there, to `t`.
    async fn copy(&mut self) -> Result<Attempt, String> {
        let name = ScopeName::parse(&self.name).map_err(|error| error.to_string())?;
        let scope = Scope::Untrusted(name);
        let poison = self.poison(Kind::Copied, &scope, None).await?;
        let from = self.keys(&scope).entry(&poison.hash);
        let bucket = match self.put(&from, &poison.object, PutMode::Create).await {
            Bucket::Allowed => {
                let copied = Bucket::of(&self.store.copy(&from, &poison.key).await);
                if copied != Bucket::Denied {
                    self.remember(&poison.key);
                }
                copied
            }
            _ => Bucket::Unknown(format!("nothing to copy: {from} could not be written")),
        };
        Ok(Attempt {
            kind: Kind::Copied,
            client: Some(self.restore(&poison, self.config).await),
            bucket,
        })
    }

    /// Overwrites one entry with another.
    async fn overwrite(&mut self, poison: &Poison, other: &Poison) -> Attempt {
        let bucket = self.put(&poison.key, &other.object, PutMode::Replace).await;
        Attempt::on_bucket(Kind::Overwritten, bucket)
    }

    /// Deletes an entry. Servers that allow it say so even where there is none.
    async fn delete(&mut self, poison: &Poison) -> Attempt {
        let deleted = self.store.delete(std::slice::from_ref(&poison.key)).await;
        if deleted.is_ok() {
            self.written.retain(|written| *written != poison.key);
        }
        Attempt::on_bucket(Kind::Deleted, Bucket::of(&deleted))
    }

    async fn list(&self) -> Attempt {
        let listed = self.store.list(&self.keys(&Scope::Trusted).entries(), None).await;
        Attempt::on_bucket(Kind::Listed, Bucket::of(&listed))
    }
}
