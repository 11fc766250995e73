//! Where the demo's server keeps its data: a file of its own, or the PostgreSQL that somebody named.

use std::path::Path;

use anyhow::{Context, bail};
use url::Url;

use crate::config;
use crate::domain::secret::SecretText;

/// The database, as the demo's configuration names it.
#[derive(Debug)]
pub(super) enum Database {
    /// SQLite in the demo's folder.
    Own,
    /// A server that others may use too.
    Postgres {
        /// Without its password.
        url: String,
        /// Kept in a file of its own.
        password: Option<SecretText>,
    },
}

impl Database {
    /// What the environment names, or a file that was named on purpose. A configuration that only lies in the present
    /// folder is a real server's, and no place for made-up citizens.
    pub(super) fn named(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::of(config::database(file)?.url.expose())
    }

    /// No error repeats the address: it may hold a password.
    fn of(address: &str) -> anyhow::Result<Self> {
        if !address.starts_with("postgres") {
            return Ok(Self::Own);
        }
        let mut url = Url::parse(address).context("database.url is no address")?;
        let Some(encoded) = url.password() else {
            return Ok(Self::Postgres {
                url: address.to_owned(),
                password: None,
            });
        };
        // As it was before it was written into an address.
        let decoded = percent_encoding::percent_decode_str(encoded)
            .decode_utf8()
            .context("the password in database.url is no UTF-8 text")?;
        let password = Some(SecretText::new(decoded.into_owned()));
        if url.set_password(None).is_err() {
            bail!("the password cannot be taken out of database.url");
        }
        Ok(Self::Postgres {
            url: url.into(),
            password,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(address: &str) -> (String, Option<String>) {
        match Database::of(address).unwrap() {
            Database::Own => panic!("{address} is PostgreSQL"),
            Database::Postgres { url, password } => {
                (url, password.map(|password| password.expose().to_owned()))
            }
        }
    }

    #[test]
    fn a_password_is_taken_out_of_the_address() {
        assert_eq!(
            postgres("postgres://rubrica:p%40ss@db.example/rubrica?sslmode=verify-full"),
            (
                "postgres://rubrica@db.example/rubrica?sslmode=verify-full".to_owned(),
                Some("p@ss".to_owned())
            )
        );
        let socket = "postgresql:///rubrica?host=/run/postgresql&user=rubrica";
        assert_eq!(postgres(socket), (socket.to_owned(), None));
        assert!(matches!(
            Database::of("sqlite:data/x.db").unwrap(),
            Database::Own
        ));
    }

    #[test]
    fn an_address_whose_password_cannot_be_read_is_never_repeated() {
        for address in [
            "postgres://rubrica:hunter2%ff@db.example/rubrica",
            "postgres://rubrica:hunter2@one:5432,two:5432/rubrica",
        ] {
            let error = Database::of(address).unwrap_err();
            let told = format!("{error:#}");
            assert!(told.contains("database.url"), "{told}");
            assert!(
                !told.contains("hunter2") && !told.contains("rubrica"),
                "{told}"
            );
        }
    }
}
