//! Figures, and how they are told.

use std::fmt::Write as _;

use serde_json::json;

/// One row of the table.
pub(crate) struct Row {
    /// Short, for `--only`.
    pub(crate) name: &'static str,
    /// What it says, in words.
    pub(crate) figure: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) target: Target,
    values: Spread,
    latencies: Spread,
    notes: Vec<String>,
    outcome: Outcome,
}

/// What is aimed at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing: the figure is told and not judged.
    None,
}

/// How a row came about.
#[derive(Clone, Copy)]
enum Outcome {
    Measured,
    /// With less than the figure asks for; a note says what.
    Scaled,
    /// Not at all.
    Missing,
}

/// Values of one kind.
#[derive(Debug, Default, Clone)]
pub(crate) struct Spread(Vec<f64>);

impl Row {
    pub(crate) fn new(
        name: &'static str,
        figure: &'static str,
        unit: &'static str,
        target: Target,
    ) -> Self {
        Self {
            name,
            figure,
            unit,
            target,
            values: Spread::default(),
            latencies: Spread::default(),
            notes: Vec::new(),
            outcome: Outcome::Measured,
        }
    }

    /// One more measurement.
    pub(crate) fn add(&mut self, value: f64) {
        self.values.extend([value]);
    }

    /// How long what was measured took each time, in milliseconds.
    pub(crate) fn latencies(&mut self, more: Spread) {
        self.latencies.extend(more.0);
    }

    /// What else the reader should know.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Less was done than the figure asks for.
    pub(crate) fn scaled_down(&mut self, what: impl Into<String>) {
        self.outcome = Outcome::Scaled;
        self.note(format!("scaled down: {}", what.into()));
    }

    /// There is no measurement.
    pub(crate) fn missing(&mut self, why: impl Into<String>) {
        self.outcome = Outcome::Missing;
        self.note(why);
    }

    pub(crate) fn value(&self) -> Option<f64> {
        match self.outcome {
            Outcome::Missing => None,
            Outcome::Measured | Outcome::Scaled => self.values.at(0.5),
        }
    }

    fn met(&self) -> bool {
        self.value().is_some_and(|value| self.target.met_by(value))
    }

    fn met_in_words(&self) -> &'static str {
        match (self.met(), self.outcome) {
            (false, _) => "not met",
            (true, Outcome::Scaled) => "met, scaled down",
            (true, Outcome::Measured | Outcome::Missing) => "met",
        }
    }
}

impl Target {
    fn number(self) -> Option<f64> {
        match self {
            Self::AtLeast(number) | Self::AtMost(number) => Some(number),
            Self::None => None,
        }
    }

    fn met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::None => true,
        }
    }

    fn bound(self) -> Option<&'static str> {
        match self {
            Self::AtLeast(_) => Some("at least"),
            Self::AtMost(_) => Some("at most"),
            Self::None => None,
        }
    }

    /// As the table has it.
    fn told(self, met: &str) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least} {met}"),
            Self::AtMost(most) => format!("≤ {most} {met}"),
            Self::None => "–".to_owned(),
        }
    }
}

impl Spread {
    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = f64>) {
        self.0.extend(more);
        self.0.sort_by(f64::total_cmp);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn append(&mut self, more: &Self) {
        self.extend(more.0.iter().copied());
    }

    /// The value below which that share of all values lies.
    pub(crate) fn at(&self, share: f64) -> Option<f64> {
        // The nearest rank: the first value that at least this share does not exceed.
        let last = self.0.len().checked_sub(1)?;
        let place = (0..=last).find(|place| number(place + 1) >= share * number(self.0.len()));
        self.0.get(place?).copied()
    }
}

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut spread = Self::default();
        spread.extend(values);
        spread
    }
}

/// A count as a factor.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Bytes as MiB.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

/// The table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| row | figure | measured | range | target | p50 / p95 / p99 ms |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let latencies = row.latencies.at(0.5).map_or_else(
            || "–".to_owned(),
            |p50| {
                let [p95, p99] = [0.95, 0.99].map(|share| row.latencies.at(share).unwrap_or(p50));
                format!("{p50:.1} / {p95:.1} / {p99:.1}")
            },
        );
        let (value, range) = match (row.value(), row.values.at(0.0), row.values.at(1.0)) {
            (Some(value), Some(low), Some(high)) => (
                format!("{value:.3} {}", row.unit),
                format!("{low:.3} to {high:.3}"),
            ),
            _ => ("not measured".to_owned(), "–".to_owned()),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {value} | {range} | {} | {latencies} |",
            row.name,
            row.figure,
            row.target.told(row.met_in_words()),
        );
    }
    for row in rows {
        for note in &row.notes {
            let _ = writeln!(text, "\n- {}: {note}", row.name);
        }
    }
    text
}

/// The table for programs.
pub(crate) fn json(rows: &[Row]) -> serde_json::Result<String> {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "value": row.value(),
                "unit": row.unit,
                "target": row.target.number(),
                "met": row.met(),
                "figure": row.figure,
                "bound": row.target.bound(),
                "lowest": row.values.at(0.0),
                "highest": row.values.at(1.0),
                "p50_ms": row.latencies.at(0.5),
                "p95_ms": row.latencies.at(0.95),
                "p99_ms": row.latencies.at(0.99),
                "scaled_down": matches!(row.outcome, Outcome::Scaled),
                "notes": row.notes,
            })
        })
        .collect();
    serde_json::to_string_pretty(&json!({ "rows": rows }))
}
