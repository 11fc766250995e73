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
    let good = match exhibit.allowed("qpdf") {
        None => {
            output.status.success()
                && warned.is_empty()
                && said.contains("No syntax or stream encoding errors found")
        }
        // It warns with a status of its own.
        Some(words) => output.status.code() == Some(3) && tells_only(&warned, words),
    };
    if good {
        Ok(())
    } else {
        Err(format!("{said}{warned}"))
    }
}

fn tells_only(warned: &str, words: &str) -> bool {
    let mut warnings = warned.lines().filter(|line| line.starts_with("WARNING"));
    warnings.all(|line| line.contains(words))
}
