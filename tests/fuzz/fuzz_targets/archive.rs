//! Files of archived rows, which were out of this program's hands: whatever is in one, the journal is verified to its end,
//! and found intact with no file but the one that was written.
//!
//! The first two bytes choose how much of the true file comes before the rest; none of it, or all of it, too.
//!
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz archive`

#![no_main]

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::key::{PublicKey, SignatureValue, ToSign, ec_spki};
use rubrica::domain::secret::SecretText;
use rubrica::journal::{AuditKey, Entry, Event, Journal, Scope};
use rubrica::store::{Settings, Store};
use tempfile::TempDir;

const NODE: &str = "fuzz";

/// A journal whose first rows were archived.
struct Archived {
    journal: Journal,
    key: PublicKey,
    /// What was written.
    file: Vec<u8>,
    /// Where what is fuzzed lies.
    path: PathBuf,
    _folder: TempDir,
}

static ARCHIVED: LazyLock<Archived> = LazyLock::new(Archived::new);

fuzz_target!(|data: &[u8]| {
    let Some((kept, rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let archived = &*ARCHIVED;
    let kept = usize::from(u16::from_le_bytes(*kept)) % (archived.file.len() + 1);
    let file = [&archived.file[..kept], rest].concat();
    assert_eq!(archived.is_intact_with(&file), file == archived.file);
});

impl Archived {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let signing = SigningKey::from_slice(&[7; 32]).expect("a key");
        let point = signing.verifying_key().to_sec1_point(false);
        let key = ec_spki(KeyAlgorithm::EcP256, point.as_bytes()).expect("a point");
        let sign = |to_sign: &ToSign| {
            let value: Signature = signing
                .sign_prehash(to_sign.dtbs_r.0.bytes())
                .expect("a digest");
            SignatureValue(value.to_der().as_bytes().to_vec())
        };

        let database = folder.path().join("journal.db");
        File::create_new(&database).expect("a file");
        let store = Store::open(&Settings {
            url: SecretText::new(format!("sqlite:{}", database.display())),
            connections: 2,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
        });
        let store = store.expect("a database");
        store.migrate().expect("tables");
        let ambient = Ambient::system();
        let journal = Journal::new(store, ambient.clone(), NODE.parse().expect("a name"));

        let entry = |text: &str| Entry::new(Event::AppChanged).detail(text);
        // Two checkpoints, so that one comes in the middle of the file.
        for text in ["the first", "the second"] {
            let entries = [entry(text), entry("another"), entry("«\u{1F58B}»")];
            journal.append(&entries).expect("rows");
            let checkpoint = journal.checkpoint(&key).expect("rows");
            let checkpoint = checkpoint.expect("rows that are not signed");
            let signature = sign(&checkpoint.to_sign(key.algorithm()));
            journal
                .keep_checkpoint(&checkpoint, &key, &signature)
                .expect("a place");
        }
        journal.append(&[entry("the last")]).expect("a row");

        let later = ambient.now() + Duration::from_secs(3600);
        let part = journal.archivable(NODE, later, &key).expect("a chain");
        let part = part.expect("what may be archived");
        let archive = journal
            .write_archive(&part, &key, folder.path(), &mut |_| Ok(()))
            .expect("an archive");
        let holder = ambient.id();
        journal
            .hold_for_archiving(NODE, holder, later)
            .expect("nobody else");
        let signature = sign(&archive.to_sign(key.algorithm()));
        let entry = Entry::new(Event::JournalArchived).archive(&archive);
        journal
            .record_archive(&archive, &key, &signature, holder, later, &entry)
            .expect("a record");
        let dropped = journal.drop_slice(&archive, 1).expect("rows");
        assert_eq!(dropped, None);

        let path = folder.path().join(archive.file_name());
        let file = fs::read(&path).expect("the archive");
        let archived = Self {
            journal,
            key,
            file,
            path,
            _folder: folder,
        };
        assert!(archived.is_intact_with(&archived.file));
        archived
    }

    /// Whether the journal is intact when that is what was archived. Who has no audit key must find the same as who has.
    fn is_intact_with(&self, file: &[u8]) -> bool {
        fs::write(&self.path, file).expect("a place");
        let scope = Scope {
            archives: vec![self.path.clone()],
            ..Scope::default()
        };
        let is_intact = |key| {
            let verified = self.journal.verify_within(&scope, &key, &mut |_| ());
            verified.expect("an answer").is_intact()
        };
        let with_key = is_intact(AuditKey::Known(self.key.clone()));
        assert_eq!(is_intact(AuditKey::NotAtHand), with_key);
        with_key
    }
}
