//! Static keys from the options.

use aws_credential_types::Credentials;

use super::candidate::{Candidate, Finding};
use super::context::Context;

pub(super) fn look(context: &Context<'_>) -> Finding {
    let Some(keys) = &context.options.keys else {
        return Finding::Absent("the option `accessKeyId` is not set".to_owned());
    };
    let credentials = Credentials::new(
        keys.access_key_id.as_str(),
        keys.secret_access_key.expose(),
        keys.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        "nx.json",
    );
    Finding::Present(Candidate::new(
        "nx.json",
        credentials,
        "Check `accessKeyId` and `secretAccessKey`.",
    ))
}
