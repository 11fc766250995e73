//! How long each step took.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The steps done so far, and the one under way on the terminal.
pub(super) struct Steps {
    done: Vec<Step>,
    bar: ProgressBar,
}

/// A step that is done.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) took: Duration,
}

impl Steps {
    /// None yet. On a terminal the step under way is shown; elsewhere nothing is.
    pub(super) fn new() -> Self {
        // Draws on the error output, and only when that is a terminal.
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        Self {
            done: Vec::new(),
            bar,
        }
    }

    /// Does a step and notes its time; when it fails, the error says which step it was.
    pub(super) fn time<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.bar.reset_elapsed();
        self.bar.set_message(name);
        self.bar.enable_steady_tick(Duration::from_millis(100));
        let begun = Instant::now();
        let outcome = work();
        let took = begun.elapsed();
        self.bar.disable_steady_tick();
        let value = outcome.map_err(|error| {
            self.bar.finish_and_clear();
            error.context(format!("the step \"{name}\" failed"))
        })?;
        self.done.push(Step { name, took });
        Ok(value)
    }

    /// All steps, in order.
    pub(super) fn finish(self) -> Vec<Step> {
        self.bar.finish_and_clear();
        self.done
    }
}
