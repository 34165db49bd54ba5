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
        match &self.origin {
            Origin::Default => write!(f, "{}: {}", self.option, self.problem),
            Origin::Variable(name) if *name == self.option => write!(f, "{name}: {}", self.problem),
            origin => write!(f, "{} ({origin}): {}", self.option, self.problem),
        }
    }
}

/// Everything that is wrong with a configuration; at least one problem. Its text is ready to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigErrors {
    /// There is no `s3` section, and no environment variable names a bucket.
    NotConfigured,
    /// There are settings, and these are wrong.
    Invalid(Vec<ConfigError>),
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = match self {
            Self::NotConfigured => return f.write_str(NOT_CONFIGURED),
            Self::Invalid(problems) => problems,
        };
        writeln!(
            f,
            "nx-s3-cache: the configuration is not valid, so no task was run.\n"
        )?;
        for problem in problems {
            writeln!(f, "  - {problem}")?;
        }
        f.write_str("\nPut this right in the \"s3\" section of nx.json or in the environment; docs/configuration.md lists every option.")
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
