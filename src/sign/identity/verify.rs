//! Whether a certificate proves that a trusted run holds its key.

use super::certificate::{Certificate, audience};
use super::claims::{Claims, Provenance};
use super::key_set::{KeyProblem, KeySet};
use super::name::{Identity, Issuer};
use super::token::Token;
use crate::git_ref::RefPattern;
use crate::plain;

/// Seconds between the issue of a token and an entry that its run makes, in either direction: the longest run, and clocks
/// that are wrong.
pub const MAX_SKEW: u64 = 24 * 60 * 60;
/// Characters of a claim in a message.
const QUOTED: usize = 100;

/// Which runs may sign: `trust` in nx.json.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Whose runs.
    pub identities: Vec<Identity>,
    /// Runs of which branches and tags.
    pub branches: Vec<RefPattern>,
    /// Runs that which events caused.
    pub events: Vec<String>,
    /// Jobs of which deployment environment, if it matters.
    pub environment: Option<String>,
}

/// Why a certificate is not accepted. For the build each is a miss.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// There is no token in it.
    #[error("malformed certificate")]
    Malformed,
    /// Issued by somebody else.
    #[error("its token is issued by {0}, which issues for none of trust.identities")]
    Issuer(String),
    /// The issuer's keys can't be had.
    #[error("the keys of {issuer} can't be had: {why}")]
    Unavailable {
        /// The issuer.
        issuer: String,
        /// Why not.
        why: String,
    },
    /// Signed with a key that the issuer doesn't have, or has no more.
    #[error("its token is signed with a key that {0} doesn't have: retired, or forged")]
    UnknownKey(String),
    /// Signed with an algorithm that is not accepted, or not the key's.
    #[error("its token is signed with an algorithm that is not accepted")]
    Algorithm,
    /// Not what the issuer signed.
    #[error("its token is not what the issuer signed")]
    Signature,
    /// For another key, for another cache, or not for us.
    #[error("its token is not for this key in this cache")]
    Audience,
    /// About another repository, pipeline or project.
    #[error("its token is not about one of trust.identities, but about {0}")]
    Subject(String),
    /// Of a branch or a tag that is not listed, or of none.
    #[error("its run is of {0}, which trust.branches doesn't list")]
    Ref(String),
    /// Of a branch or a tag that anyone who may push creates and moves.
    #[error(
        "its run is of {0}, which is not protected, so whoever may push chooses its code (ref_protected is not \"true\")"
    )]
    Unprotected(String),
    /// Caused by an event that is not listed.
    #[error("its run was caused by {0}, which trust.events doesn't list")]
    Event(String),
    /// Of a job without the environment.
    #[error("its job is not of the environment {0:?}, which trust.environment asks for")]
    Environment(String),
    /// Made long before or after the token was issued.
    #[error("it was not made within a day of its token")]
    Age,
}

/// What a verified certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// Whose run it was.
    pub identity: Identity,
    /// Which run.
    pub provenance: Provenance,
    /// When the token was issued, in seconds since 1970.
    pub issued: u64,
}

/// What a certificate says that is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Which run.
    pub provenance: Provenance,
    /// When the token was issued, in seconds since 1970.
    pub issued: u64,
}

impl Vouched {
    /// Whether it vouches for an entry made at this time, in seconds since 1970.
    pub fn check_time(&self, made: u64) -> Result<(), IdentityError> {
        (self.issued.abs_diff(made) <= MAX_SKEW)
            .then_some(())
            .ok_or(IdentityError::Age)
    }
}

impl Certificate {
    /// What its token says, whoever made that.
    pub fn claimed(&self) -> Result<Claimed, IdentityError> {
        let token = Token::read(&self.token).ok_or(IdentityError::Malformed)?;
        Ok(Claimed {
            provenance: token.claims.claimed_provenance(),
            issued: token.claims.iat,
        })
    }

    /// The issuer of one of `rules`' identities who should have made this, and the id of the key it should be signed with.
    pub(crate) fn issuer(&self, rules: &Rules) -> Result<(Issuer, String), IdentityError> {
        let token = Token::read(&self.token).ok_or(IdentityError::Malformed)?;
        let mut issuers = rules.identities.iter().map(Identity::issuer);
        let issuer = issuers.find(|issuer| issuer.url == token.claims.iss);
        let issuer = issuer.ok_or_else(|| IdentityError::Issuer(quoted(&token.claims.iss)))?;
        Ok((issuer, token.header.kid))
    }
}

/// Verifies that a run that `rules` trust holds the secret half of the certificate's key, for the cache under `namespace`.
/// `keys` is the key set of the certificate's issuer.
///
/// In this order, so that a claim counts only once the issuer's signature does:
///
/// 1. The token is well-formed and within bounds.
/// 2. `iss` is the issuer of `keys`.
/// 3. `keys` has the key that the header names, and `alg` is that key's: RS256 or ES256.
/// 4. The signature is the issuer's.
/// 5. `aud` commits to the certificate's key, the namespace and the format's version, and to nothing else.
/// 6. The token is about one of the identities that this issuer issues for: repository and its pinned number, pipeline or
///    project.
/// 7. The ref is a branch or a tag that `trust.branches` lists. On GitHub it is protected, unless `trust.environment` is
///    set, whose own protection then decides which refs have it.
/// 8. The event is one that `trust.events` lists.
/// 9. The environment is that of `trust.environment`.
///
/// `exp` and `nbf` don't matter: they bound the use of a token as a password, not how long it stays true that a run held a
/// key. [`Vouched::check_time`] bounds that, and the entry's own signature comes last.
pub fn verify(
    certificate: &Certificate,
    keys: &KeySet,
    rules: &Rules,
    namespace: &str,
) -> Result<Vouched, IdentityError> {
    let token = Token::read(&certificate.token).ok_or(IdentityError::Malformed)?;
    if token.claims.iss != keys.issuer() {
        return Err(IdentityError::Issuer(quoted(&token.claims.iss)));
    }
    keys.check(&token).map_err(|problem| match problem {
        KeyProblem::Unknown => IdentityError::UnknownKey(keys.issuer().to_owned()),
        KeyProblem::Algorithm => IdentityError::Algorithm,
        KeyProblem::Signature => IdentityError::Signature,
    })?;
    if !token.claims.aud.is(&audience(namespace, &certificate.key)) {
        return Err(IdentityError::Audience);
    }
    apply(&token.claims, rules)
}

/// What [`verify`] will say of a token of this run's own, as far as that is known without the issuer's keys: steps 2 and 6
/// to 9.
pub fn accepts(token: &str, rules: &Rules) -> Result<Vouched, IdentityError> {
    let token = Token::read(token).ok_or(IdentityError::Malformed)?;
    apply(&token.claims, rules)
}

/// Steps 6 to 9.
fn apply(claims: &Claims, rules: &Rules) -> Result<Vouched, IdentityError> {
    let mut ours = rules
        .identities
        .iter()
        .filter(|identity| identity.issuer().url == claims.iss)
        .peekable();
    let first = *ours
        .peek()
        .ok_or_else(|| IdentityError::Issuer(quoted(&claims.iss)))?;
    let identity = ours.find(|identity| identity.covers(claims));
    let identity = identity.ok_or_else(|| IdentityError::Subject(quoted(&first.subject(claims))))?;
    let facts = identity.facts(claims);
    let listed = |git_ref| rules.branches.iter().any(|pattern| pattern.matches(git_ref));
    if !facts.git_ref.as_ref().is_some_and(listed) {
        return Err(IdentityError::Ref(quoted(&facts.shown_ref)));
    }
    if facts.protected == Some(false) && rules.environment.is_none() {
        return Err(IdentityError::Unprotected(quoted(&facts.shown_ref)));
    }
    if !rules.events.contains(&facts.event) {
        return Err(IdentityError::Event(quoted(&facts.event)));
    }
    if let Some(environment) = rules
        .environment
        .as_ref()
        .filter(|_| facts.environment != rules.environment)
    {
        return Err(IdentityError::Environment(environment.clone()));
    }
    Ok(Vouched {
        identity: identity.clone(),
        provenance: identity.provenance(claims),
        issued: claims.iat,
    })
}

/// A claim for a message; something stands for nothing.
fn quoted(claim: &str) -> String {
    if claim.is_empty() {
        "none".to_owned()
    } else {
        plain::line(claim, QUOTED)
    }
}
