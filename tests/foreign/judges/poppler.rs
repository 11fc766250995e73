//! `pdfsig` of poppler: what the signature covers and whether it fits. It trusts no one here, so trust is left to
//! the others.

use std::process::Command;

use super::Exhibit;

pub(super) fn judge(exhibit: &Exhibit) -> Result<(), String> {
    let output = Command::new("pdfsig")
        .arg(&exhibit.file)
        .output()
        .expect("pdfsig is installed by `./SoftHSM-setup.sh --tests`");
    let said = String::from_utf8_lossy(&output.stdout);
    let says = |line: &str| said.lines().filter(|other| other.trim() == line).count();
    let all = exhibit.signatures + exhibit.earlier;
    // Only the last one covers everything.
    let good = says("- Signature Validation: Signature is Valid.") == all
        && says("- Total document signed") == 1
        && says("- Not total document signed") == all - 1
        && (exhibit.signatures..=all).contains(&says("- Signature Type: ETSI.CAdES.detached"));
    if good { Ok(()) } else { Err(said.into_owned()) }
}
