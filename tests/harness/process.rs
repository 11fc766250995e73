//! Tests in processes of their own: to be killed, or to run under limits.

use std::process::Command;

/// Passes one value to such a test.
const ARGUMENT: &str = "RUBRICA_TEST_ARGUMENT";

/// A command that runs one ignored test of this binary, by its full name, and gives it an argument. `limits` are
/// shell commands that go before it, such as `ulimit`.
pub(crate) fn alone(test: &str, argument: &str, limits: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{limits}\nexec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", test])
        .env(ARGUMENT, argument);
    command
}

/// The argument, for a test that [`alone`] runs. `None` when somebody runs all ignored tests.
#[expect(
    clippy::disallowed_methods,
    reason = "this is how one process tells another"
)]
pub(crate) fn argument() -> Option<String> {
    std::env::var(ARGUMENT).ok()
}
