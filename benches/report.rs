//! Figures, and how they are told.

use std::fmt::Write as _;

use serde_json::json;

/// One row of the table.
pub(crate) struct Row {
    name: String,
    target: f64,
    ratios: Spread,
    latencies: Spread,
}

/// Values of one kind.
#[derive(Default)]
pub(crate) struct Spread(Vec<f64>);

impl Row {
    /// A ratio that should be at least `target`.
    pub(crate) fn new(name: &str, target: f64) -> Self {
        Self {
            name: name.to_owned(),
            target,
            ratios: Spread::default(),
            latencies: Spread::default(),
        }
    }

    /// One more measurement.
    pub(crate) fn add(&mut self, ratio: f64) {
        self.ratios.extend([ratio]);
    }

    /// How long the requests of a measurement took, in milliseconds.
    pub(crate) fn latencies(&mut self, more: Spread) {
        self.latencies.extend(more.0);
    }

    fn value(&self) -> f64 {
        self.ratios.at(0.5)
    }

    fn met(&self) -> bool {
        self.value() >= self.target
    }
}

impl Spread {
    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = f64>) {
        self.0.extend(more);
        self.0.sort_by(f64::total_cmp);
    }

    /// The value below which that share of all values lies; 0 without any.
    fn at(&self, share: f64) -> f64 {
        // The nearest rank: the first value that at least this share does not exceed.
        let last = self.0.len().saturating_sub(1);
        let place = (0..=last).find(|place| number(place + 1) >= share * number(self.0.len()));
        place
            .and_then(|place| self.0.get(place))
            .copied()
            .unwrap_or_default()
    }
}

/// A count as a factor.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| figure | measured | range | target | p50 / p95 / p99 ms |\n|---|---|---|---|---|\n",
    );
    for row in rows {
        let latencies = if row.latencies.0.is_empty() {
            "–".to_owned()
        } else {
            let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| row.latencies.at(share));
            format!("{p50:.1} / {p95:.1} / {p99:.1}")
        };
        let _ = writeln!(
            text,
            "| {} | {:.3} | {:.3} to {:.3} | ≥ {:.2} {} | {latencies} |",
            row.name,
            row.value(),
            row.ratios.at(0.0),
            row.ratios.at(1.0),
            row.target,
            if row.met() { "met" } else { "not met" },
        );
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
                "unit": "ratio",
                "target": row.target,
                "met": row.met(),
                "p50_ms": row.latencies.at(0.5),
                "p95_ms": row.latencies.at(0.95),
                "p99_ms": row.latencies.at(0.99),
            })
        })
        .collect();
    serde_json::to_string_pretty(&json!({ "rows": rows }))
}
