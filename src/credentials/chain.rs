//! The sources in their order, asked until one has credentials.

use std::time::Duration;

use tokio::time::Instant;

use super::candidate::Finding;
use super::context::Context;
use super::error::{Error, PassedOver};
use super::renewing::Renewing;
use super::{container, ec2, environment, keys, profile, sso, web_identity};

type Look = fn(&Context<'_>) -> Finding;

/// The documented order; the names stand in the report of what was asked.
const SOURCES: [(&str, Look); 7] = [
    ("environment", environment::look),
    ("profile", profile::look),
    ("single sign-on", sso::look),
    ("web identity", web_identity::look),
    ("nx.json", keys::look),
    ("container", container::look),
    ("EC2 metadata", ec2::look),
];

/// The first source that has credentials, with them in hand. Together the sources may take `limit`.
pub(super) async fn first(context: &Context<'_>, limit: Duration) -> Result<Renewing, Error> {
    let deadline = Instant::now() + limit;
    let mut asked = Vec::new();
    let given = context
        .options
        .keys_first
        .then_some(("command line", keys::look as Look));
    for (source, look) in given.into_iter().chain(SOURCES) {
        let why = match look(context) {
            Finding::Absent(why) => why,
            Finding::Broken(error) => return Err(error),
            Finding::Present(candidate) => {
                let left = deadline.saturating_duration_since(Instant::now());
                match candidate.ask(left).await {
                    Ok(credentials) => return Ok(Renewing::new(candidate, credentials, limit)),
                    Err(error) if candidate.implied => error.cause(),
                    Err(error) => return Err(error),
                }
            }
        };
        asked.push(PassedOver { source, why });
    }
    Err(Error::NotFound { asked })
}
