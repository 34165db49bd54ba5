//! What can be set on a bucket.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
};

use super::server::{Server, status};
use super::{Finding, Findings, Verdict};

pub(super) async fn survey(server: &Server) -> Findings {
    Findings::from([("lifecycle", lifecycle(server).await)])
}

/// Whether a rule that deletes old objects of a prefix is accepted, and reported back.
async fn lifecycle(server: &Server) -> Finding {
    let rule = LifecycleRule::builder()
        .id("old")
        .filter(LifecycleRuleFilter::builder().prefix("old/").build())
        .expiration(LifecycleExpiration::builder().days(30).build())
        .status(ExpirationStatus::Enabled)
        .build()
        .unwrap();
    let rules = BucketLifecycleConfiguration::builder()
        .rules(rule)
        .build()
        .unwrap();
    let client = server.raw();
    let put = client
        .put_bucket_lifecycle_configuration()
        .bucket("tbucket")
        .lifecycle_configuration(rules)
        .send()
        .await;
    if put.is_err() {
        return Finding::new(Verdict::No, status(&put).to_string());
    }
    let answer = client
        .get_bucket_lifecycle_configuration()
        .bucket("tbucket")
        .send()
        .await;
    let rules = answer
        .map(|answer| answer.rules.unwrap_or_default())
        .unwrap_or_default();
    if rules.iter().any(|rule| rule.id.as_deref() == Some("old")) {
        Finding::new(Verdict::Ok, "")
    } else {
        Finding::new(Verdict::No, "taken and forgotten")
    }
}
