//! The `openssl` command line as a judge that shares no code with this project.

use std::path::Path;
use std::process::Command;

/// Runs `openssl` in a folder; what it says either way.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("openssl is installed by `./SoftHSM-setup.sh --tests`");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(stdout)
    } else {
        Err(format!(
            "openssl {}\n{stdout}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}
