//! Store URLs: `s3://bucket/prefix?region=…&endpoint=…`, a short way to write several options.

use percent_encoding::percent_decode_str;

use super::error::{Findings, Origin, did_you_mean};
use super::kind::{Given, Kind, Value};
use super::options::{self, BUCKET, CACHE_KEY_PREFIX, OPTIONS};
use super::settings::{Layer, Setting};
use super::spec::Spec;

const SCHEME: &str = "s3://";

/// Replaces a store URL that a layer has as its bucket by the options it stands for.
pub(super) fn expand(layer: &mut Layer, findings: &mut Findings) {
    let Some(Setting {
        value: Value::String(text),
        origin,
    }) = layer.get(&BUCKET).cloned()
    else {
        return;
    };
    let Some((scheme, rest)) = text.split_at_checked(SCHEME.len()) else {
        return;
    };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return;
    }
    layer.remove(&BUCKET);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    if let Some(problem) = malformed(&text, rest, bucket) {
        return findings.problem(BUCKET.name, origin, problem);
    }
    let from = Origin::StoreUrl(Box::new(origin));
    layer.set(&BUCKET, Value::String(decode(bucket)), from.clone());
    let prefix = decode(prefix.trim_end_matches('/'));
    if !prefix.is_empty() {
        set(&CACHE_KEY_PREFIX, &prefix, &from, layer, findings);
    }
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let Some(option) = options::find(&key) else {
            findings.unknown(&key, options::may_protect(&key), from.clone(), unknown(&key));
            continue;
        };
        match allowed_in_url(option, &value) {
            Ok(()) => set(option, &value, &from, layer, findings),
            Err(problem) => findings.problem(&key, from.clone(), problem),
        }
    }
}

/// What is wrong with the URL as a whole. It may hold a password, though it shouldn't: little of it is repeated.
fn malformed(url: &str, rest: &str, bucket: &str) -> Option<String> {
    let front = url.split(['?', '#']).next().unwrap_or(url);
    if bucket.contains('@') {
        Some("a store URL holds no credentials: put them in the environment.".into())
    } else if rest.contains('#') {
        Some(format!(
            "{front:?} is followed by a #, which has no meaning in a store URL; in a name write %23."
        ))
    } else if bucket.is_empty() {
        Some(format!(
            "{front:?} names no bucket. Write s3://my-bucket or s3://my-bucket/prefix."
        ))
    } else {
        None
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn unknown(key: &str) -> String {
    let valid = OPTIONS.iter().filter(|option| option.in_url);
    let nearest = did_you_mean(key, valid.map(|option| option.name));
    format!("there is no such option in a store URL.{nearest}")
}

/// Whether a store URL may set `option` to `value`.
fn allowed_in_url(option: &Spec, value: &str) -> Result<(), String> {
    let variable = option.variable();
    if option.in_url && value.is_empty() {
        Err("there is no value.".into())
    } else if option.in_url {
        Ok(())
    } else if option.kind == Kind::Secret {
        Err(format!("a URL is no place for a secret. Use {variable}."))
    } else {
        Err(format!("a store URL can't set this. Use nx.json or {variable}."))
    }
}

/// Sets an option, unless the layer that has the URL sets it to something else.
fn set(option: &Spec, text: &str, from: &Origin, layer: &mut Layer, findings: &mut Findings) {
    let value = match option.kind.parse(Given::Text(text)) {
        Ok(value) => value,
        Err(problem) => return findings.problem(option.name, from.clone(), problem),
    };
    match layer.get(option) {
        Some(other) if !same(&other.value, &value) => {
            let (here, there) = (shown(&value), shown(&other.value));
            let problem = format!("{here} here, but {there} in {}. Keep one of them.", other.origin);
            findings.problem(option.name, from.clone(), problem);
        }
        Some(_) => {}
        None => layer.set(option, value, from.clone()),
    }
}

/// A value for people. What has an `@` may have a password before it.
fn shown(value: &Value) -> String {
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
        (Value::String(one), Value::String(other)) => one.trim_matches('/') == other.trim_matches('/'),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a section sets by a URL, and the problems with it.
    fn expanded(section: &str) -> (Vec<String>, Vec<String>) {
        let mut findings = Findings::default();
        let mut layer = super::super::section::read(section, &mut findings);
        expand(&mut layer, &mut findings);
        let set = OPTIONS.iter().filter_map(|option| {
            let setting = layer.get(option)?;
            Some(format!("{}={}", option.name, setting.value.show()))
        });
        let problems = findings.problems.iter().chain(&findings.unknown);
        let problems = problems.map(ToString::to_string);
        (set.collect(), problems.collect())
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
                r#"region="eu-central-1""#,
                r#"endpoint="http://x:1""#,
                "forcePathStyle=true",
                r#"cacheKeyPrefix="team a/web""#,
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
    #[rustfmt::skip]
    fn unknown_and_misplaced_options_are_found() {
        for (query, expected) in [
            ("regoin=a", r#"regoin (the store URL in nx.json): there is no such option in a store URL. Did you mean "region"?"#),
            ("retries=3", "a store URL can't set this. Use nx.json or NX_S3_CACHE_RETRIES."),
            ("fips=maybe", r#""maybe" is not true or false."#),
            ("region=", "there is no value."),
            ("encryptionKey=hunter2", "a URL is no place for a secret. Use NX_S3_CACHE_ENCRYPTION_KEY."),
        ] {
            let problem = problem(&format!(r#"{{"bucket": "s3://b?{query}"}}"#));
            assert!(problem.ends_with(expected) && !problem.contains("hunter2"), "{problem}");
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
