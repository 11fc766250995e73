//! `[database]`

use std::time::Duration;

use url::Url;

use super::reader::Reader;
use super::section::{Section, section};
use super::setting::DatabaseUrl;
use crate::domain::secret::SecretText;
use crate::store::Settings;

section! {
    /// Where everything but the documents is kept.
    RawDatabase "database" {
        /// A SQLite file for a single node, or a PostgreSQL server that all nodes share:
        /// "postgres://rubrica@db.example/rubrica?sslmode=verify-full".
        url: DatabaseUrl = default r#""sqlite:data/rubrica.db""#,
        /// File with PostgreSQL's password, which then need not stand in the address.
        password = secret r#""secrets/database-password""#,
        /// Most connections held at once.
        connections: u32 = default "8",
        /// How long to wait for a connection before answering that the database is away.
        wait: Duration = default r#""5 s""#,
        /// How long PostgreSQL may take for one statement before the answer is that the database is away.
        statement_timeout: Duration = default r#""30 s""#,
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let raw = RawDatabase::read(reader)?;
    let mut sound = true;
    if raw.connections == 0 {
        reader.unworkable("database", "connections", "at least 1");
        sound = false;
    }
    let shown = Url::parse(&raw.url.0).is_ok_and(|url| url.password().is_some());
    if shown {
        let instead = "name a file with the password in password_file";
        reader.warn_if_public("database", "url", "a password", instead);
    }
    let url = match raw.password {
        None => Some(SecretText::new(raw.url.0)),
        Some(password) => {
            let url = Url::parse(&raw.url.0).ok().and_then(|mut url| {
                url.set_password(Some(password.expose())).ok()?;
                Some(SecretText::new(String::from(url)))
            });
            if url.is_none() {
                reader.unworkable("database", "password_file", "SQLite has no password; leave it out, or give the address of a PostgreSQL server");
            }
            url
        }
    };
    sound.then_some(Settings {
        url: url?,
        connections: raw.connections,
        wait: raw.wait,
        statement_timeout: raw.statement_timeout,
    })
}
