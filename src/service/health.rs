//! Whether this node can do its work now: for operators and the load balancers in front.

use std::fmt;

use serde::Serialize;

use super::Service;

/// How one part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum PartHealth {
    /// It answers.
    Up,
    /// It does not, or not usefully.
    Down {
        /// Why, without secrets and addresses.
        reason: String,
    },
}

/// How the parts outside this process are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The database answers and its schema is this program's.
    pub database: PartHealth,
}

impl Health {
    /// Whether calls can be answered.
    pub fn is_ready(&self) -> bool {
        self.database == PartHealth::Up
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database: {}", self.database)
    }
}

impl fmt::Display for PartHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::Down { reason } => f.write_str(reason),
        }
    }
}

impl Service {
    /// Asks each part. Anybody who reaches the operators' listener may know.
    pub fn health(&self) -> Health {
        Health {
            database: match self.inner.store.pending_migrations() {
                Ok(missing) if missing.is_empty() => PartHealth::Up,
                Ok(_) => PartHealth::Down {
                    reason: "its schema is older than this program; run `rubrica database migrate`"
                        .to_owned(),
                },
                Err(error) => {
                    tracing::warn!(error = %error, "the database is not healthy");
                    PartHealth::Down {
                        reason: error.to_string(),
                    }
                }
            },
        }
    }
}
