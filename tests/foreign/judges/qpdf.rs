//! `qpdf --check`: cross-references, objects and streams. It knows nothing of signatures.

use std::process::Command;

use super::Exhibit;

pub(super) fn judge(exhibit: &Exhibit) -> Result<(), String> {
    let output = Command::new("qpdf")
        .arg("--check")
        .arg(&exhibit.file)
        .output()
        .expect("qpdf is installed by `./SoftHSM-setup.sh --tests`");
    let said = String::from_utf8_lossy(&output.stdout);
    let warned = String::from_utf8_lossy(&output.stderr);
    let good = output.status.success()
        && warned.is_empty()
        && said.contains("No syntax or stream encoding errors found");
    if good {
        Ok(())
    } else {
        Err(format!("{said}{warned}"))
    }
}
