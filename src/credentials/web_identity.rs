//! A token that a CI system or Kubernetes vouches with, exchanged for a role's credentials by STS.

use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;

use super::candidate::{Candidate, Finding};
use super::context::{Context, variable};

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE: &str = "AWS_ROLE_ARN";

pub(super) fn look(context: &Context<'_>) -> Finding {
    let Some(file) = variable(TOKEN_FILE) else {
        return Finding::Absent(format!("{TOKEN_FILE} is not set"));
    };
    let Some(role) = variable(ROLE) else {
        let cause = format!("{TOKEN_FILE} is set, but {ROLE} is not");
        return Finding::broken("web identity", cause, format!("Set {ROLE} to the role to take."));
    };
    Finding::Present(Candidate::new(
        "web identity",
        WebIdentityTokenCredentialsProvider::builder()
            .configure(&context.sdk)
            .build(),
        format!("Check the token in {file}, and that the trust policy of {role} accepts it."),
    ))
}
