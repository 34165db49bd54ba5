//! Object keys: `<cacheKeyPrefix>/v1/<scope>/e/<task hash>`, `…/n/<name>` and `…/c/<2 hex>/<chunk id>`.

use super::subject::Subject;
use crate::archive_name::ArchiveName;
use crate::chunk::ChunkId;
use crate::scope::Scope;
use crate::task_hash::TaskHash;

/// Makes the keys of one scope.
#[derive(Clone, Debug)]
pub struct Keys {
    base: String,
}

impl Keys {
    /// Keys under `prefix` (no leading or trailing `/`; may be empty).
    pub fn new(prefix: &str, scope: &Scope) -> Self {
        Self {
            base: format!("{}{scope}", Self::all(prefix)),
        }
    }

    /// What all keys under `prefix` begin with, whatever their scope.
    pub fn all(prefix: &str) -> String {
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{prefix}{slash}v1/")
    }

    /// The key of a task's entry.
    pub fn entry(&self, hash: &TaskHash) -> String {
        format!("{}/e/{hash}", self.base)
    }

    /// The key of a named archive.
    pub fn archive(&self, name: &ArchiveName) -> String {
        format!("{}/n/{name}", self.base)
    }

    /// The key of a chunk. The two leading digits spread listings and some servers' directories.
    pub fn chunk(&self, id: &ChunkId) -> String {
        let id = id.to_string();
        format!("{}/c/{}/{id}", self.base, &id[..2])
    }

    /// The key of the entry that stands for `subject`.
    pub fn of<'a>(&self, subject: impl Into<Subject<'a>>) -> String {
        match subject.into() {
            Subject::Task(hash) => self.entry(hash),
            Subject::Archive(name) => self.archive(name),
        }
    }

    /// The key of an object that is neither entry nor chunk, to try out what can be done in this scope.
    pub fn scratch(&self, name: &str) -> String {
        format!("{}/scratch/{name}", self.base)
    }

    /// What the keys of all entries begin with.
    pub fn entries(&self) -> String {
        format!("{}/e/", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_documented_layout() {
        let hash = TaskHash::parse("123").unwrap();
        let id = ChunkId::of(b"", None);
        let keys = Keys::new("", &Scope::Trusted);
        assert_eq!(keys.entry(&hash), "v1/t/e/123");
        let name = ArchiveName::parse("acme/shop/node_modules").unwrap();
        assert_eq!(keys.archive(&name), "v1/t/n/acme/shop/node_modules");
        assert_eq!(keys.chunk(&id), format!("v1/t/c/af/{id}"));
        assert_eq!(
            Keys::new("team/app", &Scope::Trusted).entry(&hash),
            "team/app/v1/t/e/123"
        );
    }
}
