//! What is wrong with a configuration, said so that a person can correct it.

use std::fmt;

use crate::code::page;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The `s3` section of nx.json.
    NxJson,
    /// The environment variable of this name.
    Variable(String),
    /// The store URL that was given as `bucket` there.
    StoreUrl(Box<Origin>),
}

impl Origin {
    /// Its name, where the `s3` section is in this `file`.
    pub fn with_section_in(&self, file: &str) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::NxJson => file.to_owned(),
            Self::Variable(name) => name.clone(),
            Self::StoreUrl(source) => format!("the store URL in {}", source.with_section_in(file)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_section_in("nx.json"))
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The option's name, such as `timeouts.connect`, or an unknown name as it was given.
    pub option: String,
    /// Where the value was found; [`Origin::Default`] when it is missing.
    pub origin: Origin,
    /// What was found, what is allowed, and the nearest valid value. Never holds a secret.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An unknown name is foreign text and must not reach a terminal unescaped.
        write!(f, "{}", self.option.escape_debug())?;
        match &self.origin {
            Origin::Default => {}
            Origin::Variable(name) if *name == self.option => {}
            origin => write!(f, " ({origin})")?,
        }
        write!(f, ": {}", self.problem)
    }
}

/// Everything that is wrong with a configuration; at least one problem. Its text is ready to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigErrors {
    /// There is no `s3` section, and no environment variable names a bucket.
    NotConfigured,
    /// There are settings, and these are wrong.
    Invalid(Vec<ConfigError>),
    /// The bucket's objects are encrypted, and the run of Nx that this process belongs to kept the key to itself.
    KeyRemoved,
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = match self {
            Self::NotConfigured => return f.write_str(NOT_CONFIGURED),
            Self::KeyRemoved => return f.write_str(KEY_REMOVED),
            Self::Invalid(problems) => problems,
        };
        writeln!(f, "the configuration is not valid.\n")?;
        for problem in problems {
            writeln!(f, "  - {problem}")?;
        }
        write!(
            f,
            "\nAll options and their values: {}",
            page!("docs/configuration.md")
        )
    }
}

/// What was found so far while reading a configuration.
#[derive(Default)]
pub(super) struct Findings {
    pub problems: Vec<ConfigError>,
    /// Names that are no options, and that nothing depends on.
    pub unknown: Vec<ConfigError>,
    pub notices: Vec<String>,
}

impl Findings {
    pub(super) fn problem(&mut self, option: &str, origin: Origin, problem: impl Into<String>) {
        self.problems.push(ConfigError {
            option: option.to_owned(),
            origin,
            problem: problem.into(),
        });
    }

    /// A name that is no option. A newer version may know it, so it only warns; where it may be meant to protect the
    /// cache, it is a problem.
    pub(super) fn unknown(&mut self, name: &str, protects: bool, origin: Origin, problem: impl Into<String>) {
        let found = ConfigError {
            option: name.to_owned(),
            origin,
            problem: problem.into(),
        };
        if protects {
            self.problems.push(found);
        } else {
            self.unknown.push(found);
        }
    }

    /// Whether every name is an option and every value is valid.
    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.unknown.is_empty()
    }

    /// Whether something is wrong with `option` already, so that its absence is no further problem.
    pub(super) fn mention(&self, option: &str) -> bool {
        self.problems.iter().any(|problem| problem.option == option)
    }
}

const NOT_CONFIGURED: &str =
    "nx.json has no \"s3\" section and NX_S3_CACHE_BUCKET is not set, so there is no remote cache.

Run \"npx nx g @nx/s3-cache:init\", or add the bucket to nx.json:

  \"s3\": { \"bucket\": \"my-bucket\", \"region\": \"eu-central-1\" }";

const KEY_REMOVED: &str =
    "NX_S3_CACHE_ENCRYPTION_KEY is not inherited by tasks of Nx, and this runs inside one.

Without the key nothing can be restored, and nothing may be stored. Let the task's own command set the variable to use \
the cache there.";

/// Below this likeness a name is no typo of the other, but another word.
const ALIKE: f64 = 0.6;
/// More names than this are a list, not a suggestion.
const AT_MOST: usize = 4;

/// `Did you mean "a" or "b"?` with a leading space, or nothing.
pub(super) fn did_you_mean<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    let names = nearest(given, valid);
    question(names.iter().map(|name| format!("{name:?}")).collect())
}

/// The same for these names.
pub(super) fn question(names: Vec<String>) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(" Did you mean {}?", names.join(" or "))
}

/// The names that differ from `given` in case and punctuation only; else those that contain it; else the most alike.
pub(super) fn nearest<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = plain(given);
    let names: Vec<&str> = valid.into_iter().collect();
    let those = |matches: &dyn Fn(String) -> bool| -> Vec<&'a str> {
        let names = names.iter().copied();
        names.filter(|name| matches(plain(name))).collect()
    };
    let same = those(&|name| name == wanted);
    if !same.is_empty() {
        return same;
    }
    let containing = those(&|name| wanted.len() > 2 && name.contains(&wanted));
    if (1..=AT_MOST).contains(&containing.len()) {
        return containing;
    }
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(&plain(name), &wanted);
    let nearest = names
        .into_iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest
        .filter(|name| likeness(name) >= ALIKE)
        .into_iter()
        .collect()
}

/// `name` without case and punctuation.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(option: &str, origin: Origin) -> ConfigError {
        ConfigError {
            option: option.into(),
            origin,
            problem: "this is wrong.".into(),
        }
    }

    #[test]
    fn a_problem_names_its_option_and_its_origin_once() {
        let variable = Origin::Variable("NX_S3_CACHE_BUCKT".into());
        let url = Origin::StoreUrl(Box::new(Origin::NxJson));
        for (option, origin, text) in [
            ("bucket", Origin::Default, "bucket: this is wrong."),
            ("bucket", Origin::NxJson, "bucket (nx.json): this is wrong."),
            ("region", url, "region (the store URL in nx.json): this is wrong."),
            ("NX_S3_CACHE_BUCKT", variable, "NX_S3_CACHE_BUCKT: this is wrong."),
        ] {
            assert_eq!(problem(option, origin).to_string(), text);
        }
    }

    #[test]
    fn a_foreign_name_can_not_control_the_terminal() {
        let text = problem("a\u{1b}[2J\nb", Origin::NxJson).to_string();
        assert!(!text.contains(['\u{1b}', '\n']));
    }

    #[test]
    fn all_problems_make_one_text() {
        let problems = vec![problem("a", Origin::NxJson), problem("b", Origin::NxJson)];
        assert_eq!(
            ConfigErrors::Invalid(problems).to_string(),
            "the configuration is not valid.\n\n  \
             - a (nx.json): this is wrong.\n  - b (nx.json): this is wrong.\n\n\
             All options and their values: \
             https://github.com/nx-s3-cache/nx-s3-cache/blob/main/docs/configuration.md"
        );
    }

    const NAMES: [&str; 5] = [
        "bucket",
        "localMode",
        "ciMode",
        "cacheKeyPrefix",
        "forcePathStyle",
    ];

    #[test]
    fn finds_the_name_behind_a_typo_another_case_or_other_punctuation() {
        for (given, meant) in [
            ("buckt", "bucket"),
            ("forcepathstyle", "forcePathStyle"),
            ("force-path-style", "forcePathStyle"),
            ("locaMode", "localMode"),
        ] {
            assert_eq!(nearest(given, NAMES), [meant], "{given}");
        }
        assert_eq!(did_you_mean("buckt", NAMES), r#" Did you mean "bucket"?"#);
    }

    #[test]
    fn offers_every_name_that_a_short_one_may_stand_for() {
        assert_eq!(
            did_you_mean("mode", NAMES),
            r#" Did you mean "localMode" or "ciMode"?"#
        );
        assert_eq!(nearest("prefix", NAMES), ["cacheKeyPrefix"]);
    }

    #[test]
    fn says_nothing_when_nothing_is_near() {
        for given in ["", "é", "colour", "e"] {
            assert_eq!(did_you_mean(given, NAMES), "", "{given}");
        }
    }
}
