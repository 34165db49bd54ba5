//! The standalone binary: the same commands as `npx nx-s3-cache`.

use std::process::ExitCode;

fn main() -> ExitCode {
    nx_s3_cache::cli::main()
}
