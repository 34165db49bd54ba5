//! What is wrong with a configuration, told so that a person can put it right.

use std::fmt;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The `s3` section of nx.json.
    NxJson,
    /// The environment variable of this name.
    Variable(String),
    /// The store URL that was given as `bucket` in this place.
    StoreUrl(Box<Origin>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::NxJson => f.write_str("nx.json"),
            Self::Variable(name) => f.write_str(name),
            Self::StoreUrl(place) => write!(f, "the store URL in {place}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The option's name, such as `timeouts.connect`; for a name that is none, that name.
    pub option: String,
    /// Where the value was found; [`Origin::Default`] when it is missing.
    pub origin: Origin,
    /// What was found, what is allowed, and the nearest valid value. Never holds a secret.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name that is no option's is foreign text and must not reach a terminal as it is.
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
        writeln!(
            f,
            "nx-s3-cache: the configuration is not valid, so no task was run.\n"
        )?;
        for problem in problems {
            writeln!(f, "  - {problem}")?;
        }
        f.write_str("\nAll options and their values: docs/configuration.md of nx-s3-cache.")
    }
}

/// What reading a configuration has brought to light so far.
#[derive(Default)]
pub(super) struct Findings {
    pub problems: Vec<ConfigError>,
    pub notices: Vec<String>,
}

impl Findings {
    pub(super) fn problem(&mut self, option: &str, origin: Origin, problem: String) {
        self.problems.push(ConfigError {
            option: option.to_owned(),
            origin,
            problem,
        });
    }

    /// Whether something is wrong with `option` already, so that its absence is no further problem.
    pub(super) fn mention(&self, option: &str) -> bool {
        self.problems.iter().any(|problem| problem.option == option)
    }
}

const NOT_CONFIGURED: &str = "nx-s3-cache: nx.json has no \"s3\" section and NX_S3_CACHE_BUCKET is not set, so there is no remote cache.

Run \"npx nx g @nx/s3-cache:init\", or add the bucket to nx.json:

  \"s3\": { \"bucket\": \"my-bucket\", \"region\": \"eu-central-1\" }";

const KEY_REMOVED: &str =
    "NX_S3_CACHE_ENCRYPTION_KEY is not inherited by tasks of Nx, and this runs inside one.

Without the key nothing can be restored, and nothing may be stored. Let the task's own command set the variable to use \
the cache there.";

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(option: &str, origin: Origin) -> String {
        ConfigError {
            option: option.into(),
            origin,
            problem: "this is wrong.".into(),
        }
        .to_string()
    }

    #[test]
    fn a_problem_names_its_option_and_the_place_once() {
        let variable = Origin::Variable("NX_S3_CACHE_BUCKT".into());
        for (option, origin, text) in [
            ("bucket", Origin::Default, "bucket: this is wrong."),
            ("bucket", Origin::NxJson, "bucket (nx.json): this is wrong."),
            (
                "region",
                Origin::StoreUrl(Box::new(Origin::NxJson)),
                "region (the store URL in nx.json): this is wrong.",
            ),
            ("NX_S3_CACHE_BUCKT", variable, "NX_S3_CACHE_BUCKT: this is wrong."),
        ] {
            assert_eq!(shown(option, origin), text);
        }
    }

    #[test]
    fn a_foreign_name_can_not_steer_the_terminal() {
        assert!(!shown("a\u{1b}[2J\nb", Origin::NxJson).contains(['\u{1b}', '\n']));
    }

    #[test]
    fn all_problems_make_one_text() {
        let problem = |option: &str| ConfigError {
            option: option.into(),
            origin: Origin::NxJson,
            problem: "this is wrong.".into(),
        };
        assert_eq!(
            ConfigErrors::Invalid(vec![problem("a"), problem("b")]).to_string(),
            "nx-s3-cache: the configuration is not valid, so no task was run.\n\n  \
             - a (nx.json): this is wrong.\n  - b (nx.json): this is wrong.\n\n\
             All options and their values: docs/configuration.md of nx-s3-cache."
        );
    }
}
