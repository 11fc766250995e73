//! How far a long run came: a bar on a terminal, and elsewhere a line at once and then every half minute, so that a log
//! shows that it goes on.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output;

/// Between two lines.
const EVERY: Duration = Duration::from_secs(30);

/// Tells how many lines of a file are done.
pub(super) struct Progress {
    bar: ProgressBar,
    /// How many the file has; `None` when it can be read once only.
    lines: Option<u64>,
}

impl Progress {
    /// For so many lines.
    pub(super) fn of(lines: Option<u64>) -> Self {
        let (bar, template) = match lines {
            Some(lines) => (
                ProgressBar::new(lines),
                "{bar:30} {percent:>3} %  {msg}  {eta} left",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
        };
        // A template that could not be read would leave the usual look.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, lines }
    }

    /// Moves the bar.
    pub(super) fn show(&self, done: u64, words: String) {
        self.bar.set_position(done);
        self.bar.set_message(words);
    }

    /// Tells how many are done, and what came of them, by a line where there is no bar.
    pub(super) fn tell(&self, (done, words): (u64, String)) {
        if self.bar.is_hidden() {
            output::remark(&line(done, self.lines, &words));
        }
    }

    /// Tells it again and again, until nobody holds the other end any more.
    pub(super) fn keep_telling(&self, over: &Receiver<()>, so_far: impl Fn() -> (u64, String)) {
        until(over, EVERY, || self.tell(so_far()));
    }

    /// Puts something else on the standard error output meanwhile.
    pub(super) fn remark(&self, words: &str) {
        self.bar.suspend(|| output::remark(words));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn line(done: u64, lines: Option<u64>, words: &str) -> String {
    match lines {
        Some(lines) => format!("{done} of {lines} lines done: {words}"),
        None => format!("{done} lines done: {words}"),
    }
}

/// Acts after each such time.
fn until(over: &Receiver<()>, every: Duration, mut act: impl FnMut()) {
    while over.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        act();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    #[test]
    fn something_is_told_again_and_again_until_the_work_is_over() {
        let every = Duration::from_millis(20);
        let (working, over) = mpsc::channel();
        let mut held = Some(working);
        let (begun, mut told) = (Instant::now(), Vec::new());
        until(&over, every, || {
            told.push(begun.elapsed());
            if told.len() == 4 {
                held = None;
            }
        });
        assert_eq!(told.len(), 4);
        for (number, at) in (1..).zip(&told) {
            assert!(*at >= every * number, "{told:?}");
        }
    }

    #[test]
    fn work_that_ends_waits_for_no_line() {
        let (working, over) = mpsc::channel();
        drop(working);
        let mut told = 0;
        until(&over, Duration::MAX, || told += 1);
        assert_eq!(told, 0);
    }

    #[test]
    fn how_many_there_are_is_told_where_it_is_known() {
        assert_eq!(
            line(3, Some(12), "2 issued"),
            "3 of 12 lines done: 2 issued"
        );
        assert_eq!(line(3, None, "2 issued"), "3 lines done: 2 issued");
    }
}
