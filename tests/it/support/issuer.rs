//! An issuer of identity tokens on this machine, as GitHub Enterprise Server is one: a key set, and a token endpoint.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use nx_s3_cache::config::environment::Environment;
use serde_json::{Value as Json, json};

use super::scripted::{Reply, Scripted, Seen};
use super::tokens::{IssuerKey, key_set, push_claims};

/// What a job needs to ask for a token. Nobody may see it.
pub const REQUEST_TOKEN: &str = "hush-the-request-token";

pub struct Issuer {
    server: Scripted,
    state: Arc<Mutex<State>>,
}

struct State {
    /// All that are in the key set; the last one signs.
    keys: Vec<IssuerKey>,
    /// Laid over the claims of a push to main.
    claims: Json,
    /// Seconds that the issuer's clock is ahead.
    ahead: i64,
    down: bool,
}

impl Issuer {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            keys: vec![IssuerKey::new("1")],
            claims: json!({}),
            ahead: 0,
            down: false,
        }));
        let answering = state.clone();
        let server = Scripted::answering(move |request| answering.lock().unwrap().answer(request));
        Self { server, state }
    }

    /// The identity of `acme/shop` here.
    pub fn identity(&self) -> String {
        format!("github-enterprise:{}/acme/shop", self.server.address)
    }

    /// Adds the variables with which a job asks for a token.
    pub fn variables(&self) -> [(String, String); 2] {
        let url = format!("{}/token?api-version=2.0", self.server.endpoint());
        [
            ("ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(), url),
            (
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(),
                REQUEST_TOKEN.to_owned(),
            ),
        ]
    }

    /// The environment of a job with these variables that may ask for a token.
    pub fn job(&self, variables: &[(&str, &str)]) -> Environment {
        let mut environment: Environment = variables.iter().copied().collect();
        for (name, value) in self.variables() {
            environment.set(name, value);
        }
        environment
    }

    /// Lays `claims` over those of a push to main.
    pub fn claim(&self, claims: Json) {
        self.state.lock().unwrap().claims = claims;
    }

    /// Signs with a new key from now on; the old one stays in the key set if it is `kept`.
    pub fn rotate(&self, kid: &str, kept: bool) {
        let keys = &mut self.state.lock().unwrap().keys;
        keys.retain(|_| kept);
        keys.push(IssuerKey::new(kid));
    }

    pub fn set_clock_ahead(&self, seconds: i64) {
        self.state.lock().unwrap().ahead = seconds;
    }

    /// Whether every request is answered with 503.
    pub fn set_down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// The document with its keys.
    pub fn key_set(&self) -> Json {
        self.state.lock().unwrap().key_set()
    }

    /// How often the key set was asked for.
    pub fn key_sets(&self) -> usize {
        self.server
            .seen()
            .iter()
            .filter(|request| request.is("GET", "/.well-known/jwks"))
            .count()
    }

    /// How often a token was asked for.
    pub fn tokens(&self) -> usize {
        self.server
            .seen()
            .iter()
            .filter(|request| request.is("GET", "/token?"))
            .count()
    }
}

impl State {
    fn key_set(&self) -> Json {
        key_set(&self.keys.iter().collect::<Vec<_>>())
    }

    fn answer(&self, request: &Seen) -> Reply {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let issued = now.saturating_add_signed(self.ahead);
        if self.down {
            return reply("503 Service Unavailable", &json!({}));
        }
        if request.is("GET", "/_services/token/.well-known/jwks") {
            return reply("200 OK", &self.key_set());
        }
        if !request.is("GET", "/token?api-version=2.0&audience=") {
            return reply("404 Not Found", &json!({}));
        }
        if request.header("authorization") != Some(&format!("Bearer {REQUEST_TOKEN}")) {
            return reply("401 Unauthorized", &json!({}));
        }
        let url = url::Url::parse(&format!(
            "http://{}{}",
            request.header("host").unwrap(),
            request.target()
        ))
        .unwrap();
        let audience = url
            .query_pairs()
            .find(|(name, _)| name == "audience")
            .unwrap()
            .1
            .into_owned();
        let issuer = format!("http://{}/_services/token", request.header("host").unwrap());
        let mut claims = push_claims(&issuer, &audience, issued);
        for (name, value) in self.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = self.keys.last().unwrap().token(&claims);
        reply("200 OK", &json!({ "count": 1, "value": token }))
    }
}

fn reply(status: &str, body: &Json) -> Reply {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Reply::Send([head, body].concat().into_bytes())
}
