//! `[telemetry]`

use super::reader::Reader;
use super::section::{Section, section};
use super::setting::by_name;
use crate::telemetry::{LogFormat, Settings, checked_filter};

by_name!(LogFormat);

section! {
    /// What the server tells about its work, on its standard error output.
    RawTelemetry "telemetry" {
        /// "json": one object a line, for machines. "text": for people.
        format: LogFormat = default r#""json""#,
        /// What is worth a line: "error", "warn", "info", "debug" or "trace", also by module: "info,rubrica::hsm=debug".
        level: String = default r#""info""#,
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let raw = RawTelemetry::read(reader)?;
    match checked_filter(&raw.level) {
        Ok(level) => Some(Settings {
            format: raw.format,
            level,
        }),
        Err(error) => {
            reader.unworkable("telemetry", "level", error.to_string());
            None
        }
    }
}
