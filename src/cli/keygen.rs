//! `keygen`: a new key pair.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::ui::{GOOD, print};
use crate::secret::Secret;
use crate::sign::{KeyName, SigningKey};

/// Make a key pair, so that only what trusted runs stored is restored.
///
/// The public key goes into nx.json, where every run verifies with it. The secret key goes to trusted jobs only.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache keygen --name main-2026
  nx-s3-cache keygen --name main-2026 --secret-file ~/nx-cache.key")]
pub(super) struct KeygenArgs {
    /// The key's name, such as main-2026: it is part of both keys and of every signature
    #[arg(long, value_parser = KeyName::parse)]
    pub name: KeyName,
    /// Write the secret key to this new file, for its owner's eyes only, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Makes a key pair and says where each half belongs.
pub(super) fn run(options: &KeygenArgs) -> u8 {
    let key = match SigningKey::generate(options.name.clone()) {
        Ok(key) => key,
        Err(error) => return print::failure(&error.to_string()),
    };
    let secret = key.to_text();
    if let Some(file) = &options.secret_file
        && let Err(error) = write_new(file, &secret)
    {
        return print::failure(&not_written(file, &error));
    }
    let public = key.public_key().to_string();
    match &options.secret_file {
        Some(file) if options.json => {
            print::json(&json!({ "name": key.name().as_str(), "publicKey": public, "secretFile": file }));
        }
        None if options.json => {
            print::json(
                &json!({ "name": key.name().as_str(), "publicKey": public, "secretKey": secret.expose() }),
            );
        }
        file => print::out(&instructions(&public, &secret, file.as_deref())),
    }
    GOOD
}

/// Writes the secret to a file that didn't exist before and that only its owner can read.
fn write_new(file: &Path, secret: &Secret) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(secret.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn not_written(file: &Path, error: &io::Error) -> String {
    let file = file.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!(
                "{file} exists, and a key that is overwritten is lost: nothing was done. Name a new file."
            )
        }
        _ => format!("the secret key can't be written to {file}: {error}. No key was made."),
    }
}

fn instructions(public: &str, secret: &Secret, file: Option<&Path>) -> String {
    let secret = match file {
        Some(file) => format!("in {}", file.display()),
        None => format!("shown this once:\n\n  {}", secret.expose()),
    };
    format!(
        "Public key, for nx.json, to be reviewed and committed:

  \"s3\": {{ \"trust\": {{ \"publicKeys\": [\"{public}\"] }} }}

--------------------------------------------------------------------------------
Secret key, for trusted jobs only, {secret}

Make it the secret NX_S3_CACHE_SIGNING_KEY of jobs that run for protected branches
only: on GitHub a secret of an environment bound to them, on GitLab a protected and
masked variable. Never put it into nx.json, the repository or a secret that pull
requests see. Whoever has it can sign what everybody restores."
    )
}
