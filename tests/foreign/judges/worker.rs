//! A foreign program that runs once and judges one file after the other: a line in, a line out.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

/// The program. It ends when this process does, because its input does.
pub(super) struct Worker(Mutex<Pipes>);

struct Pipes {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    pub(super) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the foreign tools are installed by `./SoftHSM-setup.sh --tests`");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self(Mutex::new(Pipes {
            _child: child,
            input,
            output: BufReader::new(output),
        }))
    }

    /// Asks one question; the answer is one line of JSON.
    pub(super) fn ask(&self, question: &str) -> Result<Value, String> {
        let mut pipes = self.0.lock().unwrap();
        writeln!(pipes.input, "{question}").map_err(|error| error.to_string())?;
        let mut answer = String::new();
        pipes
            .output
            .read_line(&mut answer)
            .map_err(|error| error.to_string())?;
        serde_json::from_str(&answer).map_err(|error| format!("{error}: {answer:?}"))
    }
}
