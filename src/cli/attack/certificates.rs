//! Forged certificates: what the issuer might sign for others, put to the client as if it had.
//!
//! The client is given a key set of this attack's own in place of the issuer's. So each attempt is refused by the rule it
//! is about, and not because the signature is none of the issuer's. The last is put to the client as it is.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};

use super::findings::{Attempt, Kind};
use super::target::{Poison, Target};
use crate::bucket::{AlwaysOpen, Bucket};
use crate::config::Config;
use crate::entry::Producer;
use crate::git_ref::GitRef;
use crate::object_store::memory::MemoryStore;
use crate::scope::Scope;
use crate::sign::{CertifiedKey, Identity, KeySet, Rules};

/// An issuer that is this attack's own.
struct Forger {
    key: EcdsaKeyPair,
    claims: Map<String, Value>,
    keys: Arc<KeySet>,
}

impl Target<'_> {
    /// Tries each way in which a token may be somebody else's; nothing where no identity is listed.
    pub(super) async fn certificates(&mut self) -> Result<Vec<Attempt>, String> {
        let Some(forger) = Forger::of(self.config) else {
            return Ok(Vec::new());
        };
        let forged = Config {
            trust: crate::config::TrustConfig {
                key_set: Some(forger.keys.clone()),
                ..self.config.trust.clone()
            },
            ..self.config.clone()
        };
        let mut attempts = Vec::new();
        for (kind, claims) in forger.attempts(&self.config.trust.rules) {
            let poison = self.certified(kind, &forger, claims).await?;
            attempts.push(self.plant(&poison, &forged).await);
        }
        let stranger = forger.with(&["iss"], "https://doctor-attack.invalid");
        let poison = self.certified(Kind::OtherIssuer, &forger, stranger).await?;
        attempts.push(self.plant(&poison, self.config).await);
        Ok(attempts)
    }

    /// An entry of `t` that a run with these claims signed.
    async fn certified(
        &self,
        kind: Kind,
        forger: &Forger,
        claims: Map<String, Value>,
    ) -> Result<Poison, String> {
        let mut poison = self.poison(kind, &Scope::Trusted, None).await?;
        let prefix = &self.config.cache_key_prefix;
        let no_random = || "the system gives no random bytes".to_owned();
        let own = CertifiedKey::generate(prefix).ok_or_else(no_random)?;
        let stolen = CertifiedKey::generate(prefix).ok_or_else(no_random)?;
        let audience = if kind == Kind::ReplayedToken {
            stolen.audience()
        } else {
            own.audience()
        };
        let token = forger.token(claims, audience).ok_or_else(no_random)?;
        let key = own.certify(&token).ok_or("the token is too long")?;

        let store = Arc::new(MemoryStore::new());
        let (config, access) = (self.config.clone(), self.access.clone());
        let bucket = Bucket::new(config, access, store, Arc::new(AlwaysOpen), Producer::default());
        let codec = bucket
            .namespaces()
            .await
            .map_err(|error| error.to_string())?
            .of(&Scope::Trusted)
            .codec;
        let entry = codec
            .decode_entry(&poison.hash, &poison.object)
            .map_err(|error| error.to_string())?;
        let codec = codec.signing_with(Some(Arc::new(key)));
        let object = codec.encode_entry(&poison.hash, &entry.manifest, entry.payload);
        poison.object = object.map_err(|error| error.to_string())?.into();
        Ok(poison)
    }
}

impl Forger {
    /// One in place of the issuer of the first identity; `None` where there is none.
    fn of(config: &Config) -> Option<Self> {
        let rules = &config.trust.rules;
        let identity = rules.identities.first()?;
        let issuer = identity.issuer();
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).ok()?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).ok()?;
        let (x, y) = key.public_key().as_ref().get(1..)?.split_at_checked(32)?;
        let jwk =
            json!({ "kty": "EC", "crv": "P-256", "kid": "doctor-attack", "x": encode(x), "y": encode(y) });
        let keys = KeySet::parse(&issuer.url, json!({ "keys": [jwk] }).to_string().as_bytes())?;
        let git_ref = rules.branches.iter().find_map(|pattern| pattern.example())?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        Some(Self {
            claims: trusted_claims(identity, &git_ref, config, &issuer.url, now),
            keys: Arc::new(keys),
            key,
        })
    }

    /// What is claimed of others, and of this run's kind with a token that is not for its key.
    fn attempts(&self, rules: &Rules) -> Vec<(Kind, Map<String, Value>)> {
        let mut attempts = vec![
            (Kind::OtherRepository, self.of_another_subject()),
            (
                Kind::OtherRef,
                self.with(&["ref", "oidc.circleci.com/vcs-ref"], "refs/heads/doctor-attack"),
            ),
            (Kind::OtherEvent, self.of_another_event(rules)),
            (Kind::ReplayedToken, self.claims.clone()),
        ];
        // Elsewhere tokens don't tell, and with an environment its own protection decides.
        let tells = rules.identities.first().is_some_and(Identity::has_environments);
        if tells && rules.environment.is_none() {
            attempts.insert(2, (Kind::UnprotectedRef, self.with(&["ref_protected"], "false")));
        }
        attempts
    }

    /// The trusted claims with another value of those of these names that are there.
    fn with(&self, names: &[&str], value: &str) -> Map<String, Value> {
        let mut claims = self.claims.clone();
        for name in names {
            claims.insert((*name).to_owned(), value.into());
        }
        if names.contains(&"ref") {
            claims.insert("build_branch".into(), "doctor-attack".into());
        }
        claims
    }

    fn of_another_subject(&self) -> Map<String, Value> {
        self.with(
            &[
                "repository",
                "repository_id",
                "pipeline_slug",
                "oidc.circleci.com/project-id",
            ],
            "doctor-attack",
        )
    }

    /// CircleCI's tokens don't name the event, but a job that somebody reached with SSH.
    fn of_another_event(&self, rules: &Rules) -> Map<String, Value> {
        if let Some(Identity::CircleCi { .. }) = rules.identities.first() {
            let mut claims = self.claims.clone();
            claims.insert("oidc.circleci.com/ssh-rerun".into(), true.into());
            return claims;
        }
        self.with(&["event_name", "build_source"], "pull_request_target")
    }

    fn token(&self, mut claims: Map<String, Value>, audience: &str) -> Option<String> {
        claims.insert("aud".into(), audience.into());
        let header = json!({ "alg": "ES256", "kid": "doctor-attack" });
        let message = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(Value::from(claims).to_string())
        );
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).ok()?;
        Some(format!("{message}.{}", encode(signature)))
    }
}

/// What a run that is trusted would claim, in the words of every system.
fn trusted_claims(
    identity: &Identity,
    git_ref: &GitRef,
    config: &Config,
    issuer: &str,
    now: u64,
) -> Map<String, Value> {
    let rules = &config.trust.rules;
    let event = rules.events.first().map_or("push", String::as_str);
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("iss", issuer.into());
    claim("iat", now.into());
    claim("ref", git_ref.full_name().into());
    claim("ref_protected", "true".into());
    claim("oidc.circleci.com/vcs-ref", git_ref.full_name().into());
    match git_ref {
        GitRef::Branch(name) => claim("build_branch", name.as_str().into()),
        GitRef::Tag(name) => claim("build_tag", name.as_str().into()),
    };
    claim("event_name", event.into());
    claim(
        "build_source",
        if event == "push" { "webhook" } else { event }.into(),
    );
    if let Some(environment) = &rules.environment {
        claim("environment", environment.as_str().into());
    }
    for (name, value) in identity.claims() {
        claim(name, value.into());
    }
    claims
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::attack::poison::Client;
    use crate::config::environment::Environment;
    use crate::trust;

    const CIRCLECI: &str =
        "circleci:8a9f0d3c-1111-2222-3333-444455556666/0a9f0d3c-1111-2222-3333-444455556666";

    fn config(identity: &str) -> Config {
        let section =
            format!(r#"{{"bucket":"b-123","trust":{{"identities":["{identity}"],"branches":["main"]}}}}"#);
        Config::load(
            Some(&section),
            &Environment::default(),
            false,
            std::path::Path::new("/"),
        )
        .unwrap()
    }

    async fn outcomes(identity: &str) -> Vec<(Kind, String)> {
        let config = config(identity);
        let access = trust::decide(&config.trust, &trust::detect(&Environment::default(), false));
        let mut target = Target {
            config: &config,
            access: &access,
            store: Arc::new(MemoryStore::new()),
            directory: tempfile::tempdir().unwrap(),
            name: "doctor-1".into(),
            written: Vec::new(),
        };
        let attempts = target.certificates().await.unwrap();
        let outcomes = attempts.into_iter().map(|attempt| match attempt.client {
            Some(Client::Refused(why)) => (attempt.kind, why),
            other => panic!("{:?}: {other:?}", attempt.kind),
        });
        outcomes.collect()
    }

    #[tokio::test]
    async fn each_forged_certificate_is_refused_by_the_rule_it_is_about() {
        for (identity, event) in [
            ("github:acme/shop", "which trust.events doesn't list"),
            (
                "github-enterprise:git.acme.example/acme/shop#7",
                "which trust.events doesn't list",
            ),
            ("buildkite:acme/shop", "which trust.events doesn't list"),
            (
                CIRCLECI,
                "was caused by ssh-rerun, which trust.events doesn't list",
            ),
        ] {
            let outcomes = outcomes(identity).await;
            let unprotected = outcomes.iter().find(|(kind, _)| *kind == Kind::UnprotectedRef);
            let refused = |why: &str| why.contains("is of refs/heads/main, which is not protected");
            assert_eq!(
                unprotected.map(|(_, why)| refused(why)),
                identity.starts_with("github").then_some(true),
                "{identity}"
            );
            for (kind, part) in [
                (
                    Kind::OtherRepository,
                    "not about one of trust.identities, but about",
                ),
                (
                    Kind::OtherRef,
                    "is of refs/heads/doctor-attack, which trust.branches doesn't list",
                ),
                (Kind::OtherEvent, event),
                (Kind::ReplayedToken, "not for this key in this cache"),
                (Kind::OtherIssuer, "issued by https://doctor-attack.invalid"),
            ] {
                let (_, why) = outcomes.iter().find(|(tried, _)| *tried == kind).unwrap();
                assert!(why.contains(part), "{identity}: {kind:?}: {why}");
            }
        }
    }

    #[test]
    fn the_claims_that_are_changed_would_be_believed() {
        for identity in ["github:acme/shop#7", "buildkite:acme/shop", CIRCLECI] {
            let config = config(identity);
            let forger = Forger::of(&config).unwrap();
            let key = CertifiedKey::generate("").unwrap();
            let token = forger.token(forger.claims.clone(), key.audience()).unwrap();
            let accepted = crate::sign::identity::accepts(&token, &config.trust.rules);
            assert_eq!(accepted.unwrap().identity.to_string(), identity);
        }
    }
}
