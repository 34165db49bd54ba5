//! Configuration: raw options in, a valid [`Config`] out. Nothing downstream checks again.
//!
//! One table, in `options`, has every option with its type. `section`, `environment` and `store_url` read what nx.json,
//! the environment and store URLs set; `settings` lays one over the other; `build` checks the result. Every problem
//! is reported, not only the first.

mod bucket_name;
mod build;
mod checks;
pub mod environment;
mod error;
#[cfg(test)]
mod generated;
mod kind;
mod options;
mod rules;
mod section;
mod settings;
mod spec;
mod store_url;
mod trust;
mod types;
pub(crate) mod units;

use std::path::Path;

use self::environment::Environment;
use self::error::Findings;
use self::settings::Settings;

pub use self::error::{ConfigError, ConfigErrors, Origin};
pub use self::trust::SET_UP;
pub use self::types::{
    AssumeRole, BucketConfig, Compression, ConditionalWrites, Config, CredentialsConfig, Mode,
    OnBadSignature, ResolvedOption, StaticKeys, Timeouts, TrustConfig, TrustPolicy,
};

impl Config {
    /// Reads the `s3` section of nx.json (a JSON text; absent when there is none) and the environment, which wins.
    ///
    /// `ci` picks `ciMode` rather than `localMode`; relative paths start at `workspace_root`. Fails with every
    /// problem found, never with only the first.
    pub fn load(
        section: Option<&str>,
        environment: &Environment,
        ci: bool,
        workspace_root: &Path,
    ) -> Result<Self, ConfigErrors> {
        let mut findings = Findings::default();
        let mut nx_json = section
            .map(|text| section::read(text, &mut findings))
            .unwrap_or_default();
        let mut variables = environment::read(environment, &mut findings);
        if section.is_none() && variables.get(&options::BUCKET).is_none() && findings.is_empty() {
            return Err(ConfigErrors::NotConfigured);
        }
        store_url::expand(&mut nx_json, &mut findings);
        store_url::expand(&mut variables, &mut findings);
        let settings = Settings::resolve(nx_json, variables, ci);
        let config = build::build(&settings, ci, workspace_root, &mut findings);
        if !findings.problems.is_empty() {
            findings.problems.append(&mut findings.unknown);
            return Err(ConfigErrors::Invalid(findings.problems));
        }
        if config.mode != Mode::NoCache && environment::was_removed(environment, &options::ENCRYPTION_KEY) {
            return Err(ConfigErrors::KeyRemoved);
        }
        Ok(Self {
            unknown: findings.unknown,
            notices: findings.notices,
            ..config
        })
    }
}

#[cfg(test)]
mod tests;
