//! One document on its way through signing, and what its fate means for its row, the journal and the request.

use crate::activation::ActivationError;
use crate::domain::key::ToSign;
use crate::domain::request::{
    Document, DocumentReason, RequestReason, RequestState, SignedDocument,
};
use crate::journal::{DocumentEntry, DocumentResult, Outcome};
use crate::store::{AnyConnection, StoreError, documents};

use super::prepared::Ready;

/// One document on its way, with what has become of it so far.
pub(super) struct Work {
    pub(super) document: Document,
    pub(super) fate: Fate,
}

/// What has become of a document.
pub(super) enum Fate {
    /// Nothing yet.
    Waiting,
    /// It waits for its value.
    Ready(Box<Ready>),
    /// Signed, verified and stored.
    Signed(SignedDocument),
    /// It is not signed.
    Failed(Failure),
}

/// Why one document is not signed; the others go on.
#[derive(Debug, Clone)]
pub(in crate::service) struct Failure {
    pub(in crate::service) reason: DocumentReason,
    pub(in crate::service) detail: Option<String>,
}

impl Failure {
    pub(super) fn new(reason: DocumentReason) -> Self {
        Self {
            reason,
            detail: None,
        }
    }

    pub(super) fn of(reason: DocumentReason, error: &dyn std::error::Error) -> Self {
        Self {
            reason,
            detail: Some(error.to_string()),
        }
    }
}

impl Work {
    pub(super) fn new(document: Document) -> Self {
        Self {
            document,
            fate: Fate::Waiting,
        }
    }

    pub(super) fn to_sign(&self) -> Option<ToSign> {
        match &self.fate {
            Fate::Ready(ready) => Some(ready.to_sign()),
            Fate::Waiting | Fate::Signed(_) | Fate::Failed(_) => None,
        }
    }

    pub(super) fn is_signed(&self) -> bool {
        matches!(self.fate, Fate::Signed(_))
    }

    /// It will not be signed, unless its fate was sealed before.
    pub(super) fn fail(&mut self, failure: &Failure) {
        if matches!(self.fate, Fate::Waiting | Fate::Ready(_)) {
            self.fate = Fate::Failed(failure.clone());
        }
    }

    /// Writes its fate into its row.
    pub(super) fn mark(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let id = self.document.id;
        match &self.fate {
            Fate::Signed(signed) => documents::mark_signed(connection, id, signed),
            Fate::Failed(failure) => {
                let detail = failure.detail.as_deref();
                documents::mark_failed(connection, id, failure.reason, detail)
            }
            Fate::Waiting | Fate::Ready(_) => Ok(()),
        }
    }

    pub(super) fn entry(&self) -> DocumentEntry {
        let to_sign = self.to_sign();
        DocumentEntry {
            id: self.document.id,
            sha256: self.document.sha256.clone(),
            size: self.document.size,
            format: self.document.options.format(),
            packaging: self.document.options.packaging(),
            scheme: to_sign.as_ref().map(|to_sign| to_sign.scheme),
            dtbs_r: to_sign.map(|to_sign| to_sign.dtbs_r.0),
            result: match &self.fate {
                Fate::Waiting | Fate::Ready(_) => None,
                Fate::Signed(signed) => Some(DocumentResult::Signed {
                    sha256: signed.sha256.clone(),
                    size: signed.size,
                }),
                Fate::Failed(failure) => Some(DocumentResult::Failed {
                    reason: failure.reason,
                    detail: failure.detail.clone(),
                }),
            },
        }
    }
}

/// What a missing value means for its document.
pub(super) fn reason_of(error: &ActivationError) -> DocumentReason {
    match error {
        ActivationError::BadSignature(_) => DocumentReason::SignatureNotVerified,
        error if error.is_temporary() => DocumentReason::HsmUnavailable,
        _ => DocumentReason::HsmRefused,
    }
}

pub(super) fn outcome_of(work: &[Work]) -> Outcome {
    match end_of(work) {
        (RequestState::Completed, None) => Outcome::Done,
        (_, reason) => Outcome::Failed {
            code: reason.map_or_else(String::new, |reason| reason.as_str().to_owned()),
        },
    }
}

pub(super) fn count(work: &[Work], took: time::Duration) {
    metrics::histogram!("rubrica_signing_seconds").record(took.as_seconds_f64());
    for Work { document, fate } in work {
        let outcome = match fate {
            Fate::Signed(_) => "signed",
            Fate::Waiting | Fate::Ready(_) | Fate::Failed(_) => "failed",
        };
        let format = document.options.format().as_str();
        metrics::counter!("rubrica_signatures_total", "format" => format, "outcome" => outcome)
            .increment(1);
    }
}

pub(super) fn end_of(work: &[Work]) -> (RequestState, Option<RequestReason>) {
    let signed = work.iter().filter(|work| work.is_signed()).count();
    let stopped = work.iter().any(|work| {
        matches!(&work.fate, Fate::Failed(failure) if failure.reason == DocumentReason::SignerCannotSign)
    });
    if stopped && signed == 0 {
        (RequestState::Failed, Some(RequestReason::SignerCannotSign))
    } else if signed == 0 {
        (RequestState::Failed, Some(RequestReason::NoDocumentSigned))
    } else if signed < work.len() {
        (
            RequestState::Completed,
            Some(RequestReason::SomeDocumentsFailed),
        )
    } else {
        (RequestState::Completed, None)
    }
}
