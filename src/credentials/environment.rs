//! Keys in environment variables.

use aws_config::environment::EnvironmentVariableCredentialsProvider;

use super::candidate::{Candidate, Finding};
use super::context::{Context, variable};

const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";

pub(super) fn look(_: &Context<'_>) -> Finding {
    let half = |set, missing| {
        let cause = format!("{set} is set, but {missing} is not");
        Finding::broken("environment", cause, "Set both or neither.")
    };
    match (variable(ID), variable(SECRET)) {
        (None, None) => Finding::Absent(format!("{ID} is not set")),
        // A job that sees only half of its secrets would otherwise go on with somebody else's credentials.
        (Some(_), None) => half(ID, SECRET),
        (None, Some(_)) => half(SECRET, ID),
        (Some(_), Some(_)) => Finding::Present(Candidate::new(
            "environment",
            EnvironmentVariableCredentialsProvider::new(),
            format!("Check {ID} and {SECRET}."),
        )),
    }
}
