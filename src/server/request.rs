//! What a request of Nx's client asks for. The token comes first: without it, nothing else is looked at.

use hyper::Method;

/// Where Nx's client asks for artifacts, a task hash following.
const CACHE: &str = "/v1/cache/";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// What is stored for this hash, which is not checked yet.
    Get(&'a str),
    /// To store what follows for this hash, which is not checked yet.
    Put(&'a str),
    /// Something that this server doesn't have.
    Other,
    /// Anything, by somebody who doesn't know the token.
    Unauthorized,
}

impl<'a> Asked<'a> {
    /// Reads the head of a request to the server whose token is `token`.
    pub fn parse(method: &Method, path: &'a str, authorization: Option<&[u8]>, token: &Token) -> Self {
        if !authorization.is_some_and(|given| token.is_in(given)) {
            return Self::Unauthorized;
        }
        match (method, path.strip_prefix(CACHE)) {
            (&Method::GET, Some(hash)) => Self::Get(hash),
            (&Method::PUT, Some(hash)) => Self::Put(hash),
            _ => Self::Other,
        }
    }
}

/// The secret of one server: who knows it may use the cache as this run.
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// The text that goes into an `Authorization` header after `Bearer`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an `Authorization` header has it. Takes the same time whatever is wrong: hashes are compared, and those in
    /// constant time.
    fn is_in(&self, authorization: &[u8]) -> bool {
        blake3::hash(authorization) == blake3::hash(format!("Bearer {}", self.0).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(method: &Method, path: &'a str, authorization: Option<&str>) -> Asked<'a> {
        let token = Token("secret".into());
        Asked::parse(method, path, authorization.map(str::as_bytes), &token)
    }

    #[test]
    fn who_does_not_know_the_token_gets_nothing_whatever_is_asked() {
        for given in [
            "",
            "secret",
            "Bearer ",
            "Bearer secre",
            "Bearer secret ",
            "bearer secret",
            "Basic secret",
        ] {
            for path in ["/v1/cache/123", "/"] {
                assert_eq!(
                    asked(&Method::GET, path, Some(given)),
                    Asked::Unauthorized,
                    "{given}"
                );
            }
        }
        assert_eq!(asked(&Method::PUT, "/v1/cache/123", None), Asked::Unauthorized);
    }

    #[test]
    fn artifacts_are_got_and_put_and_nothing_else() {
        let known = Some("Bearer secret");
        assert_eq!(asked(&Method::GET, "/v1/cache/123", known), Asked::Get("123"));
        assert_eq!(asked(&Method::PUT, "/v1/cache/123", known), Asked::Put("123"));
        for (method, path) in [
            (Method::DELETE, "/v1/cache/123"),
            (Method::HEAD, "/v1/cache/123"),
            (Method::GET, "/v1/cache"),
            (Method::GET, "/v2/cache/123"),
            (Method::GET, "//v1/cache/123"),
        ] {
            assert_eq!(asked(&method, path, known), Asked::Other, "{method} {path}");
        }
    }

    #[test]
    fn each_server_has_a_token_of_its_own() {
        let tokens = [Token::random().unwrap(), Token::random().unwrap()];
        assert_eq!(tokens[0].as_str().len(), 64);
        assert_ne!(tokens[0].as_str(), tokens[1].as_str());
    }
}
