//! Where the demo's server keeps its data: a file of its own, or the PostgreSQL that somebody named.

use std::path::Path;

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
        Ok(Self::of(&config::database(file)?.url))
    }

    fn of(address: &str) -> Self {
        if !address.starts_with("postgres") {
            return Self::Own;
        }
        let taken_out = || {
            let mut url = Url::parse(address).ok()?;
            let password = SecretText::new(password_of(&url)?);
            url.set_password(None).ok()?;
            Some((url.to_string(), password))
        };
        match taken_out() {
            Some((url, password)) => Self::Postgres {
                url,
                password: Some(password),
            },
            None => Self::Postgres {
                url: address.to_owned(),
                password: None,
            },
        }
    }
}

/// As it was before it was written into an address.
fn password_of(url: &Url) -> Option<String> {
    let encoded = url.password()?;
    let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8();
    Some(decoded.ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(address: &str) -> (String, Option<String>) {
        match Database::of(address) {
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
        assert!(matches!(Database::of("sqlite:data/x.db"), Database::Own));
    }
}
