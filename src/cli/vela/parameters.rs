//! Parameters and where they come from.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::VelaArgs;
use crate::config::environment::Environment;

/// Where Vela mounts parameters and secrets as files.
const FOLDERS: [&str; 2] = ["/vela/parameters/s3-cache", "/vela/secrets/s3-cache"];

/// The variables that set each parameter, the strongest first.
const VARIABLES: [(&str, &[&str]); 20] = [
    ("action", &["PARAMETER_ACTION", "S3_CACHE_ACTION"]),
    (
        "bucket",
        &["PARAMETER_BUCKET", "PARAMETER_ROOT", "S3_CACHE_BUCKET"],
    ),
    (
        "server",
        &["PARAMETER_SERVER", "CACHE_S3_SERVER", "S3_CACHE_SERVER"],
    ),
    (
        "accelerated_endpoint",
        &[
            "PARAMETER_ACCELERATED_ENDPOINT",
            "CACHE_S3_ACCELERATED_ENDPOINT",
            "S3_CACHE_ACCELERATED_ENDPOINT",
        ],
    ),
    (
        "region",
        &["PARAMETER_REGION", "CACHE_S3_REGION", "S3_CACHE_REGION"],
    ),
    (
        "access_key",
        &[
            "PARAMETER_ACCESS_KEY",
            "S3_CACHE_ACCESS_KEY",
            "CACHE_S3_ACCESS_KEY",
        ],
    ),
    (
        "secret_key",
        &[
            "PARAMETER_SECRET_KEY",
            "S3_CACHE_SECRET_KEY",
            "CACHE_S3_SECRET_KEY",
        ],
    ),
    (
        "session_token",
        &[
            "PARAMETER_SESSION_TOKEN",
            "S3_CACHE_SESSION_TOKEN",
            "CACHE_S3_SESSION_TOKEN",
        ],
    ),
    ("prefix", &["PARAMETER_PREFIX", "S3_CACHE_PREFIX"]),
    ("path", &["PARAMETER_PATH", "S3_CACHE_PATH"]),
    ("filename", &["PARAMETER_FILENAME", "S3_CACHE_FILENAME"]),
    ("mount", &["PARAMETER_MOUNT", "S3_CACHE_MOUNT"]),
    ("only", &["PARAMETER_ONLY", "S3_CACHE_ONLY"]),
    ("preserve_path", &["PARAMETER_PRESERVE_PATH", "S3_PRESERVE_PATH"]),
    (
        "compression_level",
        &[
            "PARAMETER_COMPRESSION_LEVEL",
            "S3_CACHE_COMPRESSION_LEVEL",
            "S3_COMPRESSION_LEVEL",
        ],
    ),
    ("timeout", &["PARAMETER_TIMEOUT", "S3_CACHE_TIMEOUT"]),
    ("age", &["PARAMETER_AGE", "PARAMETER_FLUSH_AGE", "S3_CACHE_AGE"]),
    ("log_level", &["PARAMETER_LOG_LEVEL", "S3_CACHE_LOG_LEVEL"]),
    ("org", &["PARAMETER_ORG", "VELA_REPO_ORG"]),
    ("repo", &["PARAMETER_REPO", "VELA_REPO_NAME"]),
];

/// The parameters of one run.
pub(super) struct Parameters<'a> {
    pub args: &'a VelaArgs,
    pub environment: &'a Environment,
}

impl Parameters<'_> {
    /// A parameter's value; an empty one counts as not set.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let given = self.args.flag(name).or_else(|| from_file(name));
        let variables = VARIABLES.iter().find(|(known, _)| *known == name);
        let set = || {
            variables?
                .1
                .iter()
                .find_map(|name| self.environment.get(name))
                .map(str::to_owned)
        };
        given.or_else(set).filter(|value| !value.is_empty())
    }

    /// A parameter without which nothing can be done.
    pub(super) fn need(&self, name: &str) -> Result<String, String> {
        self.get(name)
            .ok_or_else(|| format!("the parameter {name} is missing"))
    }

    /// A duration as Go writes them, which is how the plugin's are written, or in days.
    pub(super) fn duration(&self, name: &str, otherwise: Duration) -> Result<Duration, String> {
        let Some(text) = self.get(name) else {
            return Ok(otherwise);
        };
        match humantime::parse_duration(&text) {
            Ok(duration) if duration.is_zero() => Err(format!("{name}: {text:?} must be more than 0")),
            Ok(duration) => Ok(duration),
            Err(_) => Err(format!(
                "{name}: {text:?} is not a duration: write 60m, 8h, 1h30m or 14d"
            )),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, String> {
        match self.get(name).as_deref() {
            None | Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
            Some(other) => Err(format!("{name}: {other:?} is neither true nor false")),
        }
    }

    /// Paths with commas between them.
    pub(super) fn paths(&self, name: &str) -> Result<Vec<PathBuf>, String> {
        let list = self.need(name)?;
        let paths = list.split(',').map(str::trim).filter(|path| !path.is_empty());
        match paths.map(PathBuf::from).collect::<Vec<_>>() {
            none if none.is_empty() => Err(format!("{name}: {list:?} names no path")),
            paths => Ok(paths),
        }
    }

    /// The path that archives are kept under: `path`, or else prefix, organization and repository.
    pub(super) fn folder(&self) -> Result<String, String> {
        if let Some(path) = self.get("path") {
            return Ok(clean(&path));
        }
        let prefix = self.get("prefix").unwrap_or_default();
        Ok(clean(&format!(
            "{prefix}/{}/{}",
            self.need("org")?,
            self.need("repo")?
        )))
    }

    /// The plugin's compression level as one of zstd's.
    pub(super) fn compression(&self) -> Result<Option<String>, String> {
        let Some(text) = self.get("compression_level") else {
            return Ok(None);
        };
        match text.parse::<i8>() {
            Ok(-1) => Ok(None),
            Ok(0) => Ok(Some("none".into())),
            Ok(1..=9) => Ok(Some(text)),
            _ => Err(format!("compression_level: {text:?} is not between -1 and 9")),
        }
    }
}

fn from_file(name: &str) -> Option<String> {
    let files = FOLDERS.iter().map(|folder| Path::new(folder).join(name));
    files
        .filter_map(|file| fs::read_to_string(file).ok())
        .next()
        .map(|text| text.trim().to_owned())
}

/// A path's names, without `.`, with a single `/` between them.
fn clean(path: &str) -> String {
    let names: Vec<&str> = path
        .split('/')
        .filter(|name| !matches!(*name, "" | "."))
        .collect();
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(args: &VelaArgs, variables: &[(&str, &str)], name: &str) -> Option<String> {
        let environment = variables.iter().copied().collect();
        Parameters {
            args,
            environment: &environment,
        }
        .get(name)
    }

    #[test]
    fn the_command_line_wins_and_then_the_first_variable() {
        let none = VelaArgs::default();
        let args = VelaArgs {
            bucket: Some("flag".into()),
            ..none.clone()
        };
        let variables = [("S3_CACHE_BUCKET", "second"), ("PARAMETER_BUCKET", "first")];
        assert_eq!(get(&args, &variables, "bucket").as_deref(), Some("flag"));
        assert_eq!(get(&none, &variables, "bucket").as_deref(), Some("first"));
        assert_eq!(get(&none, &[("PARAMETER_BUCKET", "")], "bucket"), None);
        assert_eq!(get(&none, &[], "bucket"), None);
    }

    #[test]
    fn every_parameter_has_a_flag() {
        let args = VelaArgs {
            mount: vec!["a".into(), "b".into()],
            ..VelaArgs::default()
        };
        assert_eq!(args.flag("mount").as_deref(), Some("a,b"));
        for (name, variables) in VARIABLES {
            assert!(!variables.is_empty() && (name == "mount" || args.flag(name).is_none()));
        }
    }

    #[test]
    fn archives_are_kept_under_prefix_organization_and_repository_or_a_path() {
        let (environment, none) = (
            Environment::from([("VELA_REPO_ORG", "acme"), ("VELA_REPO_NAME", "shop")]),
            VelaArgs::default(),
        );
        for (args, folder) in [
            (none.clone(), "acme/shop"),
            (
                VelaArgs {
                    prefix: Some("/ci//x/".into()),
                    ..none.clone()
                },
                "ci/x/acme/shop",
            ),
            (
                VelaArgs {
                    path: Some("./shared/".into()),
                    ..none.clone()
                },
                "shared",
            ),
        ] {
            let parameters = Parameters {
                args: &args,
                environment: &environment,
            };
            assert_eq!(parameters.folder().as_deref(), Ok(folder));
        }
        let parameters = Parameters {
            args: &none,
            environment: &Environment::default(),
        };
        assert_eq!(parameters.folder().unwrap_err(), "the parameter org is missing");
    }

    #[test]
    fn durations_are_written_as_in_go_or_in_days() {
        let duration = |text: &str| {
            let args = VelaArgs {
                age: Some(text.into()),
                ..VelaArgs::default()
            };
            let environment = &Environment::default();
            Parameters {
                args: &args,
                environment,
            }
            .duration("age", Duration::MAX)
        };
        for (text, seconds) in [
            ("336h", 1_209_600.0),
            ("60m", 3600.0),
            ("1h30m", 5400.0),
            ("10m0s", 600.0),
            ("1.5h", 5400.0),
            ("14d", 1_209_600.0),
            ("500ms", 0.5),
            ("500µs", 0.0005),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["14", "14x", "-1h", "h", "1h30", "0s", "1..5h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(
            duration(""),
            Ok(Duration::MAX),
            "an empty parameter counts as not set"
        );
    }
}
