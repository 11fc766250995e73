//! Whether this node can do its work now: for operators and the load balancers in front.

use std::fmt;

use serde::Serialize;

use super::Service;
pub use crate::hsm::Load as HsmLoad;

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
    /// The token answers and takes the PIN.
    pub hsm: PartHealth,
    /// The store of documents is there.
    pub documents: PartHealth,
}

impl Health {
    /// Whether calls can be answered.
    pub fn is_ready(&self) -> bool {
        [&self.database, &self.hsm, &self.documents]
            .iter()
            .all(|part| **part == PartHealth::Up)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "database: {}; HSM: {}; documents: {}",
            self.database, self.hsm, self.documents
        )
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
    /// How busy the HSM's sessions are; asks no token.
    pub fn hsm_load(&self) -> HsmLoad {
        self.inner.hsm.load()
    }

    /// Asks each part. Anybody who reaches the operators' listener may know.
    pub fn health(&self) -> Health {
        Health {
            database: match self.inner.store.pending_migrations() {
                Ok(missing) if missing.is_empty() => PartHealth::Up,
                Ok(_) => PartHealth::Down {
                    reason: "its schema is older than this program; run `rubrica database migrate`"
                        .to_owned(),
                },
                Err(error) => down("database", &error),
            },
            hsm: match self.inner.hsm.check_reachable() {
                Ok(()) => PartHealth::Up,
                Err(error) => down("hsm", &error),
            },
            documents: match self.inner.documents.check_there() {
                Ok(()) => PartHealth::Up,
                Err(error) => down("documents", &error),
            },
        }
    }
}

/// The causes behind may name hosts and files: they go to the log alone.
fn down(part: &str, error: &dyn std::error::Error) -> PartHealth {
    let cause = error.source().map(ToString::to_string);
    tracing::warn!(part, %error, cause, "a part is down");
    PartHealth::Down {
        reason: error.to_string(),
    }
}
