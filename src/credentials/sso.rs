//! The option `ssoProfile`: a profile with a single sign-on login.

use super::candidate::Finding;
use super::context::{Context, profile_files};
use super::profile::{missing, present};
use super::profile_kind::Kind;

const NAMED_BY: &str = "the option `ssoProfile`";

pub(super) fn look(context: &Context<'_>) -> Finding {
    let Some(name) = &context.options.sso_profile else {
        return Finding::Absent(format!("{NAMED_BY} is not set"));
    };
    let profiles = match &context.profiles {
        Ok(profiles) => profiles,
        Err(cause) => return Finding::broken("the AWS profile files", cause, "Correct the file."),
    };
    // nx.json is shared: it names the profile for the developers' machines, and CI reads it too, where
    // nobody logs in and no profile exists.
    if profiles.is_empty() {
        return Finding::Absent(format!(
            "{NAMED_BY} names `{name}`, but {} hold no profile",
            profile_files()
        ));
    }
    let Some(profile) = profiles.get_profile(name) else {
        return missing(profiles, name, NAMED_BY);
    };
    match Kind::of(profile) {
        Some(kind) => present(context, profiles, profile, kind),
        None => Finding::broken(
            &format!("profile {name}"),
            format!("{NAMED_BY} names it, but it holds no `sso_account_id` and `sso_role_name`"),
            format!("Run `aws configure sso --profile {name}`."),
        ),
    }
}
