//! Store URLs: `s3://bucket/prefix?region=…&endpoint=…`, a short way of writing several options.

use percent_encoding::percent_decode_str;

use super::error::{Findings, Origin};
use super::kind::{Given, Kind, Value};
use super::options::{self, OPTIONS, Spec};
use super::settings::{Layer, Setting};
use super::suggest::did_you_mean;

const SCHEME: &str = "s3://";

/// Replaces a store URL that a layer has as its bucket by the options it stands for.
pub(super) fn expand(layer: &mut Layer, findings: &mut Findings) {
    let Some(Setting {
        value: Value::Text(text),
        origin,
    }) = layer.get("bucket").cloned()
    else {
        return;
    };
    let Some(url) = text
        .get(..SCHEME.len())
        .filter(|s| s.eq_ignore_ascii_case(SCHEME))
    else {
        return;
    };
    let rest = &text[url.len()..];
    layer.remove("bucket");
    // What stands before an @ may be a secret: say nothing of it.
    if rest
        .split(['/', '?'])
        .next()
        .is_some_and(|host| host.contains('@'))
    {
        let problem = "a store URL holds no credentials: put them into the environment.";
        return findings.problem("bucket", origin, problem.into());
    }
    if rest.contains('#') {
        let front = front(&text);
        let problem =
            format!("{front:?} has a # behind it, which a store URL has no use for; in a name write %23.");
        return findings.problem("bucket", origin, problem);
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    if bucket.is_empty() {
        let front = front(&text);
        let problem = format!("{front:?} names no bucket. Write s3://my-bucket or s3://my-bucket/prefix.");
        return findings.problem("bucket", origin, problem);
    }
    let from = Origin::StoreUrl(Box::new(origin.clone()));
    layer.insert(
        "bucket",
        Setting {
            value: Value::Text(decode(bucket)),
            origin: from.clone(),
        },
    );
    let prefix = decode(prefix.trim_end_matches('/'));
    if let Some(option) = options::find("cacheKeyPrefix").filter(|_| !prefix.is_empty()) {
        set(option, &prefix, &from, layer, findings);
    }
    read_query(query, &from, layer, findings);
}

/// What of a URL can be repeated: its options may hold a password, though they shouldn't.
fn front(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn read_query(query: &str, from: &Origin, layer: &mut Layer, findings: &mut Findings) {
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match options::find(&key) {
            Some(option) if option.in_url && value.is_empty() => {
                findings.problem(option.name, from.clone(), "there is no value.".into());
            }
            Some(option) if option.in_url => set(option, &value, from, layer, findings),
            Some(option) if option.kind == Kind::Secret => {
                let problem = format!("a URL is no place for a secret. Use {}.", option.variable());
                findings.problem(option.name, from.clone(), problem);
            }
            Some(option) => {
                let problem = format!(
                    "a store URL can't set this. Use nx.json or {}.",
                    option.variable()
                );
                findings.problem(option.name, from.clone(), problem);
            }
            None => {
                let valid = OPTIONS
                    .iter()
                    .filter(|option| option.in_url)
                    .map(|option| option.name);
                let problem = format!(
                    "there is no such option in a store URL.{}",
                    did_you_mean(&key, valid)
                );
                findings.problem(&key, from.clone(), problem);
            }
        }
    }
}

/// Sets an option, unless the place that has the URL sets it to something else.
fn set(option: &'static Spec, text: &str, from: &Origin, layer: &mut Layer, findings: &mut Findings) {
    let value = match option.kind.parse(Given::Text(text)) {
        Ok(value) => value,
        Err(problem) => return findings.problem(option.name, from.clone(), problem),
    };
    match layer.get(option.name) {
        Some(other) if !same(&other.value, &value) => {
            let problem = format!(
                "{} here, but {} in {}. Keep one of them.",
                told(&value),
                told(&other.value),
                other.origin
            );
            findings.problem(option.name, from.clone(), problem);
        }
        Some(_) => {}
        None => {
            layer.insert(
                option.name,
                Setting {
                    value,
                    origin: from.clone(),
                },
            );
        }
    }
}

/// A value for people. What has an `@` may have a password before it.
fn told(value: &Value) -> String {
    let shown = value.show();
    if shown.contains('@') {
        "a value with an @".into()
    } else {
        shown
    }
}

/// Slashes around prefixes and after endpoints mean nothing.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => one.trim_matches('/') == other.trim_matches('/'),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(section: &str) -> (Vec<String>, Vec<String>) {
        let mut findings = Findings::default();
        let mut layer = super::super::section::read(section, &mut findings);
        expand(&mut layer, &mut findings);
        let set = layer
            .iter()
            .map(|(name, setting)| format!("{name}={}", setting.value.show()));
        (
            set.collect(),
            findings.problems.iter().map(ToString::to_string).collect(),
        )
    }

    fn problem(section: &str) -> String {
        let (_, problems) = expanded(section);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].clone()
    }

    #[test]
    fn a_url_sets_bucket_prefix_and_options() {
        let (set, problems) = expanded(
            r#"{"bucket": "s3://b/team%20a/web/?region=eu-central-1&endpoint=http%3A%2F%2Fx:1&forcePathStyle=true"}"#,
        );
        assert_eq!(
            set,
            [
                r#"bucket="b""#,
                r#"cacheKeyPrefix="team a/web""#,
                r#"endpoint="http://x:1""#,
                "forcePathStyle=true",
                r#"region="eu-central-1""#
            ]
        );
        assert!(problems.is_empty());
        assert_eq!(expanded(r#"{"bucket": "S3://b"}"#).0, [r#"bucket="b""#]);
        assert_eq!(expanded(r#"{"bucket": "b"}"#).0, [r#"bucket="b""#]);
    }

    #[test]
    fn an_option_given_twice_must_be_the_same_twice() {
        let twice = r#"{"bucket": "s3://b/p?region=a&region=b", "cacheKeyPrefix": "/p/"}"#;
        assert!(problem(twice).ends_with(r#"region (the store URL in nx.json): "b" here, but "a" in the store URL in nx.json. Keep one of them."#));
        let both = r#"{"bucket": "s3://b?region=a", "region": "c"}"#;
        assert!(problem(both).contains(r#""a" here, but "c" in nx.json."#));
    }

    #[test]
    fn unknown_and_misplaced_options_are_refused() {
        for (query, told) in [
            (
                "regoin=a",
                r#"regoin (the store URL in nx.json): there is no such option in a store URL. Did you mean "region"?"#,
            ),
            (
                "retries=3",
                "a store URL can't set this. Use nx.json or NX_S3_CACHE_RETRIES.",
            ),
            ("fips=maybe", r#""maybe" is not true or false."#),
            ("region=", "there is no value."),
            (
                "encryptionKey=hunter2",
                "a URL is no place for a secret. Use NX_S3_CACHE_ENCRYPTION_KEY.",
            ),
        ] {
            let problem = problem(&format!(r#"{{"bucket": "s3://b?{query}"}}"#));
            assert!(
                problem.ends_with(told) && !problem.contains("hunter2"),
                "{problem}"
            );
        }
    }

    #[test]
    fn a_url_without_bucket_or_with_credentials_is_refused() {
        for (url, front) in [
            ("s3://", "s3://"),
            ("s3:///p", "s3:///p"),
            ("s3://?region=a", "s3://"),
            ("s3://b/#p", "s3://b/"),
        ] {
            assert!(problem(&format!(r#"{{"bucket": {url:?}}}"#)).contains(&format!("{front:?}")));
        }
        let secret = problem(r#"{"bucket": "s3://AKIA:hunter2@b/p"}"#);
        assert!(secret.contains("holds no credentials") && !secret.contains("hunter2"));
    }

    #[test]
    fn a_password_in_an_option_is_not_repeated() {
        for url in [
            "s3://b?endpoint=http://x&endpoint=http://key:hunter2@x",
            "s3://b?endpoint=http://key:hunter2@x&endpoint=http://x",
            "s3://b?endpoint=http://key:hunter2@x#y",
            "s3://?endpoint=http://key:hunter2@x",
            "s3://b?fips=http://key:hunter2@x",
            " s3://key:hunter2@x",
            "s3://b?endpoint=http%3A%2F%2Fkey:hunter2%40x ",
        ] {
            assert!(!problem(&format!(r#"{{"bucket": {url:?}}}"#)).contains("hunter2"));
        }
    }
}
