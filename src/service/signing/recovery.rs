//! Ends what a stopped process left in the middle of signing.
//!
//! A SAD counts once, so nothing is signed again. A file that was stored is found under its known key and kept,
//! because only verified signatures are ever stored; what was not stored is failed. Running this twice, or on two
//! nodes at once, does no harm.

use time::OffsetDateTime;

use super::super::{Service, ServiceError};
use super::{Failure, Fate, Work, end_of, outcome_of, signed_key, step};
use crate::domain::algorithm::{DigestAlgorithm, Hasher};
use crate::domain::request::{
    Document, DocumentReason, DocumentState, RequestReason, RequestState, SignatureRequest,
    SignedDocument,
};
use crate::journal::{Entry, Event};
use crate::store;
use crate::store::requests::Transition;

/// Which left-over requests to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandoned {
    /// Those whose lease lapsed, and those of this node's own name: it has just started, so it signs nothing yet.
    AtStart,
    /// Those whose lease lapsed.
    Lapsed,
}

impl Service {
    /// Ends abandoned requests and gives how many there were.
    pub fn recover(&self, which: Abandoned) -> Result<usize, ServiceError> {
        let now = self.inner.ambient.now();
        let own = self.inner.node.to_string();
        let node = match which {
            Abandoned::AtStart => Some(own.as_str()),
            Abandoned::Lapsed => None,
        };
        let abandoned = self
            .inner
            .store
            .read(|connection| store::requests::abandoned(connection, now, node))?;
        let mut ended = 0;
        for request in abandoned {
            let lease = self.lease(now);
            let taken = self
                .inner
                .store
                .write(|connection| store::requests::take_over(connection, &request, &lease))?;
            if taken == Transition::Done {
                self.end_abandoned(&request)?;
                ended += 1;
            }
        }
        Ok(ended)
    }

    fn end_abandoned(&self, request: &SignatureRequest) -> Result<(), ServiceError> {
        let documents = self
            .inner
            .store
            .read(|connection| store::documents::of_request(connection, request.id))?;
        let mut work = Vec::with_capacity(documents.len());
        for document in documents {
            let fate = self.found(&document, request)?;
            work.push(Work { document, fate });
        }
        self.mark(&work)?;
        let (state, reason) = end_of(&work);
        let reason = reason.map(|_| RequestReason::Interrupted);
        let mut entry = Entry::new(Event::SignatureOutcome)
            .request(request.id)
            .signer(request.signer)
            .outcome(outcome_of(&work))
            .documents(work.iter().map(Work::entry).collect())
            .detail("found after a stop");
        entry.app = Some(request.app);
        entry.credential = request.credential;
        self.inner.journal.append(&[entry])?;
        self.finish(request.id, RequestState::Signing, state, reason)?;
        step("recovered");
        tracing::warn!(request = %request.id, %state, "a request left in the middle of signing was ended");
        Ok(())
    }

    /// What became of one document before the stop.
    fn found(&self, document: &Document, request: &SignatureRequest) -> Result<Fate, ServiceError> {
        let interrupted = || Fate::Failed(Failure::new(DocumentReason::Interrupted));
        match (document.state, &document.signed) {
            (DocumentState::Signed, Some(signed)) => return Ok(Fate::Signed(signed.clone())),
            (DocumentState::Failed, _) => {
                let reason = document.reason.unwrap_or(DocumentReason::Interrupted);
                return Ok(Fate::Failed(Failure {
                    reason,
                    detail: document.detail.clone(),
                }));
            }
            (DocumentState::Signed | DocumentState::Waiting | DocumentState::NotSigned, _) => {}
        }
        let key = signed_key(document);
        let Some(chunks) = self.inner.documents.chunks(&key)? else {
            return Ok(interrupted());
        };
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        for chunk in chunks {
            hasher.update(&chunk?);
        }
        Ok(Fate::Signed(SignedDocument {
            object_key: Some(key.to_string()),
            size: hasher.length(),
            sha256: hasher.finish(),
            signed_at: approved_at(request),
        }))
    }
}

fn approved_at(request: &SignatureRequest) -> OffsetDateTime {
    request.approved_at.unwrap_or(request.created_at)
}
