//! What an export looks like, and that another tool can verify it.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use rubrica::journal::JournalError;
use serde_json::Value;
use time::Duration;

use super::*;
use crate::harness::ambient::BEGINNING;
use crate::harness::database::both_databases;

/// Verifies an export as the journal's documentation tells, sharing no code with this project.
const VERIFIER: &str = r#"
import hashlib, json, sys
ends = {}
for line in sys.stdin:
    row = json.loads(line)
    digest, previous = row.pop("hash"), row.pop("previous")
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(bytes.fromhex(previous) + text.encode()).hexdigest() == digest, row
    seq, before = ends.get(row["node"], (0, "00" * 32))
    assert row["seq"] == seq + 1 and previous == before, row
    ends[row["node"]] = (row["seq"], digest)
print(ends["alpha"][0])
"#;

both_databases! {
    fn an_export_is_verified_by_another_tool(database) {
        let journal = journal(&database.store(), "alpha");
        let (ambient, _clock) = ambient::known();
        fill(&journal, 3);
        let awkward = "\"\\\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{2028}ñ€😀</script>";
        journal
            .append(&[
                full_entry(&ambient),
                Entry::new(Event::AppAdded).app(ambient.id(), awkward).detail(awkward),
            ])
            .unwrap();
        let text = export(&journal, &Range::default());
        assert_eq!(judged(&text), Ok("5\n".to_owned()));
        // The judge can refuse.
        assert!(judged(&text.replace("change 2", "change 9")).is_err());
        let cut: String = text.split_inclusive('\n').skip(1).collect();
        assert!(judged(&cut).is_err());
    }

    fn a_line_of_an_export_looks_like_this(database) {
        let journal = journal(&database.store(), "alpha");
        let (ambient, _clock) = ambient::known();
        journal.append(&[full_entry(&ambient)]).unwrap();
        let text = export(&journal, &Range::default());
        assert_eq!(text.lines().count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        insta::assert_json_snapshot!("journal_line", line);
    }

    fn a_range_has_its_rows_and_no_others(database) {
        let store = database.store();
        let (ambient, clock) = ambient::known();
        let alpha = Journal::new(store.clone(), ambient, name("alpha"));
        for _ in 0..10 {
            fill(&alpha, 1);
            clock.advance(Duration::hours(1));
        }
        fill(&journal(&store, "beta"), 2);
        let range = Range {
            node: None,
            from: Some(BEGINNING + Duration::hours(2)),
            until: Some(BEGINNING + Duration::hours(5)),
        };
        let mut bytes = Vec::new();
        let exported = alpha.export(&mut bytes, &range, &mut |_| ()).unwrap();
        let rows: Vec<Value> = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let places: Vec<_> = rows.iter().map(|row| row.get("seq").and_then(Value::as_i64)).collect();
        assert_eq!(places, [Some(3), Some(4), Some(5)]);
        assert_eq!(exported.rows, 3);
        let [end] = exported.ends.as_slice() else { panic!("one end expected") };
        assert_eq!((end.node.as_str(), end.seq), ("alpha", 5));
        assert!(verify(&alpha, &exported.ends).is_intact());

        let only_beta = Range { node: Some(name("beta")), ..Range::default() };
        assert_eq!(export(&alpha, &only_beta).lines().count(), 2);
    }

    fn a_changed_row_still_is_one_line_and_is_refused(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 3);
        tamper(
            database,
            "UPDATE journal SET body = '{\"actor\":1}\n{}', event = 'a\"b' WHERE seq = 2",
        );
        let text = export(&journal, &Range::default());
        assert_eq!(text.lines().count(), 3);
        assert!(judged(&text).is_err());
    }

    fn a_full_disk_ends_an_export_with_its_cause(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 1);
        let ended = journal.export(&mut Full, &Range::default(), &mut |_| ());
        assert!(
            matches!(&ended, Err(JournalError::Output(cause)) if cause.kind() == io::ErrorKind::StorageFull),
            "{ended:?}"
        );
    }
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn judged(text: &str) -> Result<String, String> {
    let mut python = Command::new("python3")
        .args(["-c", VERIFIER])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is installed by `./SoftHSM-setup.sh --tests`");
    // A verifier that found something stops reading.
    let _ = python.stdin.take().unwrap().write_all(text.as_bytes());
    let output = python.wait_with_output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
