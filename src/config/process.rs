//! What this process got from whoever started it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Why the process could not be started anew.
#[derive(Debug, thiserror::Error)]
#[error("the program cannot start itself anew with the variables of [hsm.environment]")]
pub struct NotReplaced(#[source] io::Error);

/// Sees to it that these environment variables are set: when they are not, the process becomes a new one of the same
/// program with the same arguments, and does not come back from here.
///
/// PKCS#11 libraries read their variables through the C library, and changing those of a running process is not safe
/// with threads about.
pub fn adopt(variables: &BTreeMap<String, String>) -> Result<(), NotReplaced> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is `config`, which may read the environment"
    )]
    let set = |(name, value): (&String, &String)| {
        std::env::var_os(name).as_deref() == Some(OsStr::new(value))
    };
    if variables.iter().all(set) {
        return Ok(());
    }
    let program = std::env::current_exe().map_err(NotReplaced)?;
    let mut command = Command::new(program);
    let mut arguments = std::env::args_os();
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Err(NotReplaced(command.args(arguments).envs(variables).exec()))
}

/// An environment variable that a vendor's library reads, as text.
pub fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is `config`, which may read the environment"
    )]
    std::env::var_os(name).and_then(|value| value.into_string().ok())
}

/// The system's name of the account that runs this process; its number where it has no name.
pub fn account_name() -> String {
    let Ok(owner) = std::fs::metadata("/proc/self").map(|metadata| metadata.uid().to_string())
    else {
        return "unknown".to_owned();
    };
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == owner).then(|| name.to_owned())
    });
    name.unwrap_or(owner)
}
