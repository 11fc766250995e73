//! Tests in processes of their own: to be killed, or to run under limits. And processes that a test talks with.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rubrica::clock::Ambient;

/// Passes one value to such a test.
const ARGUMENT: &str = "TEST_ARGUMENT_OF_RUBRICA";
/// Repeats the chances of an earlier run.
pub(crate) const SEED: &str = "TEST_SEED_OF_RUBRICA";

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

/// Where a test's chances begin: what the environment says, so that a failure can be repeated, or anything.
#[expect(
    clippy::disallowed_methods,
    reason = "what a person tells a test comes by the environment"
)]
pub(crate) fn seed() -> u64 {
    match std::env::var(SEED) {
        Ok(given) => given
            .parse()
            .unwrap_or_else(|_| panic!("{SEED} is no number")),
        Err(_) => u64::from_be_bytes(Ambient::system().random()),
    }
}

/// How long a process may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that is killed with the test. Its standard error output is read as it comes, so that it never waits for a
/// reader.
pub(crate) struct Watched {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Watched {
    /// Begins.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        let reader = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self {
            child,
            said,
            reader: Some(reader),
        }
    }

    /// Its standard output, when the command pipes it.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// Waits for the first whole line with these words on its standard error output.
    #[track_caller]
    pub(crate) fn line(&self, words: &str) -> String {
        self.nth_line(words, 1)
    }

    /// The same for the n-th such line. It is noticed within a few milliseconds.
    #[track_caller]
    pub(crate) fn nth_line(&self, words: &str, nth: usize) -> String {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            let mut found = said.lines().filter(|line| line.contains(words));
            if let Some(line) = found.nth(nth - 1) {
                return line.to_owned();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it never says {words:?}:\n{said}"
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a signal, such as `-TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Kills it with SIGKILL, now; gives all that stood on the standard error output.
    pub(crate) fn killed(mut self) -> String {
        self.child.kill().unwrap();
        let (status, said) = self.ended();
        assert_eq!(status, None, "it ended before it was killed: {said}");
        said
    }

    /// Waits for the end; gives the exit status and all that stood on the standard error output.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap().code();
        self.reader.take().unwrap().join().unwrap();
        (status, self.said.lock().unwrap().clone())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
