//! The bytes that are hashed, and the lines that are exported.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::store::checkpoints::StoredCheckpoint;
use crate::store::journal::Record;

/// RFC 3339 in UTC with exactly six digits below the second.
const MOMENT: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// SHA-256 over the hash of the row before and the canonical encoding of this row; `None` when a column holds what
/// has no encoding.
pub(super) fn hash(record: &Record) -> Option<[u8; 32]> {
    let mut hasher = Sha256::new();
    hasher.update(&record.previous);
    hasher.update(canonical_row(record)?);
    Some(hasher.finalize().into())
}

/// One line of an export, without its end. A row that somebody changed may have members of other types; it still is
/// one line of JSON.
pub(super) fn export_line(record: &Record) -> String {
    let at = moment(record.at).map_or_else(|| record.at.to_string(), |text| quoted(&text));
    let body = match serde_json::from_str::<Value>(&record.body) {
        Ok(value) if canonical(&value) == record.body => record.body.clone(),
        _ => quoted(&record.body),
    };
    format!(
        r#"{{"at":{at},"body":{body},"event":{},"hash":"{}","node":{},"previous":"{}","request":{},"seq":{}}}"#,
        quoted(&record.event),
        hex::encode(&record.hash),
        quoted(&record.node),
        hex::encode(&record.previous),
        record
            .request_id
            .as_deref()
            .map_or_else(|| "null".to_owned(), quoted),
        record.seq,
    )
}

/// Reads what [`export_line`] writes of a row that nobody changed; `None` when it is not exactly that.
pub(super) fn read_line(line: &str) -> Option<Record> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
    let record = Record {
        node: text("node")?,
        seq: value.get("seq")?.as_i64()?,
        at: to_micros(read_moment(&text("at")?)?),
        event: text("event")?,
        request_id: match value.get("request")? {
            Value::Null => None,
            request => Some(request.as_str()?.to_owned()),
        },
        // A body that somebody changed is exported as text.
        body: canonical(value.get("body").filter(|body| body.is_object())?),
        previous: hex::decode(text("previous")?).ok()?,
        hash: hex::decode(text("hash")?).ok()?,
    };
    (export_line(&record) == line).then_some(record)
}

/// One line of an archive with a checkpoint, without its end.
pub(super) fn checkpoint_line(stored: &StoredCheckpoint) -> String {
    canonical(&json!({"checkpoint": {
        "key": stored.key,
        "node": stored.node,
        "seq": stored.seq,
        "signature": hex::encode(&stored.signature),
        "statement": stored.statement,
    }}))
}

/// Reads what [`checkpoint_line`] writes; `None` when it is not exactly that.
pub(super) fn read_checkpoint_line(line: &str) -> Option<StoredCheckpoint> {
    let value: Value = serde_json::from_str(line).ok()?;
    let value = value.get("checkpoint")?;
    let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
    let stored = StoredCheckpoint {
        node: text("node")?,
        seq: value.get("seq")?.as_i64()?,
        statement: text("statement")?,
        key: text("key")?,
        signature: hex::decode(text("signature")?).ok()?,
    };
    (checkpoint_line(&stored) == line).then_some(stored)
}

/// JSON as RFC 8785 wants it: no white space, members sorted by the UTF-16 units of their names.
///
/// Numbers must be whole and at most 2^53 apart from nought, which is all the journal writes.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("{}:{}", quoted(name), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::String(text) => quoted(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Microseconds since 1970-01-01 UTC.
pub(super) fn to_micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

fn canonical_row(record: &Record) -> Option<String> {
    Some(format!(
        r#"{{"at":{},"body":{},"event":{},"node":{},"request":{},"seq":{}}}"#,
        quoted(&moment(record.at)?),
        record.body,
        quoted(&record.event),
        quoted(&record.node),
        record
            .request_id
            .as_deref()
            .map_or_else(|| "null".to_owned(), quoted),
        record.seq,
    ))
}

/// A moment as rows and checkpoints have it; `None` when it has no year that can be written.
pub(super) fn moment(micros: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .ok()?
        .format(MOMENT)
        .ok()
}

/// Reads what [`moment`] writes.
pub(super) fn read_moment(text: &str) -> Option<OffsetDateTime> {
    let read = PrimitiveDateTime::parse(text, MOMENT).ok()?;
    Some(read.assume_utc())
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn record() -> Record {
        Record {
            node: "alpha".to_owned(),
            seq: 7,
            at: to_micros(datetime!(2026-11-23 10:00:00.5 UTC)),
            event: "app.added".to_owned(),
            request_id: None,
            body: r#"{"detail":"ñ \"and\" €"}"#.to_owned(),
            previous: vec![0; 32],
            hash: vec![0xAB; 32],
        }
    }

    #[test]
    fn the_encoding_of_a_row_is_this() {
        assert_eq!(
            canonical_row(&record()).unwrap(),
            "{\"at\":\"2026-11-23T10:00:00.500000Z\",\"body\":{\"detail\":\"ñ \\\"and\\\" €\"},\
             \"event\":\"app.added\",\"node\":\"alpha\",\"request\":null,\"seq\":7}"
        );
    }

    #[test]
    fn a_line_is_the_encoding_with_both_hashes() {
        assert_eq!(
            export_line(&record()),
            format!(
                "{{\"at\":\"2026-11-23T10:00:00.500000Z\",\"body\":{{\"detail\":\"ñ \\\"and\\\" €\"}},\
                 \"event\":\"app.added\",\"hash\":\"{}\",\"node\":\"alpha\",\"previous\":\"{}\",\
                 \"request\":null,\"seq\":7}}",
                "ab".repeat(32),
                "00".repeat(32)
            )
        );
    }

    #[test]
    fn a_line_reads_back_and_one_written_otherwise_does_not() {
        let line = export_line(&record());
        assert_eq!(read_line(&line), Some(record()));
        for other in [
            line.replace("\"seq\":7", "\"seq\": 7"),
            line.replace("500000Z", "5Z"),
            line.replace("abab", "ABAB"),
            line.replace("{\"at\"", "{\"a\":1,\"at\""),
            format!("{line} "),
            export_line(&Record {
                body: String::new(),
                ..record()
            }),
        ] {
            assert_ne!(other, line);
            assert_eq!(read_line(&other), None, "{other}");
        }
    }

    #[test]
    fn a_line_with_a_checkpoint_reads_back() {
        let stored = StoredCheckpoint {
            node: "alpha".to_owned(),
            seq: 7,
            statement: "{\"a\":\"ñ\"}".to_owned(),
            key: "ab".repeat(20),
            signature: vec![1, 2, 255],
        };
        let line = checkpoint_line(&stored);
        assert_eq!(read_checkpoint_line(&line), Some(stored));
        assert!(read_line(&line).is_none());
        assert_eq!(read_checkpoint_line(&line.replace("ff", "FF")), None);
    }

    #[test]
    fn members_are_sorted_as_rfc_8785_sorts_them() {
        let value: Value =
            serde_json::from_str(r#"{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"1":4}"#).unwrap();
        assert_eq!(
            canonical(&value),
            "{\"1\":4,\"€\":3,\"😀\":2,\"\u{fb33}\":1}"
        );
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_of_json_whatever_a_row_holds(
            body in "\\PC*|\\{\"a\":[ \n]?1\\}", event in any::<String>(), node in any::<String>(), at: i64, seq: i64,
        ) {
            let written = Record { body: body.clone(), event: event.clone(), node: node.clone(), at, seq, ..record() };
            // What reads back is what was written, and what was written by this program reads back.
            if let Some(read) = read_line(&export_line(&written)) {
                prop_assert_eq!(read, written);
            }
            let line = export_line(&Record { body, event: event.clone(), node, at, seq, ..record() });
            prop_assert!(!line.contains('\n'));
            let value: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(value["event"].as_str(), Some(event.as_str()));
        }
    }
}
