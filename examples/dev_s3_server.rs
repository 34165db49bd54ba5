//! The development S3 server as a program. Prints one line of JSON when it listens, then serves until it is
//! killed, or with `--exit-with-stdin` until its standard input ends.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

#[allow(dead_code, clippy::unwrap_used)] // the rest is for tests, where a failing setup should be loud
#[path = "../tests/it/support/server.rs"]
mod server;

use server::{OnRequest, Options, RunningServer};

const USAGE: &str = "usage: dev_s3_server --dir DIR [--port 0] [--bucket NAME]... [--access-key test]
       [--secret-key test-secret] [--domain s3.localhost] [--anonymous] [--log FILE] [--exit-with-stdin]";

struct Arguments {
    options: Options,
    exit_with_stdin: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("dev_s3_server: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dev_s3_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut options = Options::new(PathBuf::new());
    let mut buckets = Vec::new();
    let mut exit_with_stdin = false;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--dir" => options.dir = value()?.into(),
            "--port" => options.port = value()?.parse().map_err(|_| "--port needs a number to 65535")?,
            "--bucket" => buckets.push(value()?),
            "--access-key" => options.access_key = value()?,
            "--secret-key" => options.secret_key = value()?,
            "--domain" => options.domain = value()?,
            "--log" => options.on_request = Some(log(value()?.as_ref())?),
            "--anonymous" => options.anonymous = true,
            "--exit-with-stdin" => exit_with_stdin = true,
            _ => return Err(format!("unknown argument {word:?}")),
        }
    }
    if options.dir.as_os_str().is_empty() {
        return Err("--dir is missing".into());
    }
    if !buckets.is_empty() {
        options.buckets = buckets;
    }
    Ok(Arguments {
        options,
        exit_with_stdin,
    })
}

fn log(path: &Path) -> Result<OnRequest, String> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = Mutex::new(file.map_err(|e| format!("cannot open {}: {e}", path.display()))?);
    Ok(Arc::new(move |line| {
        if let Ok(mut file) = file.lock() {
            // One write a line, so that whoever reads along never sees half of one.
            let _ = file.write_all(format!("{line}\n").as_bytes());
        }
    }))
}

async fn run(arguments: Arguments) -> io::Result<()> {
    std::fs::create_dir_all(&arguments.options.dir)?;
    let server = server::start_with(arguments.options).await?;
    announce(&server)?;
    if !arguments.exit_with_stdin {
        std::future::pending::<()>().await;
    }
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    let _ = end.await;
    Ok(())
}

fn announce(server: &RunningServer) -> io::Result<()> {
    let line = serde_json::json!({
        "endpoint": server.endpoint,
        "accessKeyId": server.options.access_key,
        "secretAccessKey": server.options.secret_key,
        "buckets": server.options.buckets,
    });
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
