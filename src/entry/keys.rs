//! Object keys, written and parsed: `<cacheKeyPrefix>/v1/<scope>/e/<task hash>`, `…/b/<task hash>`,
//! `…/n/<archive name>` and `…/c/<2 hex>/<chunk id>`.

use crate::archive_name::ArchiveName;
use crate::chunk::ChunkId;
use crate::scope::{Scope, ScopeName};
use crate::task_hash::TaskHash;

/// What an entry stands for. The object's header says which of these it is, so that one is never taken for the other, whatever
/// their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The artifact of a task.
    Task(&'a TaskHash),
    /// A named archive.
    Archive(&'a ArchiveName),
    /// The artifact of a task as Nx's own HTTP client packs it: bytes that mean something to Nx only.
    Body(&'a TaskHash),
}

impl<'a> Subject<'a> {
    /// The hash or the name, as it is in keys, manifests and signatures.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Task(hash) | Self::Body(hash) => hash.as_str(),
            Self::Archive(name) => name.as_str(),
        }
    }
}

impl<'a> From<&'a TaskHash> for Subject<'a> {
    fn from(hash: &'a TaskHash) -> Self {
        Self::Task(hash)
    }
}

impl<'a> From<&'a ArchiveName> for Subject<'a> {
    fn from(name: &'a ArchiveName) -> Self {
        Self::Archive(name)
    }
}

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

    /// What all keys under `prefix` begin with, in every scope.
    pub fn all(prefix: &str) -> String {
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{prefix}{slash}v1/")
    }

    /// The key of a task's entry.
    pub fn entry(&self, hash: &TaskHash) -> String {
        format!("{}/e/{hash}", self.base)
    }

    /// The key of a body's entry.
    pub fn body(&self, hash: &TaskHash) -> String {
        format!("{}/b/{hash}", self.base)
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
            Subject::Body(hash) => self.body(hash),
        }
    }

    /// The key of an object that is neither entry nor chunk, to try out what is allowed in this scope.
    pub fn scratch(&self, name: &str) -> String {
        format!("{}/scratch/{name}", self.base)
    }

    /// What the keys of all entries of tasks begin with, bodies excepted.
    pub fn entries(&self) -> String {
        format!("{}/e/", self.base)
    }

    /// What the keys of all bodies begin with.
    pub fn bodies(&self) -> String {
        format!("{}/b/", self.base)
    }
}

/// An object's key, parsed: the inverse of [`Keys`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The scope it belongs to.
    pub scope: Scope,
    /// What it is.
    pub object: Object,
}

/// What an object is, going by its key. Its bytes may disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// The entry of a task.
    Entry(TaskHash),
    /// The entry of a named archive.
    Archive(ArchiveName),
    /// The entry of a body.
    Body(TaskHash),
    /// A chunk.
    Chunk(ChunkId),
    /// Something else, such as a scratch object of `doctor`: the part of the key after the scope.
    Other(String),
}

impl Object {
    /// What it stands for, if it is an entry.
    pub fn subject(&self) -> Option<Subject<'_>> {
        match self {
            Self::Entry(hash) => Some(hash.into()),
            Self::Archive(name) => Some(name.into()),
            Self::Body(hash) => Some(Subject::Body(hash)),
            Self::Chunk(_) | Self::Other(_) => None,
        }
    }
}

impl Located {
    /// Parses a key under `prefix`; `None` if it isn't one of the cache.
    pub fn parse(prefix: &str, key: &str) -> Option<Self> {
        let rest = key.strip_prefix(&Keys::all(prefix))?;
        let (scope, rest) = match rest.split_once('/')? {
            ("t", rest) => (Scope::Trusted, rest),
            ("u", rest) => {
                let (name, rest) = rest.split_once('/')?;
                (Scope::Untrusted(ScopeName::parse(name).ok()?), rest)
            }
            _ => return None,
        };
        let object = object(rest).unwrap_or_else(|| Object::Other(rest.to_owned()));
        Some(Self { scope, object })
    }
}

/// The entry or chunk that `rest`, the part of a key after the scope, names.
fn object(rest: &str) -> Option<Object> {
    if let Some(hash) = rest.strip_prefix("e/") {
        return TaskHash::parse(hash).ok().map(Object::Entry);
    }
    if let Some(hash) = rest.strip_prefix("b/") {
        return TaskHash::parse(hash).ok().map(Object::Body);
    }
    if let Some(name) = rest.strip_prefix("n/") {
        return ArchiveName::parse(name).ok().map(Object::Archive);
    }
    let (directory, id) = rest.strip_prefix("c/")?.split_once('/')?;
    let id = ChunkId::parse(id)
        .ok()
        .filter(|_| id.starts_with(directory) && directory.len() == 2)?;
    Some(Object::Chunk(id))
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
        assert_eq!(keys.of(Subject::Body(&hash)), "v1/t/b/123");
        assert_eq!(keys.chunk(&id), format!("v1/t/c/af/{id}"));
        assert_eq!(
            (keys.of(&hash), keys.of(&name)),
            (keys.entry(&hash), keys.archive(&name))
        );
        assert_eq!(keys.entries(), "v1/t/e/");
        let keys = Keys::new("team/app", &Scope::Trusted);
        assert_eq!(keys.entry(&hash), "team/app/v1/t/e/123");
    }

    #[test]
    fn every_key_we_write_is_read_back() {
        let (hash, id) = (TaskHash::parse("123").unwrap(), ChunkId::of(b"x", None));
        let name = ArchiveName::parse("acme/node_modules").unwrap();
        for prefix in ["", "team/web", "v1"] {
            for scope in [Scope::Trusted, Scope::Untrusted(ScopeName::pull_request("7"))] {
                let keys = Keys::new(prefix, &scope);
                for (key, object) in [
                    (keys.entry(&hash), Object::Entry(hash.clone())),
                    (keys.archive(&name), Object::Archive(name.clone())),
                    (keys.body(&hash), Object::Body(hash.clone())),
                    (keys.chunk(&id), Object::Chunk(id)),
                    (keys.scratch("doctor-1"), Object::Other("scratch/doctor-1".into())),
                ] {
                    let subject = object.subject().map(|subject| keys.of(subject));
                    let is_entry = matches!(object, Object::Entry(_) | Object::Archive(_) | Object::Body(_));
                    assert_eq!(subject, is_entry.then(|| key.clone()));
                    let located = Located {
                        scope: scope.clone(),
                        object,
                    };
                    assert_eq!(Located::parse(prefix, &key), Some(located), "{key}");
                }
            }
        }
    }

    #[test]
    fn other_keys_are_not_taken_for_ours() {
        let id = ChunkId::of(b"x", None).to_string();
        for key in [
            "",
            "v1/",
            "v1/t",
            "v2/t/e/1",
            "other/v1/t/e/1",
            "v1/x/e/1",
            "v1/u/e",
            "v1/u/../e/1",
            "v1/u//e/1",
        ] {
            assert_eq!(Located::parse("", key), None, "{key}");
        }
        for rest in [
            "e/",
            "b/",
            "b/a/b",
            "e/a/b",
            "e/a b",
            "c/1",
            "c/00/1",
            &format!("c/zz/{id}"),
            &format!("c/{id}"),
            &format!("c//{id}"),
        ] {
            let located = Located::parse("", &format!("v1/t/{rest}")).unwrap();
            assert_eq!(located.object, Object::Other(rest.into()));
        }
    }
}
