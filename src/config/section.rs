//! The `s3` section of nx.json.

use serde_json::{Map, Value as Json};

use super::error::{Findings, Origin};
use super::kind::{Given, Kind, quote};
use super::options::{self, GROUPS, OPTIONS, Spec};
use super::settings::{Layer, Setting};
use super::suggest::did_you_mean;

/// What is said of a signing key in nx.json.
const SIGNING_KEY: &str = "the secret signing key must not be in nx.json: whoever reads it can sign what main \
    restores. If others could see it, make a new key pair. Keep it in a secret that only trusted jobs see, and set \
    NX_S3_CACHE_SIGNING_KEY or trust.signingKeyFile.";

/// What the section, a JSON text, sets.
pub(super) fn read(section: &str, findings: &mut Findings) -> Layer {
    let mut layer = Layer::new();
    match serde_json::from_str(section) {
        Ok(Json::Object(section)) => read_object(&section, None, &mut layer, findings),
        // What it is instead may hold a secret: it isn't quoted.
        Ok(_) => whole_section(findings, "this is not an object"),
        Err(error) => whole_section(findings, &format!("this is not JSON: {error}")),
    }
    layer
}

fn whole_section(findings: &mut Findings, problem: &str) {
    let example = r#"Write "s3": { "bucket": "my-bucket", "region": "eu-central-1" }."#;
    findings.problem("s3", Origin::NxJson, format!("{problem}. {example}"));
}

fn read_object(object: &Map<String, Json>, group: Option<&str>, layer: &mut Layer, findings: &mut Findings) {
    for (key, value) in object {
        let name = group.map_or_else(|| key.clone(), |group| format!("{group}.{key}"));
        let nested = key.contains('.');
        match options::find(&name).filter(|option| !option.only_environment && !nested) {
            Some(option) => read_value(option, value, layer, findings),
            None if group.is_none() && is_group(key) => match value {
                Json::Object(inner) => read_object(inner, Some(key), layer, findings),
                other => findings.problem(key, Origin::NxJson, not_a_group(key, other)),
            },
            None => findings.problem(&name, Origin::NxJson, unknown(key, &name, group)),
        }
    }
}

fn read_value(option: &'static Spec, value: &Json, layer: &mut Layer, findings: &mut Findings) {
    // Generators write "" for a question left unanswered. An empty encryption key could mean either thing,
    // so it stays and is refused.
    if value.as_str() == Some("") && option.name != "encryptionKey" {
        findings.notices.push(format!(
            "{} is empty in nx.json and counts as not set.",
            option.name
        ));
        return;
    }
    match option.kind.parse(Given::Json(value)) {
        Ok(value) => {
            if option.kind == Kind::Secret {
                findings.notices.push(exposed(option));
            }
            layer.insert(
                option.name,
                Setting {
                    value,
                    origin: Origin::NxJson,
                },
            );
        }
        Err(problem) => findings.problem(option.name, Origin::NxJson, problem),
    }
}

fn exposed(option: &Spec) -> String {
    format!(
        "{} is in nx.json, where everybody with access to the repository can read it. {} is a better place.",
        option.name,
        option.variable()
    )
}

fn is_group(key: &str) -> bool {
    GROUPS.iter().any(|(name, _)| *name == key)
}

fn not_a_group(group: &str, value: &Json) -> String {
    let members: Vec<&str> = members(group).collect();
    format!(
        "{} is not an object with {}.",
        quote(Given::Json(value)),
        members.join(", ")
    )
}

/// The names of a group's options in nx.json, within the group.
fn members(group: &str) -> impl Iterator<Item = &'static str> {
    in_nx_json().filter_map(move |option| option.name.strip_prefix(group)?.strip_prefix('.'))
}

fn unknown(key: &str, name: &str, group: Option<&str>) -> String {
    if key == "signingKey" {
        return SIGNING_KEY.into();
    }
    if let Some(why) = options::removed(name) {
        return why.into();
    }
    let nearest = match (group, options::find(name)) {
        (_, Some(option)) if option.only_environment => {
            let names: Vec<_> = group.map_or_else(|| top_level().collect(), |group| members(group).collect());
            let nearest = did_you_mean(key, names);
            format!("{nearest} For one run, set {}.", option.variable())
        }
        (Some(group), _) => did_you_mean(key, members(group)),
        (None, Some(_)) => {
            let (group, member) = key.split_once('.').unwrap_or((key, key));
            format!(" Write {group:?}: {{ {member:?}: … }}.")
        }
        (None, None) => did_you_mean(key, top_level()),
    };
    format!("there is no such option in nx.json.{nearest}")
}

fn top_level() -> impl Iterator<Item = &'static str> {
    let names = in_nx_json().map(|option| option.name);
    names.chain(GROUPS.iter().map(|(name, _)| *name))
}

fn in_nx_json() -> impl Iterator<Item = &'static Spec> {
    OPTIONS.iter().filter(|option| !option.only_environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(section: &str) -> Vec<String> {
        let mut findings = Findings::default();
        read(section, &mut findings);
        findings.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        for (section, nearest) in [
            (
                r#"{"buckett": "a"}"#,
                r#"buckett (nx.json): there is no such option in nx.json. Did you mean "bucket"?"#,
            ),
            (r#"{"Bucket": "a"}"#, r#"Did you mean "bucket"?"#),
            (r#"{"prefix": "a"}"#, r#"Did you mean "cacheKeyPrefix"?"#),
            (r#"{"roleArn": "a"}"#, r#"Did you mean "assumeRole.roleArn"?"#),
            (
                r#"{"timeouts": {"conect": 1}}"#,
                r#"timeouts.conect (nx.json): there is no such option in nx.json. Did you mean "connect"?"#,
            ),
            (
                r#"{"timeouts.connect": 1}"#,
                r#"Write "timeouts": { "connect": … }."#,
            ),
            (r#"{"timeouts": {"connect.x": 1}}"#, "no such option"),
            (
                r#"{"mode": "read"}"#,
                r#"Did you mean "localMode" or "ciMode"? For one run, set NX_S3_CACHE_MODE."#,
            ),
            (
                r#"{"colour": 1}"#,
                "colour (nx.json): there is no such option in nx.json.",
            ),
        ] {
            let found = problems(section);
            assert!(
                found.len() == 1 && found[0].ends_with(nearest) || found[0].contains("connect.x"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_section_that_is_no_object_is_refused() {
        for section in ["[]", "null", "\"s3://bucket\"", "5", "{", ""] {
            let found = problems(section);
            assert!(
                found.len() == 1 && found[0].contains(r#"Write "s3": {"#),
                "{found:?}"
            );
        }
        assert!(
            problems(r#"{"timeouts": 5}"#)[0]
                .contains("5 is not an object with connect, firstContact, read, stall, attempt, deadline.")
        );
    }

    #[test]
    fn a_section_that_may_hold_a_secret_is_not_quoted() {
        for section in [r#""hunter2""#, r#"["hunter2"]"#, r#"{"hunter2": "#] {
            assert!(!problems(section)[0].contains("hunter2"));
        }
    }

    #[test]
    fn an_empty_text_counts_as_not_set() {
        let mut findings = Findings::default();
        let layer = read(r#"{"endpoint": "", "bucket": "b"}"#, &mut findings);
        assert!(layer.len() == 1 && findings.problems.is_empty());
        assert_eq!(
            findings.notices,
            ["endpoint is empty in nx.json and counts as not set."]
        );
    }

    #[test]
    fn a_secret_in_the_repository_is_noticed() {
        let mut findings = Findings::default();
        read(
            r#"{"encryptionKey": "correct horse", "accessKeyId": "a"}"#,
            &mut findings,
        );
        assert!(findings.notices.len() == 1 && findings.notices[0].contains("NX_S3_CACHE_ENCRYPTION_KEY"));
        assert!(!findings.notices[0].contains("horse"));
    }
}
