//! What has to be done now and then: requests whose time is over, documents to delete, signing left unfinished.
//!
//! One node at a time does it (see `service::nodes`). Every step may all the same be done by any node, twice or at the same
//! time as another, without harm: changes of state are compare-and-set, and deleting what is deleted does nothing.

use std::collections::HashSet;
use std::slice;

use time::{Duration, OffsetDateTime};

use super::{Service, ServiceError};
use crate::domain::object_key::ObjectKey;
use crate::domain::request::{RequestReason, RequestState, SignatureRequest};
use crate::journal::{Entry, Event};
use crate::store::requests::Transition;
use crate::store::{self, StoreError};

/// How many requests are taken at once; the rest comes with the next round.
const ROUND: i64 = 200;

/// Of so many requests it is put on record in one transaction that their documents are gone: all others of this node wait
/// for it.
const RECORDED_TOGETHER: usize = 20;

/// Accounts that were closed longer ago are looked at once a day and not in each round.
const CLOSED_LATELY: Duration = Duration::days(30);

/// An object nobody refers to is deleted after this long.
const ABANDONED: Duration = Duration::days(1);

/// What one round did, and what it could not do.
#[derive(Debug, Default)]
pub struct Upkeep {
    /// Closed accounts that still had credentials; these were revoked.
    pub revoked: usize,
    /// Requests that were refused because no wrong code was left, by a process that stopped before it said so.
    pub refused: usize,
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
    /// Whether there is more than a round takes.
    pub left: Left,
    /// What failed. It kept nothing else from being done, and the next round tries it again.
    pub failed: Vec<ServiceError>,
}

/// What a round left to the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Left {
    /// Nothing that is known of.
    #[default]
    Nothing,
    /// More of the same: the next round need not wait.
    Something,
}

impl Upkeep {
    /// What a step gave, or none of it and the failure on the list.
    fn done(&mut self, step: Result<usize, ServiceError>) -> usize {
        step.unwrap_or_else(|error| {
            self.failed.push(error);
            0
        })
    }

    /// Does the same with each item and counts those that were done; one that fails keeps no other from its turn.
    fn each<T>(
        &mut self,
        items: Result<Vec<T>, StoreError>,
        work: impl Fn(&T) -> Result<Transition, ServiceError>,
    ) -> usize {
        let items = items.unwrap_or_else(|error| {
            self.failed.push(error.into());
            Vec::new()
        });
        if i64::try_from(items.len()).is_ok_and(|taken| taken >= ROUND) {
            self.left = Left::Something;
        }
        let mut done = 0;
        for item in &items {
            match work(item) {
                Ok(Transition::Done) => done += 1,
                Ok(Transition::Missed) => {}
                Err(error) => self.failed.push(error),
            }
        }
        done
    }
}

impl Service {
    /// One round of everything.
    pub fn upkeep(&self) -> Upkeep {
        let mut round = Upkeep::default();
        // Who relies on a certificate notices first when its list is late.
        round.published = round.done(self.publish_due_lists());
        round.recovered = round.done(self.recover());
        let lately = self.inner.ambient.now() - CLOSED_LATELY;
        round.revoked = self.revoke_of_closed(&mut round, lately);
        round.refused = self.refuse_exhausted_requests(&mut round);
        round.expired = self.expire(&mut round);
        round.deleted = self.delete_documents(&mut round);
        round.forgotten = round.done(self.inner.identity.forget_expired().map_err(Into::into));
        // Last: what the steps before deleted goes with the rest.
        let erased = self.inner.store.erase_remnants();
        round.done(erased.map(|()| 0).map_err(Into::into));
        round
    }

    /// Looks once more at all accounts that were ever closed, as each round does at those that were closed lately. Reads
    /// something of each of them, so once a day is enough.
    pub fn look_at_all_closed(&self) -> Upkeep {
        let mut round = Upkeep::default();
        round.revoked = self.revoke_of_closed(&mut round, OffsetDateTime::UNIX_EPOCH);
        round
    }

    /// Deletes objects that no document refers to: uploads that were given up, files whose process was killed before
    /// it recorded them. Only what is older than a day counts as left behind. Reads the whole object store, so once a
    /// day is enough.
    pub fn sweep(&self) -> Result<usize, ServiceError> {
        let before = self.inner.ambient.now() - ABANDONED;
        // Signed files of requests that are not ended yet have no row that names them.
        let unfinished: HashSet<_> = self
            .inner
            .store
            .read(store::documents::in_signing)?
            .iter()
            .map(super::signing::signed_key)
            .collect();
        let mut swept = 0;
        self.inner.documents.written_before(before, &mut |key| {
            let known = self
                .inner
                .store
                .read(|connection| store::documents::knows_object(connection, &key.to_string()))?;
            if !known && !unfinished.contains(&key) {
                self.inner.documents.delete(&key)?;
                swept += 1;
            }
            Ok::<_, ServiceError>(())
        })?;
        self.inner.documents.remove_unfinished(before)?;
        Ok(swept)
    }

    /// Revokes what is left to accounts that are closed. Closing leaves nothing; this is the second look.
    fn revoke_of_closed(&self, round: &mut Upkeep, since: OffsetDateTime) -> usize {
        let left = self
            .inner
            .store
            .read(|connection| store::credentials::left_to_closed(connection, since, ROUND));
        round.each(left, |id| {
            let Some(signer) = self.inner.identity.signer(*id)? else {
                return Ok(Transition::Missed);
            };
            Ok(match self.revoke_left(&signer)? {
                0 => Transition::Missed,
                _ => Transition::Done,
            })
        })
    }

    /// Refuses requests whose last wrong code was counted, and whose process stopped before it refused them.
    fn refuse_exhausted_requests(&self, round: &mut Upkeep) -> usize {
        let now = self.inner.ambient.now();
        let left = self
            .inner
            .store
            .read(|connection| store::requests::exhausted(connection, now, ROUND));
        round.each(left, |request| self.refuse_exhausted(request))
    }

    fn expire(&self, round: &mut Upkeep) -> usize {
        let now = self.inner.ambient.now();
        let overdue = self
            .inner
            .store
            .read(|connection| store::requests::overdue(connection, now, ROUND));
        round.each(overdue, |request| {
            let entry = self.about(request, Event::RequestExpired)?;
            let reason = RequestReason::LifetimeOver;
            self.end_pending(request.id, RequestState::Expired, reason, entry)
        })
    }

    /// All in one go, which a bucket does as fast as a single one. When that fails, each has its own turn.
    fn delete_documents(&self, round: &mut Upkeep) -> usize {
        let now = self.inner.ambient.now();
        let due = self
            .inner
            .store
            .read(|connection| store::requests::due_for_deletion(connection, now, ROUND));
        let together = due
            .as_ref()
            .is_ok_and(|due| self.delete_documents_of(due, now).is_ok());
        round.each(due, |request| {
            let by_this = together || self.delete_documents_of(slice::from_ref(request), now)? > 0;
            Ok(if by_this {
                Transition::Done
            } else {
                Transition::Missed
            })
        })
    }

    /// Gives of how many requests nobody else did it meanwhile.
    fn delete_documents_of(
        &self,
        requests: &[SignatureRequest],
        now: OffsetDateTime,
    ) -> Result<usize, ServiceError> {
        let documents = self.inner.store.read::<_, StoreError>(|connection| {
            let mut documents = Vec::new();
            for request in requests {
                documents.extend(store::documents::of_request(connection, request.id)?);
            }
            Ok(documents)
        })?;
        let keys = documents.iter().flat_map(|document| {
            let original = document.object_key.as_deref();
            let original: Option<ObjectKey> = original.and_then(|key| key.parse().ok());
            original
                .into_iter()
                .chain([super::signing::signed_key(document)])
        });
        self.inner.documents.delete_all(keys)?;
        let mut done = 0;
        for requests in requests.chunks(RECORDED_TOGETHER) {
            let with_entry = |request| Ok((request, self.about(request, Event::RequestDeleted)?));
            let told: Vec<_> = requests
                .iter()
                .map(with_entry)
                .collect::<Result<_, ServiceError>>()?;
            done += self.inner.journal.recording(|connection| {
                let mut entries = Vec::new();
                for (request, entry) in told {
                    let forgotten =
                        store::requests::documents_deleted(connection, request.id, now)?;
                    if forgotten == Transition::Done {
                        store::documents::forget_objects(connection, request.id)?;
                        entries.push(entry);
                    }
                }
                Ok::<_, ServiceError>((entries.len(), entries))
            })?;
        }
        Ok(done)
    }

    /// An entry of the server's own about a request and its app.
    pub(super) fn about(
        &self,
        request: &SignatureRequest,
        event: Event,
    ) -> Result<Entry, ServiceError> {
        let app = self
            .inner
            .store
            .read(|connection| store::apps::find(connection, request.app))?;
        let entry = Entry::new(event).request(request.id).signer(request.signer);
        Ok(match app {
            Some(app) => entry.app(app.id, app.name.as_str()),
            None => Entry {
                app: Some(request.app),
                ..entry
            },
        })
    }
}
