//! Whether this run could sign by its identity, and whether it can verify who else did.

use serde_json::{Map, Value};

use super::report::{Report, Step};
use crate::config::Config;
use crate::issuer::{self, IssuerKeySets, NoCertificate};
use crate::object_store::documents::Documents;
use crate::plain;
use crate::remedy;
use crate::sign::{Identity, Vouched};
use crate::trust::{Access, RunFacts, System};

/// Claims that are worth showing, of all systems.
const SHOWN: [&str; 18] = [
    "iss",
    "repository",
    "repository_id",
    "ref",
    "ref_protected",
    "event_name",
    "environment",
    "sha",
    "actor",
    "workflow_ref",
    "organization_slug",
    "pipeline_slug",
    "build_branch",
    "build_tag",
    "build_source",
    "oidc.circleci.com/project-id",
    "oidc.circleci.com/vcs-ref",
    "oidc.circleci.com/ssh-rerun",
];
/// Characters of a claim.
const MOST: usize = 100;

/// Looks at the issuers' keys, and at a token of this run. Nothing where no identity is listed.
pub(super) async fn examine(config: &Config, facts: &RunFacts, access: &Access, report: &mut Report) {
    let rules = &config.trust.rules;
    if rules.identities.is_empty() {
        return;
    }
    let sets = IssuerKeySets::new(config.trust.key_set.clone(), access.kept_keys.clone());
    let mut issuers: Vec<_> = rules.identities.iter().map(Identity::issuer).collect();
    issuers.dedup();
    for issuer in issuers {
        let url = &issuer.url;
        report.add(match sets.any(&issuer) {
            Ok(_) => Step::good("issuer", format!("the keys of {url} can be had")),
            Err(why) => Step::bad("issuer", format!("the keys of {url} can't be had: {why}"))
                .with("Without them nothing that its runs signed is restored. Let this machine reach it (behind a proxy that opens TLS, `NODE_EXTRA_CA_CERTS` names its authority), or save its keys and set `trust.jwksFile`."),
        });
    }
    report.add(match &facts.tokens {
        Some(source) => match issuer::preview(source, rules, &Documents::open()).await {
            Ok((claims, verdict)) => token(&claims, verdict),
            Err(error) => Step::poor("identity", error.to_string()).with(remedy::of_certificate(&error)),
        },
        None if facts.system == System::GitHub => Step::poor(
            "identity",
            "this job may not ask for an identity token, so it can't sign",
        )
        .with("Where it should: permissions: { id-token: write, contents: read }"),
        None if facts.system == System::Developer => Step::skipped(
            "identity",
            "a developer's machine has none; it restores what trusted runs signed",
        ),
        None => Step::skipped(
            "identity",
            format!("{} gives no tokens for a run's own key", facts.system),
        ),
    });
}

/// What a token claims, and which rule accepts or refuses it.
fn token(claims: &Map<String, Value>, verdict: Result<Vouched, NoCertificate>) -> Step {
    let shown = SHOWN.iter().filter_map(|name| {
        let value = match claims.get(*name)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(format!("{name} {}", plain::line(&value, MOST)))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match verdict {
        Ok(vouched) => Step::good("identity", format!("accepted as {}: {shown}", vouched.identity)),
        Err(error) => {
            Step::poor("identity", format!("{error}. It claims {shown}")).with(remedy::of_certificate(&error))
        }
    }
}
