//! What to do about a bucket that can't be used.

use crate::object_store::Error;

/// What to do when a request fails with `error`; `permission` is what it needs.
pub(super) fn remedy(error: &Error, permission: &str) -> String {
    match error {
        Error::Misconfigured { .. } => "Correct the `s3` section of nx.json.",
        Error::Credentials { detail } if detail.starts_with("Expired") => {
            "These credentials have expired: get new ones, by logging in again or from the job that made them."
        }
        Error::Credentials { .. } => "Check the credentials that this machine or job uses for the bucket.",
        Error::AccessDenied { detail, .. } if detail.contains("RequestTimeTooSkewed") => {
            "Set this machine's clock: requests are signed with its time."
        }
        Error::AccessDenied { .. } if error.refuses_the_caller() => {
            "The server doesn't know this access key, or the secret isn't its secret. Check both, and that they \
             belong to this `endpoint`."
        }
        Error::AccessDenied { .. } => {
            return format!("Allow these credentials {permission}; the policies in infra/ show how.");
        }
        Error::NoSuchBucket { .. } => {
            "Check `bucket` and `endpoint` in nx.json (or NX_S3_CACHE_BUCKET), or create the bucket."
        }
        Error::WrongRegion { .. } => {
            "Set `region` in nx.json (or NX_S3_CACHE_REGION) to the bucket's region, and check `endpoint`."
        }
        Error::Unreachable { .. } | Error::Unanswered { .. } | Error::TimedOut { .. } => {
            "Check `endpoint`, the network, and the proxy settings (HTTPS_PROXY, NO_PROXY)."
        }
        Error::Throttled { .. } | Error::Server { .. } => "Try again later; the trouble is the server's.",
        Error::Refused { .. } => {
            "The server doesn't accept such requests: see docs/providers.md, and the options `forcePathStyle`, \
             `disableChecksum` and `conditionalWrites`."
        }
        Error::TooLarge { .. } => "Something between here and the bucket changes objects: check proxies.",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(detail: &str) -> Error {
        Error::AccessDenied {
            status: 403,
            detail: detail.into(),
        }
    }

    #[test]
    fn who_is_unknown_is_told_apart_from_who_may_not() {
        assert!(denied("SignatureDoesNotMatch: …").refuses_the_caller());
        assert!(
            denied("RequestTimeTooSkewed: …; this machine's clock is wrong, set it").refuses_the_caller()
        );
        assert!(!denied("AccessDenied: user is not authorized").refuses_the_caller());
        assert!(remedy(&denied("AccessDenied: no"), "s3:PutObject").contains("s3:PutObject"));
        assert!(remedy(&denied("InvalidAccessKeyId: no"), "s3:PutObject").contains("access key"));
    }
}
