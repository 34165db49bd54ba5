//! The arguments of `vela`: those of Vela's s3-cache plugin, by its names.

use clap::Args;

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
    /// restore, rebuild or flush
    #[arg(long, alias = "config.action")]
    pub action: Option<String>,
    /// The bucket
    #[arg(long, alias = "root")]
    pub bucket: Option<String>,
    /// The server: a URL, or a host, with or without the bucket's name in front; AWS without one
    #[arg(long, alias = "config.server")]
    pub server: Option<String>,
    /// Use S3 Transfer Acceleration
    #[arg(long, aliases = ["acceleration", "accelerated_endpoint", "config.accelerated_endpoint"])]
    pub accelerated_endpoint: Option<String>,
    /// The region
    #[arg(long, alias = "config.region")]
    pub region: Option<String>,
    /// The access key id; without it the usual sources are asked
    #[arg(long, aliases = ["access_key", "config.access_key"])]
    pub access_key: Option<String>,
    /// The secret access key
    #[arg(long, aliases = ["secret_key", "config.secret_key"])]
    pub secret_key: Option<String>,
    /// The session token of temporary keys
    #[arg(long, aliases = ["session_token", "config.session_token"])]
    pub session_token: Option<String>,
    /// A path before the organization and the repository
    #[arg(long)]
    pub prefix: Option<String>,
    /// A path instead of prefix, organization and repository
    #[arg(long)]
    pub path: Option<String>,
    /// The last part of the name [default: archive.tgz]
    #[arg(long)]
    pub filename: Option<String>,
    /// A file or directory to keep; several times, or with commas between them
    #[arg(long, alias = "rebuild.mount")]
    pub mount: Vec<String>,
    /// What restore may write; several times, or with commas between them [default: the working directory]
    #[arg(long)]
    pub only: Vec<String>,
    /// Keep the path of each mount, and not only its last name
    #[arg(long, aliases = ["preserve_path", "rebuild.preserve_path"], num_args = 0..=1, default_missing_value = "true")]
    pub preserve_path: Option<String>,
    /// -1 (the usual one) to 9
    #[arg(long, aliases = ["compression_level", "rebuild.compression_level"], allow_negative_numbers = true)]
    pub compression_level: Option<String>,
    /// How long the bucket may take [default: 10m]
    #[arg(long)]
    pub timeout: Option<String>,
    /// What flush deletes: 60m, 8h, 14d [default: 336h]
    #[arg(long, alias = "flush.age")]
    pub age: Option<String>,
    /// trace, debug, info, warn or error [default: info]
    #[arg(long, aliases = ["log_level", "log.level"])]
    pub log_level: Option<String>,
    /// The repository's organization
    #[arg(long, alias = "repo.org")]
    pub org: Option<String>,
    /// The repository's name
    #[arg(long, alias = "repo.name")]
    pub repo: Option<String>,
}

impl VelaArgs {
    /// The parameter of this name, as the plugin calls it.
    pub(super) fn flag(&self, name: &str) -> Option<String> {
        let value = match name {
            "action" => &self.action,
            "bucket" => &self.bucket,
            "server" => &self.server,
            "accelerated_endpoint" => &self.accelerated_endpoint,
            "region" => &self.region,
            "access_key" => &self.access_key,
            "secret_key" => &self.secret_key,
            "session_token" => &self.session_token,
            "prefix" => &self.prefix,
            "path" => &self.path,
            "filename" => &self.filename,
            "mount" if self.mount.is_empty() => &None,
            "mount" => return Some(self.mount.join(",")),
            "only" if self.only.is_empty() => &None,
            "only" => return Some(self.only.join(",")),
            "preserve_path" => &self.preserve_path,
            "compression_level" => &self.compression_level,
            "timeout" => &self.timeout,
            "age" => &self.age,
            "log_level" => &self.log_level,
            "org" => &self.org,
            "repo" => &self.repo,
            _ => &None,
        };
        value.clone()
    }
}
