//! For any key that a bucket lists: it is parsed, and written again, unchanged. For any archive name on the command line: its
//! key names it, and nothing else.

use nx_s3_cache::archive_name::ArchiveName;
use nx_s3_cache::chunk::ChunkId;
use nx_s3_cache::entry::{Keys, Located, Object};
use nx_s3_cache::scope::Scope;

/// Takes the parts of `data` around its first NUL for a prefix and a key.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let (prefix, key) = text.split_once('\0').unwrap_or(("", text));
    check_key(prefix, key);
    // Few inputs would have the front of a key by chance.
    check_key(prefix, &format!("{}t/{key}", Keys::all(prefix)));
    check_key(prefix, &format!("{}u/{key}", Keys::all(prefix)));
    check_name(prefix, key);
    if let Ok(id) = ChunkId::parse(key) {
        assert_eq!(id.to_string(), key);
    }
}

fn check_key(prefix: &str, key: &str) {
    let Some(Located { scope, object }) = Located::parse(prefix, key) else {
        return;
    };
    let keys = Keys::new(prefix, &scope);
    let again = match &object {
        Object::Entry(hash) => keys.entry(hash),
        Object::Archive(name) => keys.archive(name),
        Object::Body(hash) => keys.body(hash),
        Object::Chunk(id) => keys.chunk(id),
        Object::Other(rest) => format!("{}{scope}/{rest}", Keys::all(prefix)),
    };
    assert_eq!(again, key);
}

fn check_name(prefix: &str, name: &str) {
    let Ok(parsed) = ArchiveName::parse(name) else {
        return;
    };
    assert!(name.len() <= 300 && name.is_ascii(), "{name:?}");
    assert!(
        name.split('/').all(|part| !matches!(part, "" | "." | "..")),
        "{name:?}"
    );
    let key = Keys::new(prefix, &Scope::Trusted).archive(&parsed);
    let located = Located {
        scope: Scope::Trusted,
        object: Object::Archive(parsed),
    };
    assert_eq!(Located::parse(prefix, &key), Some(located));
}
