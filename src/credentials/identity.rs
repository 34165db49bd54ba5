//! Who somebody is, for people who wonder.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::Region;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::cause;
use super::context::{timeouts, variable};
use crate::config::BucketConfig;
use crate::plain;

/// How long STS may take to tell; nothing hangs on it.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Ids of AWS have 20 characters. Of shorter ones, which other servers' users choose themselves, less is shown.
const LONG: usize = 16;

/// The id of the access key, shortened: it is no secret, but nobody else's business. Its beginning tells keys that last
/// (`AKIA`) from temporary ones (`ASIA`).
pub async fn key_id(provider: &SharedCredentialsProvider) -> Option<String> {
    let credentials = provider.provide_credentials().await.ok()?;
    Some(shortened(credentials.access_key_id()))
}

fn shortened(id: &str) -> String {
    let characters: Vec<char> = id.chars().collect();
    let shown = if characters.len() >= LONG { 4 } else { 1 };
    let part = |characters: &[char]| characters.iter().collect::<String>();
    match characters.len() {
        0..4 => "…".to_owned(),
        length => format!(
            "{}…{}",
            part(&characters[..shown]),
            part(&characters[length - shown..])
        ),
    }
}

/// Whether there is an STS beside the bucket: on AWS, and where the environment names one.
pub fn has_sts(bucket: &BucketConfig) -> bool {
    bucket.endpoint.is_none() || variable("AWS_ENDPOINT_URL_STS").is_some()
}

/// The ARN of whoever signs with these credentials, as STS tells it, which everybody may ask.
pub async fn caller(
    provider: SharedCredentialsProvider,
    region: &str,
    http: SharedHttpClient,
) -> Result<String, String> {
    // The loader is the one public way to the endpoint of AWS_ENDPOINT_URL_STS.
    let settings = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts())
        .credentials_provider(provider)
        .load()
        .await;
    let request = aws_sdk_sts::Client::new(&settings).get_caller_identity().send();
    match tokio::time::timeout(TIME_LIMIT, request).await {
        Ok(Ok(identity)) => {
            let arn = identity.arn.map(|arn| plain::line(&arn, cause::MAX_CHARS));
            arn.ok_or_else(|| "STS did not say".to_owned())
        }
        Ok(Err(error)) => Err(cause::of(&error)),
        Err(_) => Err(format!("no answer from STS within {} s", TIME_LIMIT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shortened_to_what_tells_them_apart() {
        for (id, shown) in [
            ("AKIAIOSFODNN7EXAMPLE", "AKIA…MPLE"),
            ("minioadmin", "m…n"),
            ("test", "t…t"),
            ("key", "…"),
            ("", "…"),
        ] {
            assert_eq!(shortened(id), shown);
        }
    }
}
