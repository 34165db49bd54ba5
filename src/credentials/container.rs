//! The credentials endpoint of an ECS task or an EKS pod.

use aws_config::ecs::EcsCredentialsProvider;

use super::source::{Context, Source, Unavailable, variable};

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

pub(super) fn source(context: &Context<'_>) -> Result<Source, Unavailable> {
    let set_by = match (variable(RELATIVE), variable(FULL)) {
        (None, None) => {
            let why = format!("neither {RELATIVE} nor {FULL} is set");
            return Err(Unavailable::NotConfigured(why));
        }
        // The SDK panics on some of these instead of refusing them.
        (Some(path), _) if !path.starts_with('/') => {
            let cause = format!("{RELATIVE} is `{path}`, which is not a path");
            let remedy = "It has to begin with `/`.";
            return Err(Unavailable::misconfigured("container", cause, remedy));
        }
        (Some(_), _) => RELATIVE,
        (None, Some(_)) => FULL,
    };
    Ok(Source::new(
        "container",
        EcsCredentialsProvider::builder().configure(&context.sdk).build(),
        format!("Check the endpoint in {set_by}, and that the task or pod has a role."),
    ))
}
