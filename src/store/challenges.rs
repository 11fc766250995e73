//! Challenges: one row for each run of the SMS code step. The counters change only by single statements, so that
//! they hold between nodes.

use diesel::dsl::{exists, min, not};
use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::{WrongLength, corrupt, count, optional, parsed};
use super::connection::on_either;
use super::moment::{from_micros, to_micros};
use super::schema::{challenges, requests};
use super::{AnyConnection, StoreError};
use crate::domain::challenge::{ChallengeEnd, Purpose, SmsState};
use crate::domain::id::{ChallengeId, SignerId};
use crate::domain::request::RequestState;

/// A challenge as it is stored. Without the browser's key, nothing in it helps to guess the code or to open the
/// secret.
#[derive(Clone)]
pub struct Challenge {
    /// Which one.
    pub id: ChallengeId,
    /// Whose phone gets the code.
    pub signer: SignerId,
    /// What the code confirms.
    pub purpose: Purpose,
    /// Digest of exactly what the code confirms.
    pub binding: [u8; 32],
    /// By which the browser's key is known again, also after the end. Says nothing of the key.
    pub key_check: [u8; 32],
    /// The citizen secret under the browser's key; gone when the challenge has ended.
    pub sealed_secret: Option<Vec<u8>>,
    /// MAC of the present code under the browser's key.
    pub code_mac: [u8; 32],
    /// Wrong codes still allowed.
    pub tries_left: u32,
    /// Messages made so far, the first one included.
    pub sms_count: u32,
    /// What became of the last message.
    pub sms_state: SmsState,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When the present code ends.
    pub expires_at: OffsetDateTime,
    /// How it ended, if it did.
    pub end: Option<ChallengeEnd>,
}

/// Adds a challenge.
pub fn insert(connection: &mut AnyConnection, challenge: &Challenge) -> Result<(), StoreError> {
    diesel::insert_into(challenges::table)
        .values((
            challenges::id.eq(challenge.id.to_string()),
            challenges::signer_id.eq(challenge.signer.to_string()),
            challenges::purpose.eq(challenge.purpose.name()),
            challenges::request_id.eq(challenge.purpose.request().map(|id| id.to_string())),
            challenges::binding.eq(challenge.binding.as_slice()),
            challenges::key_check.eq(challenge.key_check.as_slice()),
            challenges::sealed_secret.eq(challenge.sealed_secret.as_deref()),
            challenges::code_hash.eq(challenge.code_mac.as_slice()),
            challenges::tries_left.eq(stored(challenge.tries_left)),
            challenges::sms_count.eq(stored(challenge.sms_count)),
            challenges::sms_state.eq(challenge.sms_state.as_str()),
            challenges::created_at.eq(to_micros(challenge.created_at)),
            challenges::expires_at.eq(to_micros(challenge.expires_at)),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// By identifier, ended ones too.
pub fn find(
    connection: &mut AnyConnection,
    id: ChallengeId,
) -> Result<Option<Challenge>, StoreError> {
    let row: Option<Row> = on_either!(connection, inner => challenges::table
        .find(id.to_string())
        .select(Row::as_select())
        .first(inner)
        .optional())?;
    row.map(Challenge::try_from).transpose()
}

/// Takes one try, of a challenge that is open at `now`. `None` when it is not, or no try is left; otherwise the challenge
/// as it is after that. To be called within a transaction: the row stays locked until it ends.
pub fn take_try(
    connection: &mut AnyConnection,
    id: ChallengeId,
    now: OffsetDateTime,
) -> Result<Option<Challenge>, StoreError> {
    let open = challenges::table
        .find(id.to_string())
        .filter(challenges::ended_at.is_null())
        .filter(challenges::expires_at.gt(to_micros(now)))
        .filter(challenges::tries_left.gt(0));
    let taken = diesel::update(open).set(challenges::tries_left.eq(challenges::tries_left - 1));
    let row: Option<Row> = on_either!(connection, inner => taken
        .returning(Row::as_returning())
        .cached()
        .get_result(inner)
        .optional())?;
    row.map(Challenge::try_from).transpose()
}

/// Whether a challenge was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was, by this.
    Now,
    /// It had ended already.
    Before,
}

/// Ends a challenge and forgets its sealed secret. Does nothing when it has ended already.
pub fn end(
    connection: &mut AnyConnection,
    id: ChallengeId,
    how: ChallengeEnd,
    now: OffsetDateTime,
) -> Result<Ending, StoreError> {
    let ended = diesel::update(
        challenges::table
            .find(id.to_string())
            .filter(challenges::ended_at.is_null()),
    )
    .set((
        challenges::ended_at.eq(Some(to_micros(now))),
        challenges::outcome.eq(Some(how.as_str())),
        challenges::sealed_secret.eq(None::<Vec<u8>>),
    ))
    .cached()
    .execute(connection)?;
    Ok(ending(ended))
}

fn ending(rows: usize) -> Ending {
    if rows == 0 {
        Ending::Before
    } else {
        Ending::Now
    }
}

/// Ends all open challenges of a signer.
pub fn end_all(
    connection: &mut AnyConnection,
    signer: SignerId,
    how: ChallengeEnd,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    diesel::update(
        challenges::table
            .filter(challenges::signer_id.eq(signer.to_string()))
            .filter(challenges::ended_at.is_null()),
    )
    .set((
        challenges::ended_at.eq(Some(to_micros(now))),
        challenges::outcome.eq(Some(how.as_str())),
        challenges::sealed_secret.eq(None::<Vec<u8>>),
    ))
    .cached()
    .execute(connection)?;
    Ok(())
}

/// Ends a challenge by its right code, and gives back the try that the code has taken. Does nothing when it has ended
/// already.
pub fn confirm(
    connection: &mut AnyConnection,
    id: ChallengeId,
    now: OffsetDateTime,
) -> Result<Ending, StoreError> {
    let ended = diesel::update(
        challenges::table
            .find(id.to_string())
            .filter(challenges::ended_at.is_null()),
    )
    .set((
        challenges::tries_left.eq(challenges::tries_left + 1),
        challenges::ended_at.eq(Some(to_micros(now))),
        challenges::outcome.eq(Some(ChallengeEnd::Confirmed.as_str())),
        challenges::sealed_secret.eq(None::<Vec<u8>>),
    ))
    .cached()
    .execute(connection)?;
    Ok(ending(ended))
}

/// The fewest tries that are left of any challenge for a request, ended ones too. `None` when there was none, or
/// the purpose is about no request. To be called under the signer's lock, as tries are taken.
pub fn least_tries(
    connection: &mut AnyConnection,
    signer: SignerId,
    purpose: Purpose,
) -> Result<Option<u32>, StoreError> {
    let Some(request) = purpose.request() else {
        return Ok(None);
    };
    challenges::table
        .filter(challenges::signer_id.eq(signer.to_string()))
        .filter(challenges::purpose.eq(purpose.name()))
        .filter(challenges::request_id.eq(request.to_string()))
        .select(min(challenges::tries_left))
        .first::<Option<i32>>(connection)?
        .map(|least| count("a challenge's tries", least))
        .transpose()
}

/// Ends the open challenges of a signer for one purpose: a newer one takes their place. Gives the fewest tries that
/// were left of them. To be called under the signer's lock, as tries are taken.
pub fn supersede(
    connection: &mut AnyConnection,
    signer: SignerId,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Option<u32>, StoreError> {
    let open: Vec<(String, Option<String>, i32)> = challenges::table
        .filter(challenges::signer_id.eq(signer.to_string()))
        .filter(challenges::purpose.eq(purpose.name()))
        .filter(challenges::ended_at.is_null())
        .select((
            challenges::id,
            challenges::request_id,
            challenges::tries_left,
        ))
        .load(connection)?;
    let request = purpose.request().map(|id| id.to_string());
    let mut least = None;
    for (id, of, tries_left) in open {
        if of == request {
            let id = parsed("a challenge's id", &id)?;
            end(connection, id, ChallengeEnd::Superseded, now)?;
            let left = count("a challenge's tries", tries_left)?;
            least = Some(least.map_or(left, |least: u32| least.min(left)));
        }
    }
    Ok(least)
}

/// Whether a new code took the place of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// It did.
    Done,
    /// Something else happened to the challenge first.
    Overtaken,
}

/// Puts a new code in the place of the old one, unless the challenge ended or another new code came first. The
/// tries stay as they are.
pub fn replace_code(
    connection: &mut AnyConnection,
    seen: &Challenge,
    code_mac: &[u8; 32],
    expires_at: OffsetDateTime,
) -> Result<Replacement, StoreError> {
    let changed = diesel::update(
        challenges::table
            .find(seen.id.to_string())
            .filter(challenges::ended_at.is_null())
            .filter(challenges::sms_count.eq(stored(seen.sms_count))),
    )
    .set((
        challenges::code_hash.eq(code_mac.as_slice()),
        challenges::sms_count.eq(challenges::sms_count + 1),
        challenges::sms_state.eq(SmsState::Pending.as_str()),
        challenges::expires_at.eq(to_micros(expires_at)),
    ))
    .cached()
    .execute(connection)?;
    Ok(if changed == 0 {
        Replacement::Overtaken
    } else {
        Replacement::Done
    })
}

/// Notes what became of a challenge's message, unless it is not the last one any more.
pub fn set_sms_state(
    connection: &mut AnyConnection,
    id: ChallengeId,
    message: u32,
    state: SmsState,
) -> Result<(), StoreError> {
    diesel::update(
        challenges::table
            .find(id.to_string())
            .filter(challenges::sms_count.eq(stored(message))),
    )
    .set(challenges::sms_state.eq(state.as_str()))
    .cached()
    .execute(connection)?;
    Ok(())
}

/// The messages of one challenge.
#[derive(Debug, Clone, Copy)]
pub struct Messages {
    /// When the challenge was opened.
    pub opened_at: OffsetDateTime,
    /// How many were made.
    pub made: u32,
    /// What became of the last one. Of those before it nothing is known any more.
    pub last: SmsState,
}

/// The messages of a signer's challenges that were opened at `since` or later, the oldest first.
pub fn messages_since(
    connection: &mut AnyConnection,
    signer: SignerId,
    since: OffsetDateTime,
) -> Result<Vec<Messages>, StoreError> {
    let rows: Vec<(i64, i32, String)> = challenges::table
        .filter(challenges::signer_id.eq(signer.to_string()))
        .filter(challenges::created_at.ge(to_micros(since)))
        .order(challenges::created_at)
        .select((
            challenges::created_at,
            challenges::sms_count,
            challenges::sms_state,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(opened_at, made, last)| {
            Ok(Messages {
                opened_at: from_micros(opened_at)?,
                made: count("a challenge's messages", made)?,
                last: parsed("a challenge's message state", &last)?,
            })
        })
        .collect()
}

/// Forgets sealed secrets whose code ended before `now`, of at most `most` challenges. The number of them.
pub fn forget_secrets(
    connection: &mut AnyConnection,
    now: OffsetDateTime,
    most: i64,
) -> Result<usize, StoreError> {
    let over = diesel::alias!(challenges as over);
    let ids = over
        .filter(over.field(challenges::expires_at).le(to_micros(now)))
        .filter(over.field(challenges::sealed_secret).is_not_null())
        .order(over.field(challenges::expires_at))
        .limit(most)
        .select(over.field(challenges::id));
    let forgotten = diesel::update(challenges::table.filter(challenges::id.eq_any(ids)))
        .set(challenges::sealed_secret.eq(None::<Vec<u8>>))
        .execute(connection)?;
    Ok(forgotten)
}

/// Forgets challenges opened before `oldest` whose code ended before `now`, at most `most`, except those of requests that
/// still wait: their wrong codes count. The number of them.
pub fn forget(
    connection: &mut AnyConnection,
    now: OffsetDateTime,
    oldest: OffsetDateTime,
    most: i64,
) -> Result<usize, StoreError> {
    let old = diesel::alias!(challenges as old);
    // One that is being signed may be given back.
    let unfinished = [RequestState::Pending, RequestState::Signing].map(RequestState::as_str);
    let waiting = requests::table
        .filter(
            requests::id
                .nullable()
                .eq(old.field(challenges::request_id)),
        )
        .filter(requests::state.eq_any(unfinished));
    let ids = old
        .filter(old.field(challenges::created_at).lt(to_micros(oldest)))
        .filter(old.field(challenges::expires_at).le(to_micros(now)))
        .filter(not(exists(waiting)))
        .order(old.field(challenges::created_at))
        .limit(most)
        .select(old.field(challenges::id));
    let forgotten =
        diesel::delete(challenges::table.filter(challenges::id.eq_any(ids))).execute(connection)?;
    Ok(forgotten)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = challenges)]
struct Row {
    id: String,
    signer_id: String,
    purpose: String,
    request_id: Option<String>,
    binding: Vec<u8>,
    key_check: Vec<u8>,
    sealed_secret: Option<Vec<u8>>,
    code_hash: Vec<u8>,
    tries_left: i32,
    sms_count: i32,
    sms_state: String,
    created_at: i64,
    expires_at: i64,
    outcome: Option<String>,
}

impl TryFrom<Row> for Challenge {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let request = optional("a challenge's request", row.request_id.as_deref())?;
        let bytes = |what, bytes: &[u8]| {
            <[u8; 32]>::try_from(bytes)
                .ok()
                .ok_or_else(|| corrupt(what, WrongLength))
        };
        Ok(Self {
            id: parsed("a challenge's id", &row.id)?,
            signer: parsed("a challenge's signer", &row.signer_id)?,
            purpose: Purpose::from_parts(&row.purpose, request)
                .ok_or_else(|| corrupt("a challenge's purpose", UnknownPurpose))?,
            binding: bytes("a challenge's binding", &row.binding)?,
            key_check: bytes("a challenge's key check", &row.key_check)?,
            sealed_secret: row.sealed_secret,
            code_mac: bytes("a challenge's code", &row.code_hash)?,
            tries_left: count("a challenge's tries", row.tries_left)?,
            sms_count: count("a challenge's messages", row.sms_count)?,
            sms_state: parsed("a challenge's message state", &row.sms_state)?,
            created_at: from_micros(row.created_at)?,
            expires_at: from_micros(row.expires_at)?,
            end: optional("a challenge's end", row.outcome.as_deref())?,
        })
    }
}

/// A purpose this version does not know, or one with the wrong kind of reference.
#[derive(Debug, thiserror::Error)]
#[error("unknown purpose")]
struct UnknownPurpose;

fn stored(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
