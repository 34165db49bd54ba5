//! Profiles of `~/.aws/config` and `~/.aws/credentials`: the selected one, and the one with a single sign-on login.

use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};

use super::source::{Context, Source, Unavailable, profile_files};

/// Longer chains of `source_profile` are not followed; the SDK reports circular ones.
const MAX_HOPS: usize = 8;

/// The selected profile.
pub(super) fn selected(context: &Context<'_>) -> Result<Source, Unavailable> {
    let profiles = parsed(context)?;
    let (name, named_by) = context.selected_profile();
    let Some(profile) = profiles.get_profile(&name) else {
        return Err(match named_by {
            Some(named_by) => missing(profiles, &name, named_by),
            None => Unavailable::NotConfigured(format!("{} hold no profile `{name}`", profile_files())),
        });
    };
    let none = || Unavailable::NotConfigured(format!("profile `{name}` holds no credentials"));
    source(context, profiles, profile, Kind::of(profile).ok_or_else(none)?)
}

/// The profile of the option `ssoProfile`.
pub(super) fn single_sign_on(context: &Context<'_>) -> Result<Source, Unavailable> {
    const NAMED_BY: &str = "the option `ssoProfile`";
    let Some(name) = &context.options.sso_profile else {
        return Err(Unavailable::NotConfigured(format!("{NAMED_BY} is not set")));
    };
    let profiles = parsed(context)?;
    // nx.json is shared: the profile it names is for developers' machines. CI reads it too, and has no profiles there.
    if profiles.is_empty() {
        let why = format!(
            "{NAMED_BY} names `{name}`, but {} hold no profile",
            profile_files()
        );
        return Err(Unavailable::NotConfigured(why));
    }
    let profile = profiles.get_profile(name);
    let profile = profile.ok_or_else(|| missing(profiles, name, NAMED_BY))?;
    let none = || {
        let cause = format!("{NAMED_BY} names it, but it holds no `sso_account_id` and `sso_role_name`");
        let remedy = format!("Run `aws configure sso --profile {name}`.");
        Unavailable::misconfigured(format!("profile {name}"), cause, remedy)
    };
    source(context, profiles, profile, Kind::of(profile).ok_or_else(none)?)
}

fn parsed<'a>(context: &'a Context<'_>) -> Result<&'a ProfileSet, Unavailable> {
    let profiles = context.profiles.as_ref();
    profiles.map_err(|cause| Unavailable::misconfigured("the AWS profile files", cause, "Correct the file."))
}

/// A profile that was named has to exist: going on with other credentials would hide the typo.
fn missing(profiles: &ProfileSet, name: &str, named_by: &str) -> Unavailable {
    let mut names: Vec<_> = profiles.profiles().collect();
    names.sort_unstable();
    let names = match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    let files = profile_files();
    Unavailable::misconfigured(
        format!("profile {name}"),
        format!("{named_by} names it, but {files} hold no such profile (there: {names})"),
        format!("Correct the name, or add `[profile {name}]` to the config file."),
    )
}

/// `profile`, which holds credentials of `kind`, as a source.
fn source(
    context: &Context<'_>,
    profiles: &ProfileSet,
    profile: &Profile,
    kind: Kind,
) -> Result<Source, Unavailable> {
    let name = format!("profile {} ({})", profile.name(), kind.name());
    let base = base(profiles, profile);
    if Kind::of(base) == Some(Kind::Login) {
        let cause = "credentials of `aws login` can't be read";
        let remedy = format!(
            "Add a profile with `credential_process = aws configure export-credentials --profile {} --format \
             process`, and name that one.",
            base.name()
        );
        return Err(Unavailable::misconfigured(name, cause, remedy));
    }
    let remedy = remedy(profile, kind, base);
    if let (Kind::Process, Some(command)) = (kind, profile.get("credential_process")) {
        return Ok(Source::new(name, super::process::Process::new(command), remedy));
    }
    let provider = ProfileFileCredentialsProvider::builder()
        .profile_name(profile.name())
        .configure(&context.sdk)
        .build();
    Ok(Source::new(name, provider, remedy))
}

fn remedy(profile: &Profile, kind: Kind, base: &Profile) -> String {
    let name = profile.name();
    if Kind::of(base) == Some(Kind::SingleSignOn) {
        return format!(
            "Run `aws sso login --profile {}`; if that does not help, check the profile's `sso_*` settings.",
            base.name()
        );
    }
    if profile.get("mfa_serial").is_some() {
        return "A build can't ask for the code that `mfa_serial` wants: use single sign-on or a \
                credential_process."
            .to_owned();
    }
    match kind {
        Kind::Process => {
            "Run the command by hand: within a few seconds it has to print JSON with `Version` 1, \
                          `AccessKeyId` and `SecretAccessKey`, and to exit with 0."
                .to_owned()
        }
        Kind::Role | Kind::CredentialSource => format!(
            "Check `role_arn`, `source_profile` and `credential_source` of profile {name}, and the role's trust \
             policy."
        ),
        Kind::WebIdentity => format!("Check the token file of profile {name}, and the role's trust policy."),
        Kind::SingleSignOn | Kind::Login | Kind::Keys => format!("Correct profile {name}."),
    }
}

/// How a profile gets its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `role_arn` with `web_identity_token_file`.
    WebIdentity,
    /// `role_arn` with `source_profile` or `credential_source`.
    Role,
    /// `credential_source` alone.
    CredentialSource,
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
    /// Every kind with its name, and the settings of which one is enough; in the SDK's order of precedence.
    const ALL: [(Self, &str, &[&str]); 7] = [
        (
            Self::WebIdentity,
            "web_identity_token_file",
            &["web_identity_token_file"],
        ),
        (Self::Role, "role_arn", &["role_arn"]),
        (
            Self::CredentialSource,
            "credential_source",
            &["credential_source"],
        ),
        (
            Self::SingleSignOn,
            "single sign-on",
            &["sso_account_id", "sso_role_name"],
        ),
        (Self::Login, "login_session", &["login_session"]),
        (Self::Process, "credential_process", &["credential_process"]),
        (
            Self::Keys,
            "keys",
            &["aws_access_key_id", "aws_secret_access_key", "aws_session_token"],
        ),
    ];

    /// The kind of `profile`; `None` when it holds no credentials at all.
    fn of(profile: &Profile) -> Option<Self> {
        let has = |settings: &[&str]| settings.iter().any(|setting| profile.get(setting).is_some());
        let kind = Self::ALL.iter().find(|(_, _, settings)| has(settings))?;
        Some(kind.0)
    }

    fn name(self) -> &'static str {
        let kind = Self::ALL.iter().find(|(kind, _, _)| *kind == self);
        kind.map_or("", |(_, name, _)| name)
    }
}

/// The profile whose credentials are needed first: `profile`, or the end of its chain of `source_profile`.
fn base<'a>(profiles: &'a ProfileSet, profile: &'a Profile) -> &'a Profile {
    let next = |profile: &&'a Profile| {
        let is_role = Kind::of(profile) == Some(Kind::Role);
        let name = profile.get("source_profile").filter(|_| is_role)?;
        profiles.get_profile(name)
    };
    let chain = std::iter::successors(Some(profile), next);
    chain.take(MAX_HOPS + 1).last().unwrap_or(profile)
}
