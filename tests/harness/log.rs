//! What the server tells an operator, as lines of its log at the usual level.
//!
//! The lines are the whole process's, and before anything is taken out of them, so only tests in processes of their own
//! may look at them: see [`process`](super::process) and [`alone!`](super::alone).

use std::io::{self, Write};
use std::mem;
use std::sync::Mutex;

use serde_json::Value;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::steps;

static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Begins to keep lines, or forgets those so far.
pub(crate) fn begin() {
    steps::listen();
    KEPT.lock().unwrap().clear();
}

/// The lines since then.
pub(crate) fn taken() -> Vec<Value> {
    let bytes = mem::take(&mut *KEPT.lock().unwrap());
    let text = String::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Keeps lines. Without their time, whose digits may be those of a code.
pub(super) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .without_time()
        .with_writer(|| Kept)
        // The binding of PKCS#11 reports as errors what it does not know.
        .with_filter(EnvFilter::new("info,cryptoki=off"))
}

struct Kept;

impl Write for Kept {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        KEPT.lock().unwrap().extend(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
