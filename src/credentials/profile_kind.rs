//! What a profile says about where its credentials come from.

use aws_config::profile::{Profile, ProfileSet};

/// Longer chains of `source_profile` are not followed; the SDK reports those that run in a circle.
const MAX_HOPS: usize = 8;

/// How a profile gets its credentials. The order of the checks in [`Kind::of`] is the SDK's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `role_arn` with `source_profile` or `credential_source`.
    Role,
    /// `credential_source` alone.
    CredentialSource,
    /// `role_arn` with `web_identity_token_file`.
    WebIdentity,
    /// `sso_account_id` and `sso_role_name`.
    SingleSignOn,
    /// `login_session`.
    Login,
    /// `credential_process`.
    Process,
    /// `aws_access_key_id` and `aws_secret_access_key`.
    Keys,
}

impl Kind {
    /// What `profile` is; `None` when it holds no credentials at all.
    pub(super) fn of(profile: &Profile) -> Option<Self> {
        let has = |names: &[&str]| names.iter().any(|name| profile.get(name).is_some());
        if has(&["web_identity_token_file"]) {
            Some(Self::WebIdentity)
        } else if has(&["role_arn"]) {
            Some(Self::Role)
        } else if has(&["credential_source"]) {
            Some(Self::CredentialSource)
        } else if has(&["sso_account_id", "sso_role_name"]) {
            Some(Self::SingleSignOn)
        } else if has(&["login_session"]) {
            Some(Self::Login)
        } else if has(&["credential_process"]) {
            Some(Self::Process)
        } else if has(&["aws_access_key_id", "aws_secret_access_key", "aws_session_token"]) {
            Some(Self::Keys)
        } else {
            None
        }
    }

    /// The kind in the words of the profile files.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Role => "role_arn",
            Self::CredentialSource => "credential_source",
            Self::WebIdentity => "web_identity_token_file",
            Self::SingleSignOn => "single sign-on",
            Self::Login => "login_session",
            Self::Process => "credential_process",
            Self::Keys => "keys",
        }
    }
}

/// The profile whose credentials come first when those of `profile` are wanted: itself, or the end of its
/// chain of `source_profile`.
pub(super) fn base<'a>(profiles: &'a ProfileSet, profile: &'a Profile) -> &'a Profile {
    let mut base = profile;
    for _ in 0..MAX_HOPS {
        let next = match Kind::of(base) {
            Some(Kind::Role) => base
                .get("source_profile")
                .and_then(|name| profiles.get_profile(name)),
            _ => None,
        };
        match next {
            Some(next) => base = next,
            None => break,
        }
    }
    base
}
