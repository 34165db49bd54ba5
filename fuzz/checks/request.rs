//! For any head of a request: without the token it asks for nothing, and what it asks for is one task hash or a miss.

use std::sync::LazyLock;

use hyper::Method;
use nx_s3_cache::server::{Asked, Token};
use nx_s3_cache::task_hash::TaskHash;

static TOKEN: LazyLock<Token> = LazyLock::new(|| Token::random().unwrap());

/// Takes what `data` has between its NULs for method, path and the `Authorization` header.
pub fn check(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (method, path, authorization) = (part(), part(), part());
    let (Ok(method), Ok(path)) = (Method::from_bytes(method), str::from_utf8(path)) else {
        return;
    };
    let right = format!("Bearer {}", TOKEN.as_str());
    assert_eq!(Asked::parse(&method, path, None, &TOKEN), Asked::Unauthorized);
    for given in [
        authorization,
        &right.as_bytes()[1..],
        &[right.as_bytes(), authorization].concat(),
    ] {
        if given != right.as_bytes() {
            let asked = Asked::parse(&method, path, Some(given), &TOKEN);
            assert_eq!(asked, Asked::Unauthorized);
        }
    }
    match Asked::parse(&method, path, Some(right.as_bytes()), &TOKEN) {
        Asked::Get(hash) => is_hash_of(path, hash, &method, &Method::GET),
        Asked::Put(hash) => is_hash_of(path, hash, &method, &Method::PUT),
        Asked::Other => {}
        Asked::Unauthorized => panic!("the token was right"),
    }
}

fn is_hash_of(path: &str, hash: &str, method: &Method, expected: &Method) {
    assert_eq!(method, expected);
    assert_eq!(path, format!("/v1/cache/{hash}"));
    if let Ok(parsed) = TaskHash::parse(hash) {
        assert!(!parsed.as_str().contains(['/', '%', '.']));
    }
}
