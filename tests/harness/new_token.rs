//! Making a SoftHSM token without its PINs being arguments, which every user of the machine can read.
//!
//! The benchmarks make theirs with this file too, so it needs nothing of the tests.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Where Debian has SoftHSM's module.
pub(crate) const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Makes a token with that label where the configuration says, or without one where `SOFTHSM2_CONF` does.
/// `softhsm2-util` takes PINs as arguments or from a terminal, so it is given one, by `script` of Debian's bsdutils.
pub(crate) fn make(
    configuration: Option<&Path>,
    label: &str,
    officer: &str,
    pin: &str,
) -> io::Result<Output> {
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command"])
        .arg(format!("softhsm2-util --init-token --free --label {label}"))
        .arg("/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(configuration) = configuration {
        command.env("SOFTHSM2_CONF", configuration);
    }
    let mut child = command.spawn()?;
    if let Some(mut terminal) = child.stdin.take() {
        // Each is asked for twice.
        terminal.write_all(format!("{officer}\n{officer}\n{pin}\n{pin}\n").as_bytes())?;
    }
    child.wait_with_output()
}
