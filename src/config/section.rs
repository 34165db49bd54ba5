//! The `s3` section of nx.json.

use serde_json::{Map, Value as Json};

use super::error::{Findings, Origin, did_you_mean};
use super::kind::{Given, Kind, quote};
use super::options::{self, GROUPS, OPTIONS};
use super::settings::Layer;
use super::spec::Spec;

/// The problem with a signing key in nx.json.
const SIGNING_KEY: &str = "the secret signing key must not be in nx.json: whoever reads it can sign what main \
    restores. If others could see it, make a new key pair. Keep it in a secret that only trusted jobs see, and set \
    NX_S3_CACHE_SIGNING_KEY or trust.signingKeyFile.";

/// What the section, a JSON text, sets.
pub(super) fn read(section: &str, findings: &mut Findings) -> Layer {
    let mut layer = Layer::default();
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
            None => {
                let problem = unknown(key, &name, group);
                findings.unknown(&name, options::may_protect(&name), Origin::NxJson, problem);
            }
        }
    }
}

fn read_value(option: &Spec, value: &Json, layer: &mut Layer, findings: &mut Findings) {
    // Generators write "" for a question left unanswered. An empty encryption key could mean either thing,
    // so it stays and is refused.
    if value.as_str() == Some("") && option.name != options::ENCRYPTION_KEY.name {
        let notice = format!("{} is empty in nx.json and counts as not set.", option.name);
        return findings.notices.push(notice);
    }
    layer.read(option, Given::Json(value), Origin::NxJson, findings);
    if option.kind == Kind::Secret && layer.get(option).is_some() {
        let (name, variable) = (option.name, option.variable());
        findings.notices.push(format!(
            "{name} is in nx.json, where everybody with access to the repository can read it. \
             {variable} is a better place."
        ));
    }
}

fn is_group(key: &str) -> bool {
    GROUPS.iter().any(|(name, _)| *name == key)
}

fn not_a_group(group: &str, value: &Json) -> String {
    let members: Vec<&str> = members(group).collect();
    let (value, members) = (quote(Given::Json(value)), members.join(", "));
    format!("{value} is not an object with {members}.")
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
    let names: Vec<&str> = match group {
        Some(group) => members(group).collect(),
        None => top_level().collect(),
    };
    let nearest = match (options::find(name), key.split_once('.')) {
        (Some(option), _) if option.only_environment => {
            let nearest = did_you_mean(key, names);
            format!("{nearest} For one run, set {}.", option.variable())
        }
        (Some(_), Some((group, member))) => format!(" Write {group:?}: {{ {member:?}: … }}."),
        _ => did_you_mean(key, names),
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
    use std::collections::BTreeSet;
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::{Config, ConfigError, Environment};
    use super::*;

    fn findings(section: &str) -> Findings {
        let mut findings = Findings::default();
        read(section, &mut findings);
        findings
    }

    /// The only problem of a section.
    fn problem(section: &str) -> String {
        only(&findings(section).problems)
    }

    /// The only unknown name of a section.
    fn unknown_in(section: &str) -> String {
        let findings = findings(section);
        assert!(findings.problems.is_empty(), "{:?}", findings.problems);
        only(&findings.unknown)
    }

    fn only(found: &[ConfigError]) -> String {
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].to_string()
    }

    #[test]
    #[rustfmt::skip]
    fn an_unknown_key_is_ignored_with_the_nearest_name() {
        for (section, expected) in [
            (r#"{"buckett": "a"}"#, r#"buckett (nx.json): there is no such option in nx.json. Did you mean "bucket"?"#),
            (r#"{"Bucket": "a"}"#, r#"Did you mean "bucket"?"#),
            (r#"{"prefix": "a"}"#, r#"Did you mean "cacheKeyPrefix"?"#),
            (r#"{"roleArn": "a"}"#, r#"Did you mean "assumeRole.roleArn"?"#),
            (r#"{"timeouts": {"conect": 1}}"#, r#"timeouts.conect (nx.json): there is no such option in nx.json. Did you mean "connect"?"#),
            (r#"{"timeouts.connect": 1}"#, r#"Write "timeouts": { "connect": … }."#),
            (r#"{"mode": "read"}"#, r#"Did you mean "localMode" or "ciMode"? For one run, set NX_S3_CACHE_MODE."#),
            (r#"{"colour": 1}"#, "colour (nx.json): there is no such option in nx.json."),
        ] {
            assert!(unknown_in(section).ends_with(expected), "{}", unknown_in(section));
        }
        assert!(unknown_in(r#"{"timeouts": {"connect.x": 1}}"#).contains("no such option"));
    }

    #[test]
    fn an_unknown_key_that_may_be_meant_to_protect_the_cache_is_refused() {
        for section in [
            r#"{"encriptionKey": "a"}"#,
            r#"{"EncryptionKey": "a"}"#,
            r#"{"encryption": {"key": "a"}}"#,
            r#"{"publicKeys": []}"#,
            r#"{"trust": {"public-keys": []}}"#,
            r#"{"trust": {"rekor": true}}"#,
            r#"{"trust.branches": ["main"]}"#,
            r#"{"trusted": true}"#,
            r#"{"kmsKey": "a"}"#,
            r#"{"onBadSignature": "fail"}"#,
        ] {
            problem(section);
        }
    }

    #[test]
    fn a_section_that_is_no_object_is_refused() {
        for section in ["[]", "null", "\"s3://bucket\"", "5", "{", ""] {
            assert!(problem(section).contains(r#"Write "s3": {"#), "{section}");
        }
        assert!(
            problem(r#"{"timeouts": 5}"#)
                .contains("5 is not an object with connect, firstContact, read, stall, attempt, deadline.")
        );
    }

    #[test]
    fn a_section_that_may_hold_a_secret_is_not_quoted() {
        for section in [r#""hunter2""#, r#"["hunter2"]"#, r#"{"hunter2": "#] {
            assert!(!problem(section).contains("hunter2"));
        }
    }

    #[test]
    fn an_empty_string_counts_as_not_set() {
        let mut findings = Findings::default();
        let layer = read(r#"{"endpoint": "", "bucket": "b"}"#, &mut findings);
        assert!(layer.get(&options::BUCKET).is_some() && layer.get(&options::ENDPOINT).is_none());
        assert!(findings.problems.is_empty());
        assert_eq!(
            findings.notices,
            ["endpoint is empty in nx.json and counts as not set."]
        );
    }

    #[test]
    fn a_secret_in_the_repository_is_noticed() {
        let notices = findings(r#"{"encryptionKey": "correct horse", "accessKeyId": "a"}"#).notices;
        assert!(notices.len() == 1 && notices[0].contains("NX_S3_CACHE_ENCRYPTION_KEY"));
        assert!(!notices[0].contains("horse"));
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            ".*".prop_map(Json::from),
            "(s3://)?[a-z/?=&#@:.%]{0,20}".prop_map(Json::from),
            "[0-9.]{0,20} ?[a-zA-Z]{0,3}".prop_map(Json::from),
        ];
        let names: BTreeSet<String> = OPTIONS
            .iter()
            .flat_map(|option| option.name.split('.').chain([option.name]))
            .map(str::to_owned)
            .collect();
        let name = prop_oneof![
            proptest::sample::select(names.into_iter().collect::<Vec<_>>()),
            ".*"
        ];
        leaf.prop_recursive(3, 32, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::hash_map(name.clone(), inner, 0..8)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn never_panics(section in any_json(), value in ".*", index in 0..OPTIONS.len(), ci: bool) {
            let environment = Environment::from([(&*OPTIONS[index].variable(), &*value)]);
            if let Err(error) = Config::load(Some(&section.to_string()), &environment, ci, Path::new("/workspace")) {
                prop_assert!(!error.to_string().is_empty());
            }
        }

        #[test]
        fn never_panics_on_text_that_is_no_json(section in ".*") {
            prop_assert!(Config::load(Some(&section), &Environment::default(), false, Path::new("/")).is_err());
        }
    }
}
