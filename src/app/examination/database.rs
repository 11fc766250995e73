//! The database: there, ours, and up to date.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Finding, folders, told};
use crate::domain::key::KekVersion;
use crate::store::{Settings, Store, StoreError, wrapping_keys};

/// Reaches for it once.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(path) = settings.url.expose().strip_prefix("sqlite:") {
        let path = Path::new(path);
        findings.push(folders::examine(
            "database.url",
            path.parent().unwrap_or(Path::new("")),
        ));
        match path.metadata() {
            // Opening it would make it.
            Err(_) => {
                findings.push(Finding::wrong(
                    "database.url",
                    format!("there is no database at {}", path.display()),
                    "make it with: rubrica database migrate",
                ));
                return findings;
            }
            Ok(metadata) if metadata.permissions().mode() & 0o007 != 0 => {
                findings.push(Finding::warning(
                    "database.url",
                    format!("anybody on this machine can read {}", path.display()),
                    format!("chmod 600 {}", path.display()),
                ));
            }
            Ok(_) => {}
        }
    }
    findings.push(
        match Store::open(settings).and_then(|store| store.pending_migrations()) {
            Ok(missing) if missing.is_empty() => {
                Finding::fine("database", "it answers and its tables are up to date")
            }
            Ok(missing) => Finding::wrong(
                "database",
                format!(
                    "it lacks {} of this program's changes to its tables",
                    missing.len()
                ),
                "bring it up to date with: rubrica database migrate",
            ),
            Err(error) => unreachable(settings, &error),
        },
    );
    findings
}

/// Which KEKs citizens' keys are under; none when the database cannot tell, which [`examine`] has told then.
pub(super) fn keks(settings: &Settings) -> Vec<KekVersion> {
    let there = match settings.url.expose().strip_prefix("sqlite:") {
        // Opening it would make it.
        Some(path) => Path::new(path).exists(),
        None => true,
    };
    if !there {
        return Vec::new();
    }
    Store::open(settings)
        .and_then(|store| store.read(wrapping_keys::loads))
        .map(|loads| {
            let needed = loads.into_iter().filter(|(_, load)| load.is_needed());
            needed.map(|(kek, _)| kek).collect()
        })
        .unwrap_or_default()
}

fn unreachable(settings: &Settings, error: &StoreError) -> Finding {
    let advice = if settings.url.expose().starts_with("sqlite:") {
        "see whether the file is a SQLite database and belongs to the account that runs the server"
    } else {
        "see whether the server runs and lets this machine in: psql with the same address tells more; \
         then the password (database.password_file), sslmode, and pg_hba.conf on the server"
    };
    Finding::wrong("database", told(error), advice)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Verdict;
    use super::*;
    use crate::domain::secret::SecretText;

    fn settings(url: String) -> Settings {
        Settings {
            url: SecretText::new(url),
            connections: 1,
            wait: Duration::from_millis(300),
            statement_timeout: Duration::from_secs(30),
        }
    }

    fn verdicts(url: String) -> Vec<(Verdict, String)> {
        examine(&settings(url))
            .into_iter()
            .map(|finding| (finding.verdict, finding.words))
            .collect()
    }

    #[test]
    fn a_database_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let found = verdicts(format!("sqlite:{}", path.display()));
        assert_eq!(found.last().unwrap().0, Verdict::Wrong);
        assert!(!path.exists());
    }

    #[test]
    fn tables_that_are_missing_are_told_from_a_file_that_is_no_database() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.db");
        std::fs::write(&empty, "").unwrap();
        let found = verdicts(format!("sqlite:{}", empty.display()));
        assert!(found.last().unwrap().1.contains("lacks 1"), "{found:?}");

        let other = folder.path().join("other.db");
        std::fs::write(&other, "no database".repeat(100)).unwrap();
        let found = verdicts(format!("sqlite:{}", other.display()));
        assert_eq!(found.last().unwrap().0, Verdict::Wrong);
        assert!(!found.last().unwrap().1.contains("lacks"), "{found:?}");
    }

    #[test]
    fn a_server_that_is_away_is_wrong() {
        // Port 9 is the discard service, which nobody runs.
        let found = verdicts("postgres://rubrica@127.0.0.1:9/rubrica".to_owned());
        assert_eq!(found.last().unwrap().0, Verdict::Wrong);
    }

    #[test]
    fn a_database_that_is_up_to_date_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, "").unwrap();
        let url = format!("sqlite:{}", path.display());
        Store::open(&settings(url.clone()))
            .unwrap()
            .migrate()
            .unwrap();
        assert_eq!(verdicts(url).last().unwrap().0, Verdict::Fine);
    }
}
