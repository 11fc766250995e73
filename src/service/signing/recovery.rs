//! Ends what a stopped process left in the middle of signing.
//!
//! A SAD counts once, so nothing is signed again. A file that was stored is found under its known key and kept,
//! because only verified signatures are ever stored; what was not stored is failed. Running this twice, or on two
//! nodes at once, does no harm.

use time::OffsetDateTime;

use super::super::{Service, ServiceError};
use super::{Failure, Fate, Hold, Work, end_of, outcome_of, signed_key, step};
use crate::domain::request::{
    Document, DocumentReason, DocumentState, RequestReason, SignatureRequest, SignedDocument,
};
use crate::journal::{Entry, Event};
use crate::store;
use crate::store::requests::Transition;

impl Service {
    /// Ends requests whose process gave no sign of life until its lease ran out, and gives how many there were. One
    /// that cannot be ended now keeps no other from its turn; it is tried again when this lease has run out.
    pub fn recover(&self) -> Result<usize, ServiceError> {
        let now = self.inner.ambient.now();
        let abandoned = self
            .inner
            .store
            .read(|connection| store::requests::abandoned(connection, now))?;
        let mut ended = 0;
        for request in abandoned {
            match self.take_over(&request) {
                Ok(Transition::Done) => ended += 1,
                Ok(Transition::Missed) => {}
                Err(error) => {
                    tracing::error!(request = %request.id, %error, "a request left in the middle of signing cannot be ended");
                }
            }
        }
        Ok(ended)
    }

    fn take_over(&self, request: &SignatureRequest) -> Result<Transition, ServiceError> {
        let lease = self.lease(self.inner.ambient.now());
        let taken = self
            .inner
            .store
            .write(|connection| store::requests::take_over(connection, request, &lease))?;
        if taken == Transition::Missed {
            return Ok(taken);
        }
        let _hold = Hold::keep(self, request.id);
        self.end_abandoned(request)
    }

    fn end_abandoned(&self, request: &SignatureRequest) -> Result<Transition, ServiceError> {
        let documents = self
            .inner
            .store
            .read(|connection| store::documents::of_request(connection, request.id))?;
        let mut work = Vec::with_capacity(documents.len());
        for document in documents {
            let fate = self.found(&document, request)?;
            work.push(Work { document, fate });
        }
        if self.mark(request.id, &work)? == Transition::Missed {
            return Ok(Transition::Missed);
        }
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
        let ended = self.conclude(request.id, state, reason)?;
        step("recovered");
        tracing::warn!(request = %request.id, %state, "a request left in the middle of signing was ended");
        Ok(ended)
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
        let Some(file) = self.inner.documents.measure(&key)? else {
            return Ok(interrupted());
        };
        Ok(Fate::Signed(SignedDocument {
            object_key: Some(key.to_string()),
            size: file.size,
            sha256: file.sha256,
            signed_at: approved_at(request),
        }))
    }
}

fn approved_at(request: &SignatureRequest) -> OffsetDateTime {
    request.approved_at.unwrap_or(request.created_at)
}
