//! The `rubrica` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    rubrica::cli::run()
}
