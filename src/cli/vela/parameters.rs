//! The parameters of Vela's s3-cache plugin, by its names, and where they come from.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::environment::Environment;

/// Where Vela mounts parameters and secrets as files.
const FOLDERS: [&str; 2] = ["/vela/parameters/s3-cache", "/vela/secrets/s3-cache"];

/// A parameter: its name, what the plugin's command line also calls it, the variables that set it after
/// `PARAMETER_<NAME>`, the strongest first, and its help.
struct Parameter(
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

#[rustfmt::skip]
const PARAMETERS: [Parameter; 20] = [
    Parameter("action", &["config.action"], &["S3_CACHE_ACTION"], "restore, rebuild or flush"),
    Parameter("bucket", &["root"], &["PARAMETER_ROOT", "S3_CACHE_BUCKET"], "The bucket"),
    Parameter("server", &["config.server"], &["CACHE_S3_SERVER", "S3_CACHE_SERVER"], "The server: a URL, or a host, with or without the bucket's name in front; AWS without one"),
    Parameter("accelerated_endpoint", &["acceleration", "config.accelerated_endpoint"], &["CACHE_S3_ACCELERATED_ENDPOINT", "S3_CACHE_ACCELERATED_ENDPOINT"], "Use S3 Transfer Acceleration"),
    Parameter("region", &["config.region"], &["CACHE_S3_REGION", "S3_CACHE_REGION"], "The region"),
    Parameter("access_key", &["config.access_key"], &["S3_CACHE_ACCESS_KEY", "CACHE_S3_ACCESS_KEY"], "The access key id; without it the usual sources are asked"),
    Parameter("secret_key", &["config.secret_key"], &["S3_CACHE_SECRET_KEY", "CACHE_S3_SECRET_KEY"], "The secret access key"),
    Parameter("session_token", &["config.session_token"], &["S3_CACHE_SESSION_TOKEN", "CACHE_S3_SESSION_TOKEN"], "The session token of temporary keys"),
    Parameter("prefix", &[], &["S3_CACHE_PREFIX"], "A path before the organization and the repository"),
    Parameter("path", &[], &["S3_CACHE_PATH"], "A path instead of prefix, organization and repository"),
    Parameter("filename", &[], &["S3_CACHE_FILENAME"], "The last part of the name [default: archive.tgz]"),
    Parameter("mount", &["rebuild.mount"], &["S3_CACHE_MOUNT"], "A file or directory to keep; several times, or with commas between them"),
    Parameter("only", &[], &["S3_CACHE_ONLY"], "What restore may write; several times, or with commas between them [default: the working directory]"),
    Parameter("preserve_path", &["rebuild.preserve_path"], &["S3_PRESERVE_PATH"], "Keep the path of each mount, and not only its last name"),
    Parameter("compression_level", &["rebuild.compression_level"], &["S3_CACHE_COMPRESSION_LEVEL", "S3_COMPRESSION_LEVEL"], "-1 (the usual one) to 9"),
    Parameter("timeout", &[], &["S3_CACHE_TIMEOUT"], "How long the bucket may take [default: 10m]"),
    Parameter("age", &["flush.age"], &["PARAMETER_FLUSH_AGE", "S3_CACHE_AGE"], "What flush deletes: 60m, 8h, 14d [default: 336h]"),
    Parameter("log_level", &["log.level"], &["S3_CACHE_LOG_LEVEL"], "trace, debug, info, warn or error [default: info]"),
    Parameter("org", &["repo.org"], &["VELA_REPO_ORG"], "The repository's organization"),
    Parameter("repo", &["repo.name"], &["VELA_REPO_NAME"], "The repository's name"),
];

impl Parameter {
    fn arg(&self) -> Arg {
        let Self(name, aliases, _, help) = *self;
        let arg = Arg::new(name)
            .long(name.replace('_', "-"))
            .aliases(aliases.iter().copied().chain(name.contains('_').then_some(name)))
            .value_name(name.to_uppercase())
            .help(help);
        match name {
            "mount" | "only" => arg.action(ArgAction::Append),
            "preserve_path" => arg.num_args(0..=1).default_missing_value("true"),
            "compression_level" => arg.allow_negative_numbers(true),
            _ => arg,
        }
    }

    fn of_environment<'a>(&self, environment: &'a Environment) -> Option<&'a str> {
        let own = format!("PARAMETER_{}", self.0.to_uppercase());
        let others = || self.2.iter().find_map(|variable| environment.get(variable));
        environment.get(&own).or_else(others)
    }
}

/// Parameters of the command line by name; those that may be given several times with commas between them.
#[derive(Clone, Debug, Default)]
pub(super) struct Given(HashMap<&'static str, String>);

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Self::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for Parameter(name, ..) in PARAMETERS {
            if let Some(values) = matches.get_many::<String>(name) {
                let values: Vec<&str> = values.map(String::as_str).collect();
                self.0.insert(name, values.join(","));
            }
        }
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command.args(PARAMETERS.iter().map(Parameter::arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Do what Vela's s3-cache plugin does, with its parameters.
///
/// Parameters come from the command line, from files in /vela/parameters/s3-cache and /vela/secrets/s3-cache, or from the
/// plugin's environment variables (PARAMETER_…, S3_CACHE_…, CACHE_S3_…, AWS_…, VELA_…), in this order. Everything else is
/// configured as usual, by nx.json and NX_S3_CACHE_….
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  nx-s3-cache vela --action rebuild --bucket my-bucket --server https://minio.example.com --mount node_modules
  PARAMETER_ACTION=restore PARAMETER_BUCKET=my-bucket nx-s3-cache vela")]
pub(in crate::cli) struct VelaArgs {
    #[command(flatten)]
    given: Given,
}

/// The parameters of one run.
pub(super) struct Parameters<'a> {
    pub args: &'a VelaArgs,
    pub environment: &'a Environment,
}

impl Parameters<'_> {
    /// A parameter's value; an empty one counts as not set.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let given = self.args.given.0.get(name).cloned();
        let parameter = PARAMETERS.iter().find(|parameter| parameter.0 == name);
        let set = || Some(parameter?.of_environment(self.environment)?.to_owned());
        given
            .or_else(|| from_file(name))
            .or_else(set)
            .filter(|value| !value.is_empty())
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
            none if none.is_empty() => Err(format!("{name}: {list:?} has no path")),
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

    fn args<const N: usize>(given: [(&'static str, &str); N]) -> VelaArgs {
        let given = given.map(|(name, value)| (name, value.to_owned()));
        VelaArgs {
            given: Given(given.into()),
        }
    }

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
        let (none, flag) = (args([]), args([("bucket", "flag")]));
        let variables = [("S3_CACHE_BUCKET", "second"), ("PARAMETER_BUCKET", "first")];
        assert_eq!(get(&flag, &variables, "bucket").as_deref(), Some("flag"));
        assert_eq!(get(&none, &variables, "bucket").as_deref(), Some("first"));
        assert_eq!(get(&none, &variables[..1], "bucket").as_deref(), Some("second"));
        assert_eq!(get(&none, &[("PARAMETER_BUCKET", "")], "bucket"), None);
        assert_eq!(get(&none, &[], "bucket"), None);
    }

    #[test]
    fn every_parameter_is_read_by_each_of_its_names() {
        let parse = |arguments: &[&str]| {
            let command = VelaArgs::augment_args(Command::new("vela"));
            let matches = command
                .try_get_matches_from([&["vela"], arguments].concat())
                .unwrap();
            VelaArgs::from_arg_matches(&matches).unwrap()
        };
        for Parameter(name, aliases, ..) in PARAMETERS {
            for alias in aliases.iter().chain([&name]) {
                let args = parse(&[&format!("--{alias}=x")]);
                assert_eq!(get(&args, &[], name).as_deref(), Some("x"), "{alias}");
            }
        }
        let several = parse(&[
            "--mount",
            "a",
            "--rebuild.mount",
            "b,c",
            "--compression-level",
            "-1",
        ]);
        assert_eq!(get(&several, &[], "mount").as_deref(), Some("a,b,c"));
        assert_eq!(get(&several, &[], "compression_level").as_deref(), Some("-1"));
        let flag = parse(&["--preserve-path", "--only", "a"]);
        assert_eq!(get(&flag, &[], "preserve_path").as_deref(), Some("true"));
    }

    #[test]
    fn archives_are_kept_under_prefix_organization_and_repository_or_a_path() {
        let (environment, none) = (
            Environment::from([("VELA_REPO_ORG", "acme"), ("VELA_REPO_NAME", "shop")]),
            args([]),
        );
        for (args, folder) in [
            (none.clone(), "acme/shop"),
            (args([("prefix", "/ci//x/")]), "ci/x/acme/shop"),
            (args([("path", "./shared/")]), "shared"),
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
            let args = args([("age", text)]);
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
