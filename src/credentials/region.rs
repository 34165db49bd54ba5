//! The bucket's region.

use aws_config::profile::{Profile, ProfileSet};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::ec2;
use super::error::{Error, PassedOver};
use super::source::{Context, profile_files, variable};
use crate::config::{BucketConfig, CredentialsConfig};

/// What S3-compatible servers accept when no region is configured.
const COMPATIBLE: &str = "us-east-1";
/// Longer chains of `source_profile` are not followed.
const MAX_HOPS: usize = 8;

/// The bucket's region: the option, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, the one of the profile
/// of `ssoProfile`, `us-east-1` for a custom endpoint, that of the EC2 instance; or [`Error::NoRegion`].
pub async fn resolve_region(
    bucket: &BucketConfig,
    credentials: &CredentialsConfig,
    http: SharedHttpClient,
) -> Result<String, Error> {
    let named = bucket.region.clone().or_else(|| variable("AWS_REGION"));
    if let Some(region) = named.or_else(|| variable("AWS_DEFAULT_REGION")) {
        return Ok(region.trim().to_owned());
    }
    let context = Context::load(credentials, None, http).await;
    let profiles = match (of_profiles(&context), &bucket.endpoint) {
        (Ok(region), _) => return Ok(region),
        (Err(_), Some(_)) => return Ok(COMPATIBLE.to_owned()),
        (Err(why), None) => why,
    };
    let metadata = match ec2::region(&context).await {
        Ok(region) => return Ok(region),
        Err(why) => why,
    };
    let passed_over = |(source, why)| PassedOver { source, why };
    let asked = [
        ("nx.json", "the option `region` is not set".to_owned()),
        (
            "environment",
            "neither AWS_REGION nor AWS_DEFAULT_REGION is set".to_owned(),
        ),
        ("profile", profiles),
        ("EC2 metadata", metadata),
    ];
    Err(Error::NoRegion {
        asked: asked.map(passed_over).into(),
    })
}

/// The region of the selected or the single sign-on profile, or why there is none.
fn of_profiles(context: &Context<'_>) -> Result<String, String> {
    let profiles = context.profiles.as_ref().map_err(String::clone)?;
    let (selected, _) = context.selected_profile();
    of_profile(profiles, &selected)
        .or_else(|| of_profile(profiles, context.options.sso_profile.as_deref()?))
        .map(ToOwned::to_owned)
        .ok_or_else(|| format!("profile `{selected}` of {} names no region", profile_files()))
}

/// The region of a profile or of its `source_profile`.
fn of_profile<'a>(profiles: &'a ProfileSet, name: &str) -> Option<&'a str> {
    let next = |profile: &&'a Profile| profiles.get_profile(profile.get("source_profile")?);
    std::iter::successors(profiles.get_profile(name), next)
        .take(MAX_HOPS)
        .find_map(|profile| profile.get("region"))
}
