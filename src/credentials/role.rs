//! The option `assumeRole`: a role taken with the credentials that were found.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::sts::AssumeRoleProvider;

use super::candidate::Candidate;
use super::context::{Context, timeouts};
use super::error::Error;
use super::renewing::Renewing;
use crate::config::AssumeRole;

/// The role's credentials, renewed with `base`, which itself is renewed.
pub(super) async fn assume(
    role: &AssumeRole,
    base: Renewing,
    context: &Context<'_>,
    limit: Duration,
) -> Result<Renewing, Error> {
    let name = format!("role {} with {}", role.role_arn, base.source());
    let remedy = format!(
        "Check that the trust policy of the role lets {} take it.",
        base.source()
    );
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
    let candidate = Candidate::new(name, builder.build().await, remedy);
    let first = candidate.ask(limit).await?;
    Ok(Renewing::new(candidate, first, limit))
}
