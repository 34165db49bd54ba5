//! The credentials endpoint of an ECS task or an EKS pod.

use aws_config::ecs::EcsCredentialsProvider;

use super::candidate::{Candidate, Finding};
use super::context::{Context, variable};

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

pub(super) fn look(context: &Context<'_>) -> Finding {
    let set_by = match (variable(RELATIVE), variable(FULL)) {
        (None, None) => return Finding::Absent(format!("neither {RELATIVE} nor {FULL} is set")),
        // The SDK panics on some of these instead of refusing them.
        (Some(path), _) if !path.starts_with('/') => {
            let cause = format!("{RELATIVE} is `{path}`, which is not a path");
            return Finding::broken("container", cause, "It has to begin with `/`.");
        }
        (Some(_), _) => RELATIVE,
        (None, Some(_)) => FULL,
    };
    Finding::Present(Candidate::new(
        "container",
        EcsCredentialsProvider::builder().configure(&context.sdk).build(),
        format!("Check the endpoint in {set_by}, and that the task or pod has a role."),
    ))
}
