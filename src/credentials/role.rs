//! Roles assumed through STS: with a web identity token, and with the credentials that were found.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;

use super::error::Error;
use super::refreshing::Refreshing;
use super::source::{Context, Source, Unavailable, timeouts, variable};
use crate::config::AssumeRole;

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE: &str = "AWS_ROLE_ARN";

/// A role for the token that a CI system or Kubernetes issued.
pub(super) fn of_web_identity(context: &Context<'_>) -> Result<Source, Unavailable> {
    let Some(file) = variable(TOKEN_FILE) else {
        return Err(Unavailable::NotConfigured(format!("{TOKEN_FILE} is not set")));
    };
    let Some(role) = variable(ROLE) else {
        let cause = format!("{TOKEN_FILE} is set, but {ROLE} is not");
        let remedy = format!("Set {ROLE} to the role to take.");
        return Err(Unavailable::misconfigured("web identity", cause, remedy));
    };
    Ok(Source::new(
        "web identity",
        WebIdentityTokenCredentialsProvider::builder()
            .configure(&context.sdk)
            .build(),
        format!("Check the token in {file}, and that the trust policy of {role} accepts it."),
    ))
}

/// The credentials of the option `assumeRole`, refreshed with `base`, which is itself refreshed.
pub(super) async fn assume(
    role: &AssumeRole,
    base: Refreshing,
    context: &Context<'_>,
    limit: Duration,
) -> Result<Refreshing, Error> {
    let source = base.source();
    let name = format!("role {} with {source}", role.role_arn);
    let remedy = format!("Check that the trust policy of the role lets {source} take it.");
    // The loader is the one public way to the endpoints of AWS_ENDPOINT_URL_STS and the profile.
    let settings = aws_config::defaults(BehaviorVersion::latest())
        .http_client(context.http.clone())
        .region(context.region.clone())
        .timeout_config(timeouts())
        .profile_name(context.selected_profile().0)
        .credentials_provider(base)
        .load()
        .await;
    let mut builder = AssumeRoleProvider::builder(&role.role_arn)
        .configure(&settings)
        .session_name(&role.session_name);
    if let Some(id) = &role.external_id {
        builder = builder.external_id(id);
    }
    let source = Source::new(name, builder.build().await, remedy);
    let first = source.ask(limit).await?;
    Ok(Refreshing::new(source, first, limit))
}
