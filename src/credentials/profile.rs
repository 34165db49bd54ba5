//! A profile of `~/.aws/config` and `~/.aws/credentials`.

use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};

use super::candidate::{Candidate, Finding};
use super::context::{Context, profile_files};
use super::profile_kind::{Kind, base};

pub(super) fn look(context: &Context<'_>) -> Finding {
    let profiles = match &context.profiles {
        Ok(profiles) => profiles,
        Err(cause) => return Finding::broken("the AWS profile files", cause, "Correct the file."),
    };
    let (name, named_by) = context.selected_profile();
    let Some(profile) = profiles.get_profile(&name) else {
        return match named_by {
            Some(named_by) => missing(profiles, &name, named_by),
            None => Finding::Absent(format!("{} hold no profile `{name}`", profile_files())),
        };
    };
    match Kind::of(profile) {
        Some(kind) => present(context, profiles, profile, kind),
        None => Finding::Absent(format!("profile `{name}` holds no credentials")),
    }
}

/// A profile that was asked for by name has to exist: going on with other credentials would hide the typo.
pub(super) fn missing(profiles: &ProfileSet, name: &str, named_by: &str) -> Finding {
    let mut names: Vec<_> = profiles.profiles().collect();
    names.sort_unstable();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    Finding::broken(
        &format!("profile {name}"),
        format!(
            "{named_by} names it, but {} hold no such profile (there: {names})",
            profile_files()
        ),
        format!("Correct the name, or add `[profile {name}]` to the config file."),
    )
}

/// `profile`, which holds credentials of `kind`, as a source.
pub(super) fn present(
    context: &Context<'_>,
    profiles: &ProfileSet,
    profile: &Profile,
    kind: Kind,
) -> Finding {
    let name = format!("profile {} ({})", profile.name(), kind.word());
    let base = base(profiles, profile);
    if Kind::of(base) == Some(Kind::Login) {
        return Finding::broken(
            &name,
            "credentials of `aws login` can't be read",
            login_remedy(base),
        );
    }
    #[cfg(unix)]
    if let (Kind::Process, Some(command)) = (kind, profile.get("credential_process")) {
        let provider = super::process::Process::new(command);
        return Finding::Present(Candidate::new(name, provider, remedy(profile, kind, base)));
    }
    let provider = ProfileFileCredentialsProvider::builder()
        .profile_name(profile.name())
        .configure(&context.sdk)
        .build();
    Finding::Present(Candidate::new(name, provider, remedy(profile, kind, base)))
}

fn login_remedy(profile: &Profile) -> String {
    let name = profile.name();
    format!(
        "Add a profile with `credential_process = aws configure export-credentials --profile {name} --format \
         process`, and name that one."
    )
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
