//! Handing the journal out.

use std::io::Write;

use time::OffsetDateTime;

use super::encoding::{self, to_micros};
use super::{Anchor, Journal, JournalError, PAGE};
use crate::domain::node::NodeName;
use crate::store::journal::{self as rows, Record, Window};

/// What to export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// One node only.
    pub node: Option<NodeName>,
    /// From this moment on.
    pub from: Option<OffsetDateTime>,
    /// Up to this moment, which is not included.
    pub until: Option<OffsetDateTime>,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many rows.
    pub rows: u64,
    /// The last row of each node that has one in the range: keep them apart from the database.
    pub ends: Vec<Anchor>,
}

impl Journal {
    /// Writes the rows of a range as lines of JSON, node by node, each in the order of its chain. `progress` is
    /// told the number of rows written so far.
    pub fn export(
        &self,
        writer: &mut dyn Write,
        range: &Range,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Exported, JournalError> {
        let window = (range.from.is_some() || range.until.is_some()).then(|| Window {
            from: range.from.map_or(i64::MIN, to_micros),
            until: range.until.map_or(i64::MAX, to_micros),
        });
        let nodes = match &range.node {
            Some(node) => vec![node.to_string()],
            None => self.store.read(rows::nodes)?,
        };
        let mut exported = Exported {
            rows: 0,
            ends: Vec::new(),
        };
        for node in nodes {
            let mut last: Option<Record> = None;
            let Some((first, until)) = self.bounds(&node, window)? else {
                continue;
            };
            let mut after = first.saturating_sub(1);
            loop {
                let page = self
                    .store
                    .read(|connection| rows::page(connection, &node, after, until, PAGE))?;
                let Some(end) = page.last() else {
                    break;
                };
                after = end.seq;
                // Where a clock was put back, rows of another time lie between those that are meant.
                let meant = |record: &Record| {
                    window.is_none_or(|window| (window.from..window.until).contains(&record.at))
                };
                for record in page.into_iter().filter(meant) {
                    writeln!(writer, "{}", encoding::export_line(&record))
                        .map_err(JournalError::Output)?;
                    exported.rows += 1;
                    last = Some(record);
                }
                progress(exported.rows);
            }
            exported.ends.extend(last.and_then(|record| {
                Some(Anchor {
                    node: record.node,
                    seq: record.seq,
                    hash: record.hash.try_into().ok()?,
                })
            }));
        }
        writer.flush().map_err(JournalError::Output)?;
        Ok(exported)
    }
    /// From which row of a chain to which those lie that are meant.
    fn bounds(
        &self,
        node: &str,
        window: Option<Window>,
    ) -> Result<Option<(i64, i64)>, JournalError> {
        let Some(window) = window else {
            return Ok(Some((i64::MIN, i64::MAX)));
        };
        let span = self
            .store
            .read(|connection| rows::span(connection, node, window))?;
        Ok(span.map(|span| (span.first, span.last)))
    }
}
