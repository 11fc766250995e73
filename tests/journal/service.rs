//! Verifying and exporting as an administrator does it.

use rubrica::auth::op;

use super::*;
use crate::harness::database::both_databases;
use crate::harness::server::{TestServer, administrator};

both_databases! {
    fn verifying_and_exporting_are_on_record_themselves(database) {
        let server = TestServer::start(database);
        let authorized = administrator().authorize(op::ReadJournal);
        let service = server.service();
        server.app("Sede");
        let before = service.journal_rows(&authorized).unwrap();
        let audit = service.verify_journal(&authorized, &[], None, &mut |_| ()).unwrap();
        assert!(audit.is_intact());
        let mut bytes = Vec::new();
        let exported = service
            .export_journal(&authorized, &mut bytes, &Range::default(), &mut |_| ())
            .unwrap();
        assert_eq!(exported.rows, before + 1);

        tamper(database, "UPDATE journal SET event = 'app.disabled' WHERE seq = 1");
        let audit = service.verify_journal(&authorized, &exported.ends, None, &mut |_| ()).unwrap();
        assert_eq!(faults(&audit.report), [(1, Fault::Altered)]);
        let journal = journal(&database.store(), "test");
        let text = export(&journal, &Range::default());
        let last: Vec<&str> = text.lines().rev().take(3).collect();
        for (line, expected) in last.iter().zip([
            ["journal.verified", "journal_altered"],
            ["journal.exported", "done"],
            ["journal.verified", "done"],
        ]) {
            for word in expected {
                assert!(line.contains(word), "{line}");
            }
            assert!(line.contains("\"kind\":\"administrator\""), "{line}");
        }
    }
}
