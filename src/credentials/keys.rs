//! Static keys: in environment variables, and in the options.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_credential_types::Credentials;

use super::source::{Context, Source, Unavailable, variable};

const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";

pub(super) fn of_environment(_: &Context<'_>) -> Result<Source, Unavailable> {
    let half = |set, missing| {
        let cause = format!("{set} is set, but {missing} is not");
        Err(Unavailable::misconfigured(
            "environment",
            cause,
            "Set both or neither.",
        ))
    };
    match (variable(ID), variable(SECRET)) {
        (None, None) => Err(Unavailable::NotConfigured(format!("{ID} is not set"))),
        // A job that sees only one of its secrets would otherwise go on with other credentials.
        (Some(_), None) => half(ID, SECRET),
        (None, Some(_)) => half(SECRET, ID),
        (Some(_), Some(_)) => Ok(Source::new(
            "environment",
            EnvironmentVariableCredentialsProvider::new(),
            format!("Check {ID} and {SECRET}."),
        )),
    }
}

pub(super) fn of_options(context: &Context<'_>) -> Result<Source, Unavailable> {
    let missing = || Unavailable::NotConfigured("the option `accessKeyId` is not set".to_owned());
    let keys = context.options.keys.as_ref().ok_or_else(missing)?;
    let credentials = Credentials::new(
        keys.access_key_id.as_str(),
        keys.secret_access_key.expose(),
        keys.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        "nx.json",
    );
    let remedy = "Check `accessKeyId` and `secretAccessKey`.";
    Ok(Source::new("nx.json", credentials, remedy))
}
