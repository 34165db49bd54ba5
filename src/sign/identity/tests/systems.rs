//! The runs of systems other than GitHub.

use super::*;

#[test]
fn buildkite_s_runs_are_identified_by_pipeline_branch_and_source() {
    let rules = rules(&["buildkite:acme/shop"]);
    let claims = json!({
        "organization_slug": "acme", "pipeline_slug": "shop", "build_branch": "main", "build_tag": null,
        "build_commit": "abc", "build_source": "webhook", "build_number": 7,
    });
    let with = |name: &str, value: Json| {
        with_claims(&rules, "https://agent.buildkite.com", |token| {
            token["ref"] = json!("refs/heads/main");
            token["event_name"] = json!("push");
            token
                .as_object_mut()
                .unwrap()
                .extend(claims.as_object().unwrap().clone());
            token[name] = value;
        })
    };
    let vouched = with("step_key", Json::Null).unwrap();
    let url = vouched.provenance.run_url.as_deref();
    assert_eq!(url, Some("https://buildkite.com/acme/shop/builds/7"));
    for (name, value, expected) in [
        (
            "organization_slug",
            json!("eve"),
            IdentityError::Subject("eve/shop".into()),
        ),
        (
            "pipeline_slug",
            json!("evil"),
            IdentityError::Subject("acme/evil".into()),
        ),
        (
            "build_branch",
            json!("feat"),
            IdentityError::Ref("refs/heads/feat".into()),
        ),
        ("build_branch", Json::Null, IdentityError::Ref("none".into())),
        (
            "build_tag",
            json!("main"),
            IdentityError::Ref("refs/tags/main".into()),
        ),
        ("build_tag", json!("v1"), IdentityError::Ref("none".into())),
        // Whoever starts these names branch and commit.
        ("build_source", json!("api"), IdentityError::Event("api".into())),
        ("build_source", json!("ui"), IdentityError::Event("ui".into())),
        ("build_source", Json::Null, IdentityError::Event("none".into())),
    ] {
        assert_eq!(with(name, value.clone()), Err(expected), "{name}: {value}");
    }
}

#[test]
fn circleci_s_runs_are_identified_by_project_and_ref() {
    const ORGANIZATION: &str = "8a9f0d3c-1111-2222-3333-444455556666";
    const PROJECT: &str = "0a9f0d3c-1111-2222-3333-444455556666";
    let rules = rules(&[&format!("circleci:{ORGANIZATION}/{PROJECT}")]);
    let with = |name: &str, value: Json| {
        with_claims(
            &rules,
            &format!("https://oidc.circleci.com/org/{ORGANIZATION}"),
            |token| {
                token["oidc.circleci.com/project-id"] = json!(PROJECT);
                token["oidc.circleci.com/vcs-ref"] = json!("refs/heads/main");
                token["oidc.circleci.com/ssh-rerun"] = json!(false);
                token[name] = value;
            },
        )
    };
    assert!(with("sub", Json::Null).is_ok());
    for (name, value, expected) in [
        (
            "oidc.circleci.com/project-id",
            json!("1"),
            IdentityError::Subject("1".into()),
        ),
        (
            "oidc.circleci.com/vcs-ref",
            json!("refs/pull/5"),
            IdentityError::Ref("refs/pull/5".into()),
        ),
        (
            "oidc.circleci.com/vcs-ref",
            Json::Null,
            IdentityError::Ref("none".into()),
        ),
        (
            "oidc.circleci.com/ssh-rerun",
            json!(true),
            IdentityError::Event("ssh-rerun".into()),
        ),
        (
            "oidc.circleci.com/ssh-rerun",
            json!("true"),
            IdentityError::Malformed,
        ),
        (
            "iss",
            json!("https://oidc.circleci.com/org/x"),
            IdentityError::Issuer("https://oidc.circleci.com/org/x".into()),
        ),
    ] {
        assert_eq!(with(name, value.clone()), Err(expected), "{name}: {value}");
    }
}
