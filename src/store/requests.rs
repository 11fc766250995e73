//! Signature requests: one row each. Changes of state are compare-and-set statements, so that of two nodes or two
//! clicks exactly one wins.

use diesel::dsl::min;
use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::{corrupt, optional, parsed};
use super::connection::on_either;
use super::moment::{from_micros, to_micros};
use super::schema::{challenges, requests};
use super::{AnyConnection, StoreError};
use crate::domain::id::{AppId, ClaimId, CredentialId, RequestId};
use crate::domain::request::{
    Idempotency, IdempotencyKey, Lease, RequestReason, RequestState, SignatureRequest,
};

/// Adds a request. An idempotency key the app used before is a [`StoreError::Conflict`].
pub fn insert(
    connection: &mut AnyConnection,
    request: &SignatureRequest,
) -> Result<(), StoreError> {
    diesel::insert_into(requests::table)
        .values(&Row::from(request))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// By identifier.
pub fn find(
    connection: &mut AnyConnection,
    id: RequestId,
) -> Result<Option<SignatureRequest>, StoreError> {
    let row: Option<Row> = on_either!(connection, inner => requests::table
        .find(id.to_string())
        .select(Row::as_select())
        .first(inner)
        .optional())?;
    row.map(SignatureRequest::try_from).transpose()
}

/// What the app made with that idempotency key.
pub fn find_by_idempotency_key(
    connection: &mut AnyConnection,
    app: AppId,
    key: &IdempotencyKey,
) -> Result<Option<SignatureRequest>, StoreError> {
    requests::table
        .filter(requests::app_id.eq(app.to_string()))
        .filter(requests::idempotency_key.eq(key.as_str()))
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(SignatureRequest::try_from)
        .transpose()
}

/// The app's requests made before `before` (all when `None`), newest first, at most `most`.
pub fn list(
    connection: &mut AnyConnection,
    app: AppId,
    before: Option<RequestId>,
    most: i64,
) -> Result<Vec<SignatureRequest>, StoreError> {
    let mut query = requests::table
        .filter(requests::app_id.eq(app.to_string()))
        .order(requests::id.desc())
        .limit(most)
        .select(Row::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(requests::id.lt(before.to_string()));
    }
    all(query.load(connection)?)
}

/// What a change of state did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The request is in its new state.
    Done,
    /// It was not in the state it should have been in; nothing changed.
    Missed,
}

/// Ends a request that is not being signed: from the state it must be in to a final one, at that time. From now on counts
/// how long its documents stay.
pub fn finish(
    connection: &mut AnyConnection,
    id: RequestId,
    from: RequestState,
    to: RequestState,
    reason: Option<RequestReason>,
    at: OffsetDateTime,
) -> Result<Transition, StoreError> {
    let changed = diesel::update(
        requests::table
            .filter(requests::id.eq(id.to_string()))
            .filter(requests::state.eq(from.as_str()))
            .filter(requests::lease_holder.is_null()),
    )
    .set((
        requests::state.eq(to.as_str()),
        requests::reason.eq(reason.map(RequestReason::as_str)),
        requests::finished_at.eq(Some(to_micros(at))),
        requests::delete_at.eq(kept_from(at)),
    ))
    .cached()
    .execute(connection)?;
    Ok(transition(changed))
}

/// Ends a request that this process signs. Its lease is given back. From now on counts how long its documents stay.
pub fn conclude(
    connection: &mut AnyConnection,
    id: RequestId,
    holder: ClaimId,
    to: RequestState,
    reason: Option<RequestReason>,
    at: OffsetDateTime,
) -> Result<Transition, StoreError> {
    let changed = diesel::update(held(id, holder))
        .set((
            requests::state.eq(to.as_str()),
            requests::reason.eq(reason.map(RequestReason::as_str)),
            requests::finished_at.eq(Some(to_micros(at))),
            requests::delete_at.eq(kept_from(at)),
            requests::node.eq(None::<String>),
            requests::lease_holder.eq(None::<String>),
            requests::lease_claim.eq(None::<String>),
            requests::lease_until.eq(None::<i64>),
        ))
        .cached()
        .execute(connection)?;
    Ok(transition(changed))
}

/// Takes a pending request for signing: only one caller can, and only before it expires.
pub fn claim(
    connection: &mut AnyConnection,
    id: RequestId,
    credential: CredentialId,
    lease: &Lease,
    now: OffsetDateTime,
) -> Result<Transition, StoreError> {
    let changed = diesel::update(
        requests::table
            .filter(requests::id.eq(id.to_string()))
            .filter(requests::state.eq(RequestState::Pending.as_str()))
            .filter(requests::expires_at.gt(to_micros(now))),
    )
    .set((
        requests::state.eq(RequestState::Signing.as_str()),
        requests::reason.eq(None::<String>),
        requests::approved_at.eq(Some(to_micros(now))),
        requests::credential_id.eq(Some(credential.to_string())),
        requests::node.eq(Some(&lease.node)),
        requests::lease_holder.eq(Some(lease.holder.to_string())),
        requests::lease_claim.eq(Some(lease.claim.to_string())),
        requests::lease_until.eq(Some(to_micros(lease.until))),
    ))
    .cached()
    .execute(connection)?;
    Ok(transition(changed))
}

/// Notes what kept its signer from signing, on a request that waits for them, or that nothing does any more.
pub fn note_obstacle(
    connection: &mut AnyConnection,
    id: RequestId,
    reason: Option<RequestReason>,
) -> Result<Transition, StoreError> {
    let changed = diesel::update(
        requests::table
            .filter(requests::id.eq(id.to_string()))
            .filter(requests::state.eq(RequestState::Pending.as_str())),
    )
    .set(requests::reason.eq(reason.map(RequestReason::as_str)))
    .cached()
    .execute(connection)?;
    Ok(transition(changed))
}

/// Gives a request that this process signs back unsigned, so that its signer can approve it again, and says why.
pub fn release(
    connection: &mut AnyConnection,
    id: RequestId,
    holder: ClaimId,
    reason: Option<RequestReason>,
) -> Result<Transition, StoreError> {
    let changed = diesel::update(held(id, holder))
        .set((
            requests::state.eq(RequestState::Pending.as_str()),
            requests::reason.eq(reason.map(RequestReason::as_str)),
            requests::approved_at.eq(None::<i64>),
            requests::credential_id.eq(None::<String>),
            requests::node.eq(None::<String>),
            requests::lease_holder.eq(None::<String>),
            requests::lease_claim.eq(None::<String>),
            requests::lease_until.eq(None::<i64>),
        ))
        .cached()
        .execute(connection)?;
    Ok(transition(changed))
}

/// Holds a claim until then. `Missed` when this process no longer has it.
pub fn extend_lease(
    connection: &mut AnyConnection,
    id: RequestId,
    holder: ClaimId,
    until: OffsetDateTime,
) -> Result<Transition, StoreError> {
    let changed = diesel::update(held(id, holder))
        .set(requests::lease_until.eq(Some(to_micros(until))))
        .cached()
        .execute(connection)?;
    Ok(transition(changed))
}

/// Sees to it that this process still has the claim, and that nobody takes it over until the transaction ends.
pub fn keep_hold(
    connection: &mut AnyConnection,
    id: RequestId,
    holder: ClaimId,
) -> Result<Transition, StoreError> {
    let changed = diesel::update(held(id, holder))
        .set(requests::lease_until.eq(requests::lease_until))
        .cached()
        .execute(connection)?;
    Ok(transition(changed))
}

/// Takes over a claim that lapsed, if it is still as it was seen. Only one caller can. By which claim the request was
/// signed stays: what was done in its name is asked for by it.
pub fn take_over(
    connection: &mut AnyConnection,
    request: &SignatureRequest,
    lease: &Lease,
) -> Result<Transition, StoreError> {
    let Some(lapsed) = &request.lease else {
        return Ok(Transition::Missed);
    };
    let changed = diesel::update(
        requests::table
            .filter(requests::id.eq(request.id.to_string()))
            .filter(requests::state.eq(RequestState::Signing.as_str()))
            .filter(requests::lease_holder.eq(lapsed.holder.to_string()))
            .filter(requests::lease_until.eq(to_micros(lapsed.until))),
    )
    .set((
        requests::node.eq(Some(&lease.node)),
        requests::lease_holder.eq(Some(lease.holder.to_string())),
        requests::lease_until.eq(Some(to_micros(lease.until))),
    ))
    .cached()
    .execute(connection)?;
    Ok(transition(changed))
}

/// Requests whose signing was left unfinished: their lease lapsed.
pub fn abandoned(
    connection: &mut AnyConnection,
    now: OffsetDateTime,
) -> Result<Vec<SignatureRequest>, StoreError> {
    all(requests::table
        .filter(requests::state.eq(RequestState::Signing.as_str()))
        .filter(requests::lease_until.lt(Some(to_micros(now))))
        .select(Row::as_select())
        .load(connection)?)
}

/// When the oldest request was made that has not ended; `None` when all have.
pub fn oldest_open(connection: &mut AnyConnection) -> Result<Option<OffsetDateTime>, StoreError> {
    let mut oldest = None;
    // One state after the other: each is a range of the index.
    for state in [RequestState::Pending, RequestState::Signing] {
        let of_state: Option<i64> = requests::table
            .filter(requests::state.eq(state.as_str()))
            .select(min(requests::created_at))
            .first(connection)?;
        oldest = oldest.into_iter().chain(of_state).min();
    }
    oldest.map(from_micros).transpose()
}

/// Pending requests nobody approved in time, at most `most`.
pub fn overdue(
    connection: &mut AnyConnection,
    now: OffsetDateTime,
    most: i64,
) -> Result<Vec<SignatureRequest>, StoreError> {
    all(requests::table
        .filter(requests::state.eq(RequestState::Pending.as_str()))
        .filter(requests::expires_at.le(to_micros(now)))
        .order(requests::expires_at)
        .limit(most)
        .select(Row::as_select())
        .load(connection)?)
}

/// Pending requests whose time is not over and for which the signer has no wrong code left, at most `most`. A step that
/// is still open may just be looking at its last code, which may be right.
pub fn exhausted(
    connection: &mut AnyConnection,
    now: OffsetDateTime,
    most: i64,
) -> Result<Vec<SignatureRequest>, StoreError> {
    // From the challenges: there are few whose tries are used up, and very many requests may wait.
    all(challenges::table
        .inner_join(
            requests::table.on(requests::id
                .nullable()
                .eq(challenges::request_id)
                .and(requests::signer_id.eq(challenges::signer_id))),
        )
        .filter(challenges::tries_left.le(0))
        .filter(
            challenges::ended_at
                .is_not_null()
                .or(challenges::expires_at.le(to_micros(now))),
        )
        .filter(requests::state.eq(RequestState::Pending.as_str()))
        .filter(requests::expires_at.gt(to_micros(now)))
        .limit(most)
        .distinct()
        .select(Row::as_select())
        .load(connection)?)
}

/// Finished requests whose documents are due for deletion, at most `most`.
pub fn due_for_deletion(
    connection: &mut AnyConnection,
    now: OffsetDateTime,
    most: i64,
) -> Result<Vec<SignatureRequest>, StoreError> {
    all(requests::table
        .filter(requests::delete_at.le(to_micros(now)))
        .filter(requests::documents_deleted_at.is_null())
        .filter(requests::finished_at.is_not_null())
        .order(requests::delete_at)
        .limit(most)
        .select(Row::as_select())
        .load(connection)?)
}

/// Notes that a request's documents are gone, once.
pub fn documents_deleted(
    connection: &mut AnyConnection,
    id: RequestId,
    at: OffsetDateTime,
) -> Result<Transition, StoreError> {
    let request = requests::table
        .find(id.to_string())
        .filter(requests::documents_deleted_at.is_null());
    let changed = diesel::update(request)
        .set(requests::documents_deleted_at.eq(Some(to_micros(at))))
        .cached()
        .execute(connection)?;
    Ok(transition(changed))
}

type KeptFrom = diesel::dsl::Add<diesel::dsl::Sub<requests::delete_at, requests::expires_at>, i64>;

/// When the documents of a request that ends now are deleted. They stay for as long as they would have stayed after its
/// lifetime.
fn kept_from(end: OffsetDateTime) -> KeptFrom {
    requests::delete_at - requests::expires_at + to_micros(end)
}

type Held = diesel::helper_types::Filter<
    diesel::helper_types::Filter<
        diesel::helper_types::Filter<
            requests::table,
            diesel::helper_types::Eq<requests::id, String>,
        >,
        diesel::helper_types::Eq<requests::state, &'static str>,
    >,
    diesel::helper_types::Eq<requests::lease_holder, String>,
>;

/// A request that this process signs.
fn held(id: RequestId, holder: ClaimId) -> Held {
    requests::table
        .filter(requests::id.eq(id.to_string()))
        .filter(requests::state.eq(RequestState::Signing.as_str()))
        .filter(requests::lease_holder.eq(holder.to_string()))
}

fn transition(changed: usize) -> Transition {
    if changed == 1 {
        Transition::Done
    } else {
        Transition::Missed
    }
}

fn all(rows: Vec<Row>) -> Result<Vec<SignatureRequest>, StoreError> {
    rows.into_iter().map(SignatureRequest::try_from).collect()
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = requests)]
struct Row {
    id: String,
    app_id: String,
    signer_id: String,
    state: String,
    reason: Option<String>,
    title: Option<String>,
    language: String,
    return_url: Option<String>,
    idempotency_key: Option<String>,
    idempotency_hash: Option<Vec<u8>>,
    created_at: i64,
    expires_at: i64,
    approved_at: Option<i64>,
    finished_at: Option<i64>,
    delete_at: i64,
    credential_id: Option<String>,
    node: Option<String>,
    lease_holder: Option<String>,
    lease_claim: Option<String>,
    lease_until: Option<i64>,
}

impl From<&SignatureRequest> for Row {
    fn from(request: &SignatureRequest) -> Self {
        let idempotency = request.idempotency.as_ref();
        let lease = request.lease.as_ref();
        Self {
            id: request.id.to_string(),
            app_id: request.app.to_string(),
            signer_id: request.signer.to_string(),
            state: request.state.to_string(),
            reason: request.reason.map(|reason| reason.to_string()),
            title: request.title.clone(),
            language: request.language.to_string(),
            return_url: request.return_url.as_ref().map(ToString::to_string),
            idempotency_key: idempotency.map(|known| known.key.as_str().to_owned()),
            idempotency_hash: idempotency.map(|known| known.metadata_sha256.clone()),
            created_at: to_micros(request.created_at),
            expires_at: to_micros(request.expires_at),
            approved_at: request.approved_at.map(to_micros),
            finished_at: request.finished_at.map(to_micros),
            delete_at: to_micros(request.delete_at),
            credential_id: request.credential.map(|credential| credential.to_string()),
            node: lease.map(|lease| lease.node.clone()),
            lease_holder: lease.map(|lease| lease.holder.to_string()),
            lease_claim: lease.map(|lease| lease.claim.to_string()),
            lease_until: lease.map(|lease| to_micros(lease.until)),
        }
    }
}

impl TryFrom<Row> for SignatureRequest {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let idempotency = match (row.idempotency_key, row.idempotency_hash) {
            (Some(key), Some(metadata_sha256)) => Some(Idempotency {
                key: parsed("an idempotency key", &key)?,
                metadata_sha256,
            }),
            _ => None,
        };
        let lease = match (row.node, row.lease_holder, row.lease_claim, row.lease_until) {
            (Some(node), Some(holder), Some(claim), Some(until)) => Some(Lease {
                node,
                holder: parsed("the holder of a lease", &holder)?,
                claim: parsed("the claim of a lease", &claim)?,
                until: from_micros(until)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: parsed("a request's id", &row.id)?,
            app: parsed("a request's app", &row.app_id)?,
            signer: parsed("a request's signer", &row.signer_id)?,
            state: parsed("a request's state", &row.state)?,
            reason: optional("a request's reason", row.reason.as_deref())?,
            title: row.title,
            language: parsed("a request's language", &row.language)?,
            return_url: row
                .return_url
                .map(|url| url.parse())
                .transpose()
                .map_err(|error: url::ParseError| corrupt("a return address", error))?,
            idempotency,
            created_at: from_micros(row.created_at)?,
            expires_at: from_micros(row.expires_at)?,
            approved_at: row.approved_at.map(from_micros).transpose()?,
            finished_at: row.finished_at.map(from_micros).transpose()?,
            delete_at: from_micros(row.delete_at)?,
            credential: optional("a request's credential", row.credential_id.as_deref())?,
            lease,
        })
    }
}
