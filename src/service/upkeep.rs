//! What has to be done now and then: requests whose time is over, documents to delete, signing left unfinished.
//!
//! Every step may be done by any node, twice or at the same time as another node, without harm: changes of state
//! are compare-and-set, and deleting what is deleted does nothing.

use time::Duration;

use super::signing::Abandoned;
use super::{Service, ServiceError};
use crate::domain::object_key::ObjectKey;
use crate::domain::request::{RequestReason, RequestState, SignatureRequest};
use crate::journal::{Entry, Event};
use crate::store;
use crate::store::requests::Transition;

/// How many requests are taken at once; the rest comes with the next round.
const ROUND: i64 = 200;

/// An object nobody refers to is deleted after this long.
const ABANDONED: Duration = Duration::days(1);

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Requests that expired.
    pub expired: usize,
    /// Requests whose documents were deleted.
    pub deleted: usize,
    /// Requests left in the middle of signing that were ended.
    pub recovered: usize,
    /// Code steps whose secrets were forgotten.
    pub forgotten: usize,
    /// Revocation lists that were issued anew.
    pub published: usize,
}

impl Service {
    /// One round of everything.
    pub fn upkeep(&self) -> Result<Upkeep, ServiceError> {
        Ok(Upkeep {
            recovered: self.recover(Abandoned::Lapsed)?,
            expired: self.expire()?,
            deleted: self.delete_documents()?,
            forgotten: self.inner.identity.forget_expired()?,
            // Last, because it alone needs the HSM.
            published: self.publish_due_lists()?,
        })
    }

    /// Deletes objects that no document refers to: uploads that were given up, files whose process was killed before
    /// it recorded them. Only what is older than a day counts as left behind. Reads the whole object store, so once a
    /// day is enough.
    pub fn sweep(&self) -> Result<usize, ServiceError> {
        let before = self.inner.ambient.now() - ABANDONED;
        let mut swept = 0;
        self.inner.documents.written_before(before, &mut |key| {
            let known = self
                .inner
                .store
                .read(|connection| store::documents::knows_object(connection, &key.to_string()))?;
            if !known {
                self.inner.documents.delete(&key)?;
                swept += 1;
            }
            Ok::<_, ServiceError>(())
        })?;
        self.inner.documents.remove_unfinished(before)?;
        Ok(swept)
    }

    fn expire(&self) -> Result<usize, ServiceError> {
        let now = self.inner.ambient.now();
        let overdue = self
            .inner
            .store
            .read(|connection| store::requests::overdue(connection, now, ROUND))?;
        let mut expired = 0;
        for request in overdue {
            let reason = Some(RequestReason::LifetimeOver);
            let (from, to) = (RequestState::Pending, RequestState::Expired);
            if self.finish(request.id, from, to, reason)? == Transition::Done {
                self.inner
                    .journal
                    .append(&[about(&request, Event::RequestExpired)])?;
                expired += 1;
            }
        }
        Ok(expired)
    }

    fn delete_documents(&self) -> Result<usize, ServiceError> {
        let now = self.inner.ambient.now();
        let due = self
            .inner
            .store
            .read(|connection| store::requests::due_for_deletion(connection, now, ROUND))?;
        for request in &due {
            let documents = self
                .inner
                .store
                .read(|connection| store::documents::of_request(connection, request.id))?;
            for document in &documents {
                let original = document.object_key.as_deref();
                let keys = original.into_iter().filter_map(|key| key.parse().ok());
                for key in keys.chain([super::signing::signed_key(document)]) {
                    let key: ObjectKey = key;
                    self.inner.documents.delete(&key)?;
                }
            }
            self.inner.store.write(|connection| {
                store::documents::forget_objects(connection, request.id)?;
                store::requests::documents_deleted(connection, request.id, now)
            })?;
            self.inner
                .journal
                .append(&[about(request, Event::RequestDeleted)])?;
        }
        Ok(due.len())
    }
}

fn about(request: &SignatureRequest, event: Event) -> Entry {
    let mut entry = Entry::new(event).request(request.id).signer(request.signer);
    entry.app = Some(request.app);
    entry
}
