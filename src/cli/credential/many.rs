//! Credentials for many citizens, from a file: as many at once as the HSM has sessions.
//!
//! Nothing is kept of a run but what the database holds anyway. Who has a valid credential is passed over, and that is
//! decided where the new one would be stored: so a run that was killed is simply begun again, and two at the same time
//! give nobody two.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use super::lines::{self, Line, Lines, Wish};
use super::progress::Progress;
use crate::auth::Authorized;
use crate::auth::op::ManageCredentials;
use crate::cli::Ending;
use crate::cli::office::Office;
use crate::cli::output::{self, Style};
use crate::domain::algorithm::KeyAlgorithm;
use crate::service::ServiceError;
use crate::service::credentials::{Earlier, Issuing};

/// The summary names no more lines than this one by one: a wrong file may have a million.
const MOST_LISTED: usize = 1000;
/// What may pass by itself is tried again after each of these.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// What holds for a line that says nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Otherwise {
    pub(super) key: KeyAlgorithm,
    pub(super) earlier: Earlier,
}

/// Issues credentials to everybody in the file who has none, and tells how it went.
pub(super) fn issue(
    office: &Office,
    from: &Path,
    otherwise: Otherwise,
    style: Style,
) -> anyhow::Result<Ending> {
    let (source, count) = open(from)?;
    let lines =
        Lines::begin(source).with_context(|| format!("{} cannot be used", from.display()))?;
    let run = Run {
        office,
        authorized: office.authorize(ManageCredentials),
        otherwise,
        progress: Progress::of(count),
        lines: Mutex::new(lines),
        tally: Mutex::default(),
    };
    // Before the work, which may be over as soon as it is begun.
    run.progress.tell(run.so_far());
    thread::scope(|scope| {
        // Each worker holds it while it works, however it ends.
        let (working, over) = mpsc::channel();
        // A session each; with one more, keys would wait in the queue until the HSM counts as busy.
        for _ in 0..office.hsm_sessions {
            let working = working.clone();
            scope.spawn(|| {
                let _working = working;
                run.work();
            });
        }
        drop(working);
        run.progress.keep_telling(&over, || run.so_far());
    });
    run.progress.finish();
    let mut tally = run
        .tally
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    tally.failures.sort_by_key(|failure| failure.line);
    let summary = tally.summary();
    output::answer(style, &summary, |summary| {
        // They stand on the standard error output already.
        let mut short = summary.clone();
        if let Some(members) = short.as_object_mut() {
            members.remove("failures");
        }
        output::facts(&short)
    })?;
    match tally.stopped {
        Some(error) => Err(error.context(format!(
            "not every line of {} was followed; run the same command again when that is mended",
            from.display()
        ))),
        None if tally.failed == 0 => Ok(Ending::Well),
        None => Ok(Ending::Badly),
    }
}

/// A run, shared by its threads.
struct Run<'a> {
    office: &'a Office,
    authorized: Authorized<ManageCredentials>,
    otherwise: Otherwise,
    progress: Progress,
    lines: Mutex<Lines>,
    tally: Mutex<Tally>,
}

/// How far it came.
#[derive(Default)]
struct Tally {
    issued: u64,
    already_valid: u64,
    failed: u64,
    failures: Vec<Failure>,
    /// Why the run ended before the file did.
    stopped: Option<anyhow::Error>,
}

struct Failure {
    line: u64,
    reason: String,
}

impl Run<'_> {
    fn work(&self) {
        while let Some(line) = self.next() {
            let ended = match line.wish {
                Ok(wish) => self.follow(&wish),
                Err(fault) => Ok(Err(fault.into())),
            };
            match ended {
                Ok(Ok(Issuing::Made(_))) => self.tally().issued += 1,
                Ok(Ok(Issuing::There(_))) => self.tally().already_valid += 1,
                Ok(Err(error)) => self.failed(line.number, &error),
                Err(error) => {
                    let error = error.context(format!("stopped at line {}", line.number));
                    self.tally().stopped.get_or_insert(error);
                }
            }
            let (done, words) = self.so_far();
            self.progress.show(done, words);
        }
    }

    /// How many lines are done, and what came of them.
    fn so_far(&self) -> (u64, String) {
        let tally = self.tally();
        (tally.done(), tally.to_string())
    }

    /// The next line, unless the run is over.
    fn next(&self) -> Option<Line> {
        if self.tally().stopped.is_some() {
            return None;
        }
        let next = lock(&self.lines).next();
        next.unwrap_or_else(|error| {
            self.tally().stopped.get_or_insert(error.into());
            None
        })
    }

    /// The inner failure is the line's own; the outer one would meet every line.
    fn follow(&self, wish: &Wish) -> anyhow::Result<anyhow::Result<Issuing>> {
        let key = wish.key.unwrap_or(self.otherwise.key);
        let earlier = wish.earlier.unwrap_or(self.otherwise.earlier);
        let issue = || {
            self.office.service.issue_missing_credential(
                &self.authorized,
                &wish.signer,
                key,
                earlier,
            )
        };
        let mut pauses = PAUSES.iter();
        loop {
            match issue() {
                Ok(issued) => return Ok(Ok(issued)),
                Err(error) if may_pass(&error) => match pauses.next() {
                    Some(pause) => thread::sleep(*pause),
                    None => return Err(error.into()),
                },
                Err(error) if error.concerns_everybody() => return Err(error.into()),
                Err(error) => return Ok(Err(error.into())),
            }
        }
    }

    fn failed(&self, line: u64, error: &anyhow::Error) {
        let reason = output::reason(error);
        self.progress.remark(&format!("line {line}: {reason}"));
        let mut tally = self.tally();
        tally.failed += 1;
        if tally.failures.len() < MOST_LISTED {
            tally.failures.push(Failure { line, reason });
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }
}

impl Tally {
    fn done(&self) -> u64 {
        self.issued + self.already_valid + self.failed
    }

    fn summary(&self) -> Value {
        let failures: Value = self
            .failures
            .iter()
            .map(|failure| json!({"line": failure.line, "reason": failure.reason}))
            .collect();
        json!({
            "issued": self.issued,
            "already_valid": self.already_valid,
            "failed": self.failed,
            "complete": self.stopped.is_none(),
            "failures": failures,
        })
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} issued, {} already valid, {} failed",
            self.issued, self.already_valid, self.failed
        )
    }
}

fn may_pass(error: &ServiceError) -> bool {
    error.is_temporary() || matches!(error, ServiceError::HsmBusy(_))
}

/// The file, and how many lines it has after the first: it is read twice for that where it can be.
fn open(from: &Path) -> anyhow::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if from == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let unreadable = || format!("{} cannot be read", from.display());
    let mut file = File::open(from).with_context(unreadable)?;
    if !file.metadata().with_context(unreadable)?.is_file() {
        return Ok((Box::new(file), None));
    }
    let count = lines::count(&file).with_context(unreadable)?;
    file.rewind().with_context(unreadable)?;
    Ok((Box::new(file), Some(count.saturating_sub(1))))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
