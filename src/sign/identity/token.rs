//! Tokens: JSON Web Signatures in compact form (RFC 7515), `header.claims.signature`, each in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use super::claims::Claims;

/// A token whose parts were read. Nothing in it is to be believed before its signature is verified.
pub(super) struct Token<'a> {
    pub header: Header,
    pub claims: Claims,
    /// What is signed.
    pub message: &'a str,
    pub signature: Vec<u8>,
}

/// The header of a token.
#[derive(Deserialize)]
pub(super) struct Header {
    pub alg: String,
    /// Which of the issuer's keys signed.
    pub kid: String,
    /// Extensions that a reader must understand: there is none that we do.
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

impl<'a> Token<'a> {
    /// Reads a token; `None` where it is none.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: Header = json(header)?;
        header.crit.is_none().then_some(())?;
        Some(Self {
            header,
            claims: json(claims)?,
            message,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}

/// The claims of a token as they are, to be shown. Nothing in them is verified.
pub fn claims(token: &str) -> Option<Map<String, Value>> {
    json(token.split('.').nth(1)?)
}

/// A JSON object; an array would be taken for its members in order.
fn json<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    bytes.starts_with(b"{").then_some(())?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(header), encode(claims), encode("signature"))
    }

    const HEADER: &str = r#"{"alg":"RS256","kid":"1","typ":"JWT"}"#;
    const CLAIMS: &str = r#"{"iss":"https://issuer.example","aud":"a","iat":1}"#;

    #[test]
    fn the_parts_of_a_token_are_read() {
        let text = token(HEADER, CLAIMS);
        let token = Token::read(&text).unwrap();
        assert_eq!((&*token.header.alg, &*token.header.kid), ("RS256", "1"));
        assert_eq!(
            (&*token.claims.iss, token.claims.iat),
            ("https://issuer.example", 1)
        );
        assert_eq!(token.signature, b"signature");
        assert!(text.starts_with(token.message) && !token.message.ends_with('.'));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let valid = token(HEADER, CLAIMS);
        let twice = CLAIMS.replace("\"aud\"", "\"iss\":\"https://evil.example\",\"aud\"");
        for text in [
            "",
            "..",
            "a.b",
            "a.b.c",
            &format!("{valid}.x"),
            &format!("{valid}="),
            &valid.replacen('.', " .", 1),
            &token("{}", CLAIMS),
            &token(r#"{"alg":"RS256"}"#, CLAIMS),
            &token(r#"{"alg":"RS256","kid":"1","crit":["b64"]}"#, CLAIMS),
            &token(HEADER, "[]"),
            &token(HEADER, &twice),
            &token(HEADER, r#"{"iat":"soon"}"#),
            &token(HEADER, r#"{"iat":-1}"#),
            &token(HEADER, r#"{"repository":5}"#),
        ] {
            assert!(Token::read(text).is_none(), "{text}");
        }
    }
}
