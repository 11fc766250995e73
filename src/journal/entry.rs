//! What goes into one entry.

use serde::{Serialize, Serializer};

use super::archive::Archive;
use super::event::{Event, FactorUsed};
use crate::domain::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use crate::domain::browser::UserAgent;
use crate::domain::document::{Format, Packaging};
use crate::domain::id::{AppId, CredentialId, DocumentId, RequestId, SadId, SignerId};
use crate::domain::request::DocumentReason;

/// Longest free text kept, in characters.
const MOST_TEXT: usize = 1000;

/// One event and its circumstances.
///
/// No secret and no DNI or NIE goes in here: the citizen is a [`SignerId`], a code is named and never quoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What happened. A column of its own.
    #[serde(skip)]
    pub event: Event,
    /// The signature request it is about. A column of its own.
    #[serde(skip)]
    pub request: Option<RequestId>,
    /// Who did it.
    pub actor: Actor,
    /// How it ended.
    pub outcome: Outcome,
    /// The app whose request it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// That app's name at this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// The citizen, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerId>,
    /// The credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// Serial number of its certificate, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_serial: Option<String>,
    /// The kind of key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyAlgorithm>,
    /// The signature activation data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sad: Option<SadId>,
    /// With what the citizen proved to be the one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<FactorUsed>,
    /// The documents, in the order of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentEntry>,
    /// The citizen's browser (`User-Agent`), as far as it told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// What was archived of the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchiveEntry>,
    /// What else there is to say, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Actor {
    /// An app, through the API.
    App {
        /// Which one.
        id: AppId,
    },
    /// A citizen who proved to be the one.
    Signer {
        /// Which one.
        id: SignerId,
    },
    /// Somebody in a browser of whom no more is known.
    Visitor,
    /// Somebody at the command line of the server.
    Administrator {
        /// The account there.
        name: String,
    },
    /// The server by itself.
    Server,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// It is about to happen.
    Intended,
    /// It was done.
    Done,
    /// It was not allowed.
    Refused {
        /// Why, by its stable code.
        code: String,
    },
    /// It went wrong.
    Failed {
        /// Why, by its stable code.
        code: String,
    },
}

/// One document of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentEntry {
    /// Which one.
    pub id: DocumentId,
    /// SHA-256 of the document as it was sent, hexadecimal.
    #[serde(serialize_with = "hexadecimal")]
    pub sha256: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// The signature's format.
    pub format: Format,
    /// Where a CAdES signature keeps the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packaging: Option<Packaging>,
    /// How the signature value is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SignatureScheme>,
    /// The digest the HSM signs, hexadecimal.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "hexadecimal_if_any"
    )]
    pub dtbs_r: Option<Digest>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<DocumentResult>,
}

/// What became of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum DocumentResult {
    /// It is signed and stored.
    Signed {
        /// SHA-256 of the signed file, hexadecimal.
        #[serde(serialize_with = "hexadecimal")]
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    },
    /// It is not signed.
    Failed {
        /// Why.
        reason: DocumentReason,
        /// What exactly was found.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

/// A part of a chain that was archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveEntry {
    /// Whose chain.
    pub node: String,
    /// The first row.
    pub first: i64,
    /// The last row.
    pub last: i64,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

impl Entry {
    /// Something the server did by itself and that was done; the methods below tell it otherwise.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            request: None,
            actor: Actor::Server,
            outcome: Outcome::Done,
            app: None,
            app_name: None,
            signer: None,
            credential: None,
            certificate_serial: None,
            key: None,
            sad: None,
            factors: Vec::new(),
            documents: Vec::new(),
            browser: None,
            archive: None,
            detail: None,
        }
    }

    /// Who did it.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// How it ended, when it was not done.
    #[must_use]
    pub fn outcome(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// The request it is about.
    #[must_use]
    pub fn request(self, request: RequestId) -> Self {
        Self {
            request: Some(request),
            ..self
        }
    }

    /// The app it is about, with its name at this moment.
    #[must_use]
    pub fn app(self, app: AppId, name: &str) -> Self {
        Self {
            app: Some(app),
            app_name: Some(shortened(name)),
            ..self
        }
    }

    /// The citizen it is about.
    #[must_use]
    pub fn signer(self, signer: SignerId) -> Self {
        Self {
            signer: Some(signer),
            ..self
        }
    }

    /// The credential it is about and the serial number of its certificate (hexadecimal), once there is one.
    #[must_use]
    pub fn credential(
        self,
        credential: CredentialId,
        key: KeyAlgorithm,
        certificate_serial: Option<&str>,
    ) -> Self {
        Self {
            credential: Some(credential),
            key: Some(key),
            certificate_serial: certificate_serial.map(shortened),
            ..self
        }
    }

    /// The signature activation data.
    #[must_use]
    pub fn sad(self, sad: SadId) -> Self {
        Self {
            sad: Some(sad),
            ..self
        }
    }

    /// With what the citizen proved to be the one.
    #[must_use]
    pub fn factors(self, factors: &[FactorUsed]) -> Self {
        Self {
            factors: factors.to_vec(),
            ..self
        }
    }

    /// The documents it is about.
    #[must_use]
    pub fn documents(self, documents: Vec<DocumentEntry>) -> Self {
        Self { documents, ..self }
    }

    /// The citizen's browser, as far as it told.
    #[must_use]
    pub fn browser(self, user_agent: Option<&UserAgent>) -> Self {
        Self {
            browser: user_agent.map(|agent| agent.as_str().to_owned()),
            ..self
        }
    }

    /// What was archived of the journal.
    #[must_use]
    pub fn archive(self, archive: &Archive) -> Self {
        Self {
            archive: Some(ArchiveEntry {
                node: archive.end.node.clone(),
                first: archive.first,
                last: archive.end.seq,
                hash: hex::encode(archive.end.hash),
                sha256: hex::encode(archive.sha256),
            }),
            ..self
        }
    }

    /// What else there is to say. Free of secrets and of DNI and NIE.
    #[must_use]
    pub fn detail(self, text: &str) -> Self {
        Self {
            detail: Some(shortened(text)),
            ..self
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MOST_TEXT).collect()
}

fn hexadecimal<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&digest.to_hex())
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn hexadecimal_if_any<S: Serializer>(
    digest: &Option<Digest>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match digest {
        Some(digest) => hexadecimal(digest, serializer),
        None => serializer.serialize_none(),
    }
}
