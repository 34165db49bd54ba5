//! Whose credentials are used, as far as that may be shown.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::Region;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::error::{MAX_CHARS, cause};
use super::source::{timeouts, variable};
use crate::config::BucketConfig;
use crate::plain;

/// For the answer of STS.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// AWS's ids have 20 characters. Of shorter ones, which users of other servers choose themselves, less is shown.
const LONG: usize = 16;

/// The id of the access key, shortened: it is no secret, but private. Its beginning distinguishes long-term (`AKIA`) from
/// temporary keys (`ASIA`).
pub async fn key_id(provider: &SharedCredentialsProvider) -> Option<String> {
    let credentials = provider.provide_credentials().await.ok()?;
    Some(shortened(credentials.access_key_id()))
}

fn shortened(id: &str) -> String {
    let length = id.chars().count();
    let shown = match length {
        0..4 => 0,
        4..LONG => 1,
        _ => 4,
    };
    let part = |from, count| id.chars().skip(from).take(count).collect::<String>();
    format!("{}…{}", part(0, shown), part(length - shown, shown))
}

/// Whether the bucket's service has an STS: on AWS, and where the environment names one.
pub fn has_sts(bucket: &BucketConfig) -> bool {
    bucket.endpoint.is_none() || variable("AWS_ENDPOINT_URL_STS").is_some()
}

/// The ARN of the credentials' owner, from STS, which anybody may ask.
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
            let arn = identity.arn.map(|arn| plain::line(&arn, MAX_CHARS));
            arn.ok_or_else(|| "STS did not say".to_owned())
        }
        Ok(Err(error)) => Err(cause(&error)),
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
