//! What to do about a failure: the one table, for the warnings of a run and for every command.

use std::borrow::Cow;

use crate::code::Code;
use crate::code::page;
use crate::error::Error;
use crate::issuer::{GITHUB, NoCertificate};
use crate::object_store::{Error as StoreError, Extent, UnreadableReason};
use crate::sign::{IdentityError, SignatureError};
use crate::{archive, entry};

/// What to call a failure, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// A run warns once of each.
    pub code: Code,
    /// What happened, as a heading.
    pub title: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// What to do when a request fails with `error`; `permission` is what it needs.
pub fn of_request(error: &StoreError, permission: &str) -> Cow<'static, str> {
    Cow::Borrowed(match error {
        StoreError::Misconfigured { .. } => "Correct the `s3` section of nx.json.",
        StoreError::Credentials { code: Some(code), .. } if code.starts_with("Expired") => {
            "These credentials have expired: get new ones, by logging in again or from the job that made them."
        }
        StoreError::Credentials { asked, .. } if !asked.is_empty() => {
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with AWS_PROFILE or the option `profile`. \
             `npx nx-s3-cache doctor` shows where they were looked for. Forks and guests need none."
        }
        StoreError::Credentials { .. } => {
            "Check the credentials that this machine or job uses for the bucket."
        }
        StoreError::AccessDenied { .. } if error.is_wrong_clock() => {
            "Set this machine's clock: requests are signed with its time."
        }
        StoreError::AccessDenied { .. } if error.refuses_the_caller() => {
            "The server doesn't know this access key, or the secret isn't its secret. Check both, and that they \
             belong to this `endpoint`."
        }
        StoreError::AccessDenied { .. } => {
            return format!(
                "Allow these credentials {permission}. Policies: {}",
                page!("infra/README.md")
            )
            .into();
        }
        StoreError::NoSuchBucket { .. } => {
            "Check `bucket` and `endpoint` in nx.json (or NX_S3_CACHE_BUCKET), or create the bucket."
        }
        StoreError::InvalidBucketName { .. } => "Correct `bucket` in nx.json (or NX_S3_CACHE_BUCKET).",
        StoreError::WrongRegion {
            region: Some(region), ..
        } => {
            return format!("Set `region` in nx.json (or NX_S3_CACHE_REGION) to {region:?}.").into();
        }
        StoreError::WrongRegion { region: None, .. } => {
            "Set `region` in nx.json (or NX_S3_CACHE_REGION) to the bucket's region, and check `endpoint`."
        }
        StoreError::WrongEndpoint { .. } => {
            "Check `endpoint` in nx.json (or NX_S3_CACHE_ENDPOINT): its scheme, host, port and path are those of \
             the S3 API, not of a console or website."
        }
        StoreError::Unreachable {
            proxy: Some(proxy), ..
        } => {
            return format!("Check the proxy {proxy}, or name the endpoint's host in NO_PROXY.").into();
        }
        StoreError::Unanswered { .. } => {
            "Check `endpoint`, the network, and the proxy settings (HTTPS_PROXY, NO_PROXY). If it is always this \
             slow, raise `timeouts.firstContact`."
        }
        StoreError::Unreachable { proxy: None, .. }
        | StoreError::Silent { .. }
        | StoreError::TimedOut { .. } => {
            "Check `endpoint`, the network, and the proxy settings (HTTPS_PROXY, NO_PROXY)."
        }
        StoreError::Throttled { .. } | StoreError::Server { .. } => {
            "Try again later; the trouble is the server's."
        }
        StoreError::Refused { .. } => {
            concat!(
                "The server doesn't accept such requests. The options `forcePathStyle`, `disableChecksum` and \
                 `conditionalWrites` may help: ",
                page!("docs/providers.md")
            )
        }
        StoreError::ChecksumMismatch | StoreError::TooLarge { .. } => {
            "Something between here and the bucket changes objects: check proxies. Or the object is damaged."
        }
        StoreError::Unreadable { .. } => {
            return of_object(error).map_or("", |advice| advice.remedy).into();
        }
    })
}

/// The same for a put of a run.
pub fn of_put(error: &StoreError) -> Cow<'static, str> {
    let remedy = of_request(error, "s3:PutObject on the bucket's objects");
    if error.extent() == Extent::Permission {
        remedy + " Where storing isn't meant to work, set the mode to \"read-only\"."
    } else {
        remedy
    }
}

/// What a run warns of when an artifact could not be stored or restored; `None` where that is reported elsewhere.
pub fn of_artifact(error: &Error) -> Option<Advice> {
    let (code, title, remedy) = match error {
        // The run ends with this error.
        Error::Off | Error::Untrusted { .. } => return None,
        // The health of the requests reports these.
        Error::Store(_) => return None,
        Error::Object { source, .. } => return of_object(source),
        Error::Entry { source, .. } => return Some(of_entry(source)),
        Error::Archive(error) => return Some(of_archive(error)),
        Error::Config(_) | Error::TaskHash(_) | Error::Internal(_) => (
            Code::Internal,
            "An S3 cache entry could not be used",
            "Please report this.",
        ),
        Error::NotCertified(error) => (
            Code::NotCertified,
            "This run stores nothing in the S3 cache: it has no identity",
            of_certificate(error),
        ),
        Error::ChunkMissing { .. } => (
            Code::ChunkMissing,
            "A chunk is missing in the S3 bucket",
            "It counts as a miss, and storing puts it back. Lifecycle rules must not delete chunks (…/c/…) earlier than entries.",
        ),
        Error::TooLarge { .. } => (
            Code::TooLarge,
            "An artifact is too large for the S3 cache",
            "Raise `maxEntrySize`, or cache fewer outputs.",
        ),
        Error::Deadline => (
            Code::Deadline,
            "The S3 cache is too slow",
            "Raise `timeouts.deadline` if the network is meant to be this slow.",
        ),
        Error::TooSlow { .. } => (
            Code::TooSlow,
            "A download from the S3 bucket was dropped, since it would not be done in time",
            "Raise `timeouts.deadline` to wait longer, or lower `maxEntrySize`, so that nobody waits for artifacts of this size.",
        ),
    };
    Some(Advice { code, title, remedy })
}

/// What an error is about that ends a run.
pub fn of_fatal(error: &Error) -> Code {
    match error {
        Error::Config(_) => Code::Configuration,
        _ => Code::Untrusted,
    }
}

/// What to do about an object that is not what it should be.
pub fn of_entry(error: &entry::Error) -> Advice {
    let (code, title, remedy) = match error {
        entry::Error::Certificate(why) => return of_entry(why),
        entry::Error::KeyMissing => (
            Code::KeyMissing,
            "The S3 cache is encrypted, and this run has no encryption key",
            "Set NX_S3_CACHE_ENCRYPTION_KEY to the key of the runs that stored it. Without it nothing is restored, and nothing stored, since it would not be encrypted.",
        ),
        entry::Error::Seal(_) => (
            Code::Encryption,
            "S3 cache entries don't fit the encryption key",
            "This run has another `encryptionKey` than the runs that stored them: use one everywhere. Entries that don't fit are misses, and storing replaces them.",
        ),
        entry::Error::NotSealed => (
            Code::Encryption,
            "S3 cache entries don't fit the encryption key",
            "Runs without the `encryptionKey` stored them, or nobody had one yet: set it everywhere. They count as misses, and storing replaces them.",
        ),
        entry::Error::Signature(SignatureError::Identity(IdentityError::Unavailable { .. })) => (
            Code::Issuer,
            "S3 cache entries can't be verified: the issuer's keys can't be had",
            "They count as misses. Let this machine reach the issuer: a developer's machine keeps its keys for a day. Where it never can, save them and set `trust.jwksFile`.",
        ),
        entry::Error::Signature(SignatureError::Identity(_)) => (
            Code::Signature,
            "An S3 cache entry without a valid signature was refused",
            "Another run signed it than those that `trust` lists, or its issuer has retired its key: it counts as a miss, and the next trusted run replaces it. If this doesn't end by itself, find out who writes to the bucket.",
        ),
        entry::Error::Signature(_) => (
            Code::Signature,
            "An S3 cache entry without a valid signature was refused",
            concat!(
                "No key in `trust.publicKeys` signed them: they count as misses, and the next trusted run replaces them. Just after keys were introduced or replaced this ends by itself; else find out who writes to the bucket: ",
                page!("docs/security.md")
            ),
        ),
        entry::Error::Newer(_) => (
            Code::Newer,
            "S3 cache entries of a newer version",
            "They count as misses, and storing replaces them. Use one version of nx-s3-cache everywhere.",
        ),
        entry::Error::NotOurs
        | entry::Error::WrongLength
        | entry::Error::Manifest(_)
        | entry::Error::Frame(_)
        | entry::Error::WrongChunk => return DAMAGED,
    };
    Advice { code, title, remedy }
}

/// What to do where a run's key is not certified.
pub fn of_certificate(error: &NoCertificate) -> &'static str {
    match error {
        NoCertificate::NoToken { from: GITHUB, .. } => {
            "Give the job `permissions: { id-token: write, contents: read }`, and see whether its runner can reach the token endpoint."
        }
        NoCertificate::NoToken { .. } => "See whether the command works in a step of this job.",
        NoCertificate::Refused(IdentityError::Ref(_)) => {
            "Add the branch or the tag to `trust.branches` in nx.json, if it is to be trusted."
        }
        NoCertificate::Refused(IdentityError::Unprotected(_)) => {
            "Protect the branch or the tag on GitHub, by a ruleset or a branch protection rule. Or set `trust.environment` to an environment that only such refs may use."
        }
        NoCertificate::Refused(IdentityError::Event(_)) => {
            "Add the event to `trust.events` in nx.json, if it is to be trusted."
        }
        NoCertificate::Refused(IdentityError::Environment(_)) => {
            "Name the `environment` in the job, or remove `trust.environment` from nx.json."
        }
        NoCertificate::Refused(_) => "Correct `trust.identities` in nx.json: this run is none of them.",
        NoCertificate::Random => "Please report this.",
    }
}

const DAMAGED: Advice = Advice {
    code: Code::Damaged,
    title: "A damaged object in the S3 bucket",
    remedy: "It counts as a miss, and storing replaces it. If it comes back, something else writes to this bucket and prefix, or changes what is stored: give the cache a `cacheKeyPrefix` of its own.",
};

/// What to do about an object that can't be had as it is in the bucket; `None` where the error says nothing about the
/// object, and the health of the requests reports it.
fn of_object(error: &StoreError) -> Option<Advice> {
    let (code, title, remedy) = match error {
        StoreError::TooLarge { .. } => return Some(DAMAGED),
        StoreError::ChecksumMismatch => (
            Code::Checksum,
            "An object in the S3 bucket doesn't match its checksum",
            "It counts as a miss, and storing replaces it. If it happens with every object, something on the way changes them, or the server's checksums are wrong: set `disableChecksum`.",
        ),
        StoreError::Unreadable { reason, .. } => match reason {
            UnreadableReason::Archived => (
                Code::Archived,
                "An object in the S3 bucket is archived and can't be read",
                "It counts as a miss, and storing replaces it. A lifecycle rule moved it to an archive storage class: let cache objects expire instead.",
            ),
            UnreadableReason::KmsKey => (
                Code::Kms,
                "An object in the S3 bucket is encrypted with a KMS key that this run can't use",
                "It counts as a miss, and storing replaces it. Allow kms:Decrypt on the key that the message or `kmsKeyId` names, and check that it is enabled.",
            ),
            UnreadableReason::CustomerKey => (
                Code::CustomerKey,
                "An object in the S3 bucket is encrypted with a key that only its writer has (SSE-C)",
                "It counts as a miss, and storing replaces it. Find out who else writes to the bucket.",
            ),
        },
        StoreError::Misconfigured { .. }
        | StoreError::Credentials { .. }
        | StoreError::AccessDenied { .. }
        | StoreError::NoSuchBucket { .. }
        | StoreError::InvalidBucketName { .. }
        | StoreError::WrongRegion { .. }
        | StoreError::WrongEndpoint { .. }
        | StoreError::Unreachable { .. }
        | StoreError::Silent { .. }
        | StoreError::Unanswered { .. }
        | StoreError::TimedOut { .. }
        | StoreError::Throttled { .. }
        | StoreError::Server { .. }
        | StoreError::Refused { .. } => return None,
    };
    Some(Advice { code, title, remedy })
}

fn of_archive(error: &archive::Error) -> Advice {
    let (code, title, remedy) = match error {
        archive::Error::Gone { .. } => (
            Code::Gone,
            "An artifact was removed before it could be stored in S3",
            "If another run of Nx was rebuilding it, there is nothing to do. Otherwise raise `maxCacheSize` in nx.json, or free some of the disk, from whose size Nx derives it.",
        ),
        archive::Error::Changed { .. } => (
            Code::Changed,
            "An artifact changed before it could be stored in S3",
            "If another run of Nx rebuilt it, that run stores it, and there is nothing to do. If Nx was removing it to make room, raise `maxCacheSize` in nx.json.",
        ),
        _ if error.is_too_many_files() => (
            Code::Files,
            "The S3 cache may not open enough files",
            "Raise the limit of open files (`ulimit -n`), or lower `concurrency` or Nx's `parallel`.",
        ),
        _ => match error.origin() {
            archive::Origin::Outputs => (
                Code::Outputs,
                "Outputs that can't be stored in S3",
                "Change what the task leaves in its outputs, or exclude the path from them.",
            ),
            archive::Origin::Disk => (
                Code::Disk,
                "An artifact could not be restored to disk",
                "Check the free space and the permissions of Nx's cache directory.",
            ),
            archive::Origin::Archive => (
                Code::Hostile,
                "An unsafe archive in the S3 bucket was refused",
                "Nothing of it was kept. Somebody may have tampered with the bucket: find out who can write to it.",
            ),
            archive::Origin::Stream => (
                Code::Stream,
                "An artifact could not be passed on",
                "Please report this.",
            ),
        },
    };
    Advice { code, title, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(code: &str) -> String {
        let error = StoreError::AccessDenied {
            status: 403,
            code: Some(code.into()),
            detail: String::new(),
        };
        of_put(&error).into_owned()
    }

    #[test]
    fn an_unknown_caller_gets_other_advice_than_a_known_one_without_permission() {
        for code in ["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidTokenId"] {
            assert!(denied(code).contains("doesn't know this access key"), "{code}");
        }
        assert!(denied("RequestTimeTooSkewed").contains("clock"));
        let permission = denied("AccessDenied");
        assert!(permission.contains("s3:PutObject") && permission.contains("\"read-only\""));
    }
}
