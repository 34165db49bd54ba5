//! What to do about a bucket that can't be used.

use crate::links::page;
use crate::object_store::{Error, UnreadableReason};

/// What to do when a request fails with `error`; `permission` is what it needs.
pub(super) fn remedy(error: &Error, permission: &str) -> String {
    match error {
        Error::Misconfigured { .. } => "Correct the `s3` section of nx.json.",
        Error::Credentials { code: Some(code), .. } if code.starts_with("Expired") => {
            "These credentials have expired: get new ones, by logging in again or from the job that made them."
        }
        Error::Credentials { .. } => "Check the credentials that this machine or job uses for the bucket.",
        Error::AccessDenied { .. } if error.is_wrong_clock() => {
            "Set this machine's clock: requests are signed with its time."
        }
        Error::AccessDenied { .. } if error.refuses_the_caller() => {
            "The server doesn't know this access key, or the secret isn't its secret. Check both, and that they \
             belong to this `endpoint`."
        }
        Error::AccessDenied { .. } => {
            return format!(
                "Allow these credentials {permission}. Policies: {}",
                page!("infra/README.md")
            );
        }
        Error::NoSuchBucket { .. } => {
            "Check `bucket` and `endpoint` in nx.json (or NX_S3_CACHE_BUCKET), or create the bucket."
        }
        Error::WrongRegion { .. } => {
            "Set `region` in nx.json (or NX_S3_CACHE_REGION) to the bucket's region, and check `endpoint`."
        }
        Error::Unreachable { .. }
        | Error::Silent { .. }
        | Error::Unanswered { .. }
        | Error::TimedOut { .. } => {
            "Check `endpoint`, the network, and the proxy settings (HTTPS_PROXY, NO_PROXY)."
        }
        Error::Throttled { .. } | Error::Server { .. } => "Try again later; the trouble is the server's.",
        Error::Refused { .. } => {
            concat!(
                "The server doesn't accept such requests. The options `forcePathStyle`, `disableChecksum` and \
                 `conditionalWrites` may help: ",
                page!("docs/providers.md")
            )
        }
        Error::ChecksumMismatch | Error::TooLarge { .. } => {
            "Something between here and the bucket changes objects: check proxies. Or the object is damaged."
        }
        Error::Unreadable { reason, .. } => match reason {
            UnreadableReason::Archived => {
                "A lifecycle rule moved the object to an archive storage class: let it expire instead."
            }
            UnreadableReason::KmsKey => {
                "Allow these credentials kms:Decrypt on the KMS key that the object is encrypted with."
            }
            UnreadableReason::CustomerKey => {
                "The object is encrypted with a key of its writer's (SSE-C), which no cache object should be: delete it."
            }
        },
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(code: &str) -> Error {
        Error::AccessDenied {
            status: 403,
            code: Some(code.into()),
            detail: format!("{code}: no"),
        }
    }

    #[test]
    fn who_is_unknown_is_told_apart_from_who_may_not() {
        assert!(denied("SignatureDoesNotMatch").refuses_the_caller());
        assert!(denied("RequestTimeTooSkewed").refuses_the_caller());
        assert!(!denied("AccessDenied").refuses_the_caller());
        assert!(remedy(&denied("AccessDenied"), "s3:PutObject").contains("s3:PutObject"));
        assert!(remedy(&denied("InvalidAccessKeyId"), "s3:PutObject").contains("access key"));
    }
}
