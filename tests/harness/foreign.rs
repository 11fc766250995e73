//! The foreign programs that `SoftHSM-setup.sh --tests` installs, beside this binary's own folders.

use std::path::PathBuf;

/// Where one of them is, by its path below `foreign/`.
pub(crate) fn installed(program: &str) -> PathBuf {
    let binary = std::env::current_exe().unwrap();
    binary
        .ancestors()
        .map(|folder| folder.join("foreign").join(program))
        .find(|place| place.exists())
        .unwrap_or_else(|| panic!("{program} is missing: run `./SoftHSM-setup.sh --tests`"))
}
