//! Signers: one row each. Also the counters of wrong passwords and wrong activation codes, which change only by
//! single statements, so that they hold between nodes.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::{WrongLength, corrupt, count, optional, parsed};
use super::connection::on_either;
use super::moment::{from_micros, to_micros};
use super::schema::{signers, unknown_tries};
use super::{AnyConnection, StoreError};
use crate::domain::factor::Factor;
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::level::{ProofingMethod, RegistrationLevel};
use crate::domain::person::PersonName;
use crate::domain::phone::Phone;
use crate::domain::secret::SealingKey;
use crate::domain::signer::Signer;

/// A try that was counted before its outcome is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedTry {
    /// More may come after it.
    OneOfMany,
    /// The last one allowed: counting it has made this block.
    Last(Block),
}

impl CountedTry {
    /// The block that counting it has made.
    pub fn block(self) -> Option<Block> {
        match self {
            Self::OneOfMany => None,
            Self::Last(block) => Some(block),
        }
    }
}

/// A signer that nobody else changes until the transaction ends.
#[derive(Debug, Clone)]
pub struct Locked {
    /// Who it is.
    pub signer: Signer,
    /// Wrong SMS codes since the last right one.
    pub wrong_codes: u32,
    /// When the first of those was given.
    pub wrong_codes_since: Option<OffsetDateTime>,
}

/// What became of a good try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The counter stands at nought again.
    Granted,
    /// Something else than this try blocked the account first.
    Blocked,
}

/// A block as it was made, by which it is told from a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    micros: i64,
    failures: i32,
}

/// Whether a block was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// It was, by this.
    Done,
    /// It was not there any more.
    Missed,
}

/// Adds a signer. A DNI or phone that is there already is a [`StoreError::Conflict`].
pub fn insert(connection: &mut AnyConnection, signer: &Signer) -> Result<(), StoreError> {
    diesel::insert_into(signers::table)
        .values(&Row::from(signer))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Writes every field of [`Signer`]; the counters stay. A phone that another signer has is a
/// [`StoreError::Conflict`].
pub fn update(connection: &mut AnyConnection, signer: &Signer) -> Result<(), StoreError> {
    diesel::update(signers::table.find(signer.id.to_string()))
        .set(&Row::from(signer))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// By reference.
pub fn find(connection: &mut AnyConnection, id: SignerId) -> Result<Option<Signer>, StoreError> {
    let row: Option<Row> = on_either!(connection, inner => signers::table
        .find(id.to_string())
        .select(Row::as_select())
        .first(inner)
        .optional())?;
    row.map(Signer::try_from).transpose()
}

/// By DNI or NIE; also one whose account was closed.
pub fn find_by_national_id(
    connection: &mut AnyConnection,
    national_id: &NationalId,
) -> Result<Option<Signer>, StoreError> {
    signers::table
        .filter(signers::national_id.eq(national_id.as_str()))
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(Signer::try_from)
        .transpose()
}

/// The one signer who has this phone.
pub fn find_by_phone(
    connection: &mut AnyConnection,
    phone: &Phone,
) -> Result<Option<Signer>, StoreError> {
    signers::table
        .filter(signers::phone.eq(phone.as_str()))
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(Signer::try_from)
        .transpose()
}

/// Keeps other transactions from passing this point for the same signer until this one ends. Whatever takes a signer's
/// right to sign away passes here, or changes the row itself, and so does the spending of a SAD: of both, one is first.
/// To be called within a transaction that may write; SQLite lets one at a time begin.
pub fn lock(connection: &mut AnyConnection, id: SignerId) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(inner) = connection {
        signers::table
            .find(id.to_string())
            .select(signers::id)
            .for_no_key_update()
            .first::<String>(inner)
            .optional()?;
    }
    Ok(())
}

/// The signer, under [`lock`].
pub fn find_locked(
    connection: &mut AnyConnection,
    id: SignerId,
) -> Result<Option<Locked>, StoreError> {
    let row: Option<LockedRow> = match connection {
        AnyConnection::Sqlite(inner) => signers::table
            .find(id.to_string())
            .select(LockedRow::as_select())
            .first(inner),
        AnyConnection::Postgres(inner) => signers::table
            .find(id.to_string())
            .select(LockedRow::as_select())
            .for_no_key_update()
            .first(inner),
    }
    .optional()?;
    row.map(Locked::try_from).transpose()
}

/// Counts a try before it is looked at; the last one allowed blocks at once, until it turns out to be right.
/// `None` when blocked already. To be called within a transaction.
pub fn count_try(
    connection: &mut AnyConnection,
    id: SignerId,
    factor: Factor,
    most: i32,
    now: OffsetDateTime,
) -> Result<Option<CountedTry>, StoreError> {
    let row = signers::table.find(id.to_string());
    let number: Option<i32> = match factor {
        Factor::Password => diesel::update(
            row.filter(signers::blocked_at.is_null())
                .filter(signers::password_failures.lt(most)),
        )
        .set(signers::password_failures.eq(signers::password_failures + 1))
        .returning(signers::password_failures)
        .cached()
        .get_result(connection)
        .optional()?,
        Factor::ActivationCode => diesel::update(
            row.filter(signers::activation_blocked_at.is_null())
                .filter(signers::activation_failures.lt(most)),
        )
        .set(signers::activation_failures.eq(signers::activation_failures + 1))
        .returning(signers::activation_failures)
        .cached()
        .get_result(connection)
        .optional()?,
    };
    let Some(number) = number else {
        return Ok(None);
    };
    if number < most {
        return Ok(Some(CountedTry::OneOfMany));
    }
    let block = Block {
        micros: to_micros(now),
        failures: number,
    };
    let row = signers::table.find(id.to_string());
    match factor {
        Factor::Password => diesel::update(row)
            .set(signers::blocked_at.eq(Some(block.micros)))
            .cached()
            .execute(connection)?,
        Factor::ActivationCode => diesel::update(row)
            .set(signers::activation_blocked_at.eq(Some(block.micros)))
            .cached()
            .execute(connection)?,
    };
    Ok(Some(CountedTry::Last(block)))
}

/// A counted try was right: sets the counter back and notes the access, unless the factor is blocked by anything but
/// the counting of this very try.
pub fn admit(
    connection: &mut AnyConnection,
    id: SignerId,
    factor: Factor,
    counted: CountedTry,
    now: OffsetDateTime,
) -> Result<Admission, StoreError> {
    let row = signers::table.find(id.to_string());
    let accessed = signers::last_access_at.eq(Some(to_micros(now)));
    // What is compared with NULL is never equal: a try without a block of its own takes none away.
    let (micros, failures) = counted
        .block()
        .map(|own| (own.micros, own.failures))
        .unzip();
    let changed = match factor {
        Factor::Password => diesel::update(
            row.filter(
                signers::blocked_at.is_null().or(signers::blocked_at
                    .eq(micros)
                    .and(signers::password_failures.nullable().eq(failures))),
            ),
        )
        .set((
            signers::password_failures.eq(0),
            signers::blocked_at.eq(None::<i64>),
            accessed,
        ))
        .cached()
        .execute(connection)?,
        Factor::ActivationCode => diesel::update(
            row.filter(
                signers::activation_blocked_at
                    .is_null()
                    .or(signers::activation_blocked_at
                        .eq(micros)
                        .and(signers::activation_failures.nullable().eq(failures))),
            ),
        )
        .set((
            signers::activation_failures.eq(0),
            signers::activation_blocked_at.eq(None::<i64>),
            accessed,
        ))
        .cached()
        .execute(connection)?,
    };
    Ok(if changed == 0 {
        Admission::Blocked
    } else {
        Admission::Granted
    })
}

/// Counts an SMS code as wrong before it is looked at: how many there are since the last right one and after `since`,
/// this one included.
pub fn count_wrong_code(
    connection: &mut AnyConnection,
    signer: &Locked,
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<u32, StoreError> {
    let (number, first) = match signer.wrong_codes_since {
        Some(first) if first > since => (signer.wrong_codes.saturating_add(1), first),
        Some(_) | None => (1, now),
    };
    diesel::update(signers::table.find(signer.signer.id.to_string()))
        .set((
            signers::code_failures.eq(i32::try_from(number).unwrap_or(i32::MAX)),
            signers::code_failures_since.eq(Some(to_micros(first))),
        ))
        .cached()
        .execute(connection)?;
    Ok(number)
}

/// Sets the count of wrong SMS codes back.
pub fn forget_wrong_codes(connection: &mut AnyConnection, id: SignerId) -> Result<(), StoreError> {
    diesel::update(
        signers::table
            .find(id.to_string())
            .filter(signers::code_failures.gt(0)),
    )
    .set((
        signers::code_failures.eq(0),
        signers::code_failures_since.eq(None::<i64>),
    ))
    .cached()
    .execute(connection)?;
    Ok(())
}

/// Blocks a factor because of what came after it, and counts as a wrong try of its own. To be called under [`lock`], for
/// a factor that is not blocked.
pub fn block(
    connection: &mut AnyConnection,
    id: SignerId,
    factor: Factor,
    now: OffsetDateTime,
) -> Result<Block, StoreError> {
    let row = signers::table.find(id.to_string());
    let micros = to_micros(now);
    let failures = match factor {
        Factor::Password => {
            diesel::update(row.clone())
                .set((
                    signers::password_failures.eq(signers::password_failures + 1),
                    signers::blocked_at.eq(Some(micros)),
                ))
                .cached()
                .execute(connection)?;
            row.select(signers::password_failures).first(connection)?
        }
        Factor::ActivationCode => {
            diesel::update(row.clone())
                .set((
                    signers::activation_failures.eq(signers::activation_failures + 1),
                    signers::activation_blocked_at.eq(Some(micros)),
                ))
                .cached()
                .execute(connection)?;
            row.select(signers::activation_failures).first(connection)?
        }
    };
    Ok(Block { micros, failures })
}

/// Takes away the block that [`block`] made, and the try it counted, unless it was taken away meanwhile: a later one
/// stays.
pub fn release(
    connection: &mut AnyConnection,
    id: SignerId,
    factor: Factor,
    block: Block,
) -> Result<Release, StoreError> {
    let row = signers::table.find(id.to_string());
    let released = match factor {
        Factor::Password => diesel::update(
            row.filter(signers::blocked_at.eq(Some(block.micros)))
                .filter(signers::password_failures.eq(block.failures)),
        )
        .set((
            signers::password_failures.eq(signers::password_failures - 1),
            signers::blocked_at.eq(None::<i64>),
        ))
        .cached()
        .execute(connection)?,
        Factor::ActivationCode => diesel::update(
            row.filter(signers::activation_blocked_at.eq(Some(block.micros)))
                .filter(signers::activation_failures.eq(block.failures)),
        )
        .set((
            signers::activation_failures.eq(signers::activation_failures - 1),
            signers::activation_blocked_at.eq(None::<i64>),
        ))
        .cached()
        .execute(connection)?,
    };
    Ok(if released == 0 {
        Release::Missed
    } else {
        Release::Done
    })
}

/// Sets a counter and the count of wrong SMS codes back, and takes the counter's block away.
pub fn unblock(
    connection: &mut AnyConnection,
    id: SignerId,
    factor: Factor,
) -> Result<(), StoreError> {
    let row = signers::table.find(id.to_string());
    match factor {
        Factor::Password => diesel::update(row)
            .set((
                signers::password_failures.eq(0),
                signers::blocked_at.eq(None::<i64>),
            ))
            .cached()
            .execute(connection)?,
        Factor::ActivationCode => diesel::update(row)
            .set((
                signers::activation_failures.eq(0),
                signers::activation_blocked_at.eq(None::<i64>),
            ))
            .cached()
            .execute(connection)?,
    };
    forget_wrong_codes(connection, id)
}

/// Notes that a password was chosen: the first one activates the account, any one unblocks it.
pub fn password_chosen(
    connection: &mut AnyConnection,
    id: SignerId,
    at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(), StoreError> {
    unblock(connection, id, Factor::Password)?;
    diesel::update(signers::table.find(id.to_string()))
        .set(signers::password_expires_at.eq(Some(to_micros(expires_at))))
        .cached()
        .execute(connection)?;
    diesel::update(
        signers::table
            .find(id.to_string())
            .filter(signers::activated_at.is_null()),
    )
    .set(signers::activated_at.eq(Some(to_micros(at))))
    .cached()
    .execute(connection)?;
    Ok(())
}

/// Counts a try with an identifier nobody has, or that is blocked. `any_byte` picks the row.
pub fn count_unknown_try(connection: &mut AnyConnection, any_byte: u8) -> Result<(), StoreError> {
    diesel::update(unknown_tries::table.find(i32::from(any_byte % 8)))
        .set(unknown_tries::tries.eq(unknown_tries::tries + 1))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// The columns of [`Signer`]; the counters are not among them.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = signers, treat_none_as_null = true)]
struct Row {
    id: String,
    national_id: String,
    given_name: String,
    surname1: String,
    surname2: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    language: String,
    method: String,
    level: String,
    proofed_at: i64,
    registered_at: i64,
    activated_at: Option<i64>,
    password_expires_at: Option<i64>,
    blocked_at: Option<i64>,
    activation_blocked_at: Option<i64>,
    last_access_at: Option<i64>,
    deregistered_at: Option<i64>,
    sealing_key: Vec<u8>,
}

impl From<&Signer> for Row {
    fn from(signer: &Signer) -> Self {
        Self {
            id: signer.id.to_string(),
            national_id: signer.national_id.as_str().to_owned(),
            given_name: signer.name.given().to_owned(),
            surname1: signer.name.surname1().to_owned(),
            surname2: signer.name.surname2().map(str::to_owned),
            phone: signer.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            email: signer.email.as_ref().map(|email| email.as_str().to_owned()),
            language: signer.language.to_string(),
            method: signer.method.to_string(),
            level: signer.level.to_string(),
            proofed_at: to_micros(signer.proofed_at.midnight().assume_utc()),
            registered_at: to_micros(signer.registered_at),
            activated_at: signer.activated_at.map(to_micros),
            password_expires_at: signer.password_expires_at.map(to_micros),
            blocked_at: signer.blocked_at.map(to_micros),
            activation_blocked_at: signer.activation_blocked_at.map(to_micros),
            last_access_at: signer.last_access_at.map(to_micros),
            deregistered_at: signer.deregistered_at.map(to_micros),
            sealing_key: signer.sealing_key.as_bytes().to_vec(),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = signers)]
struct LockedRow {
    #[diesel(embed)]
    signer: Row,
    code_failures: i32,
    code_failures_since: Option<i64>,
}

impl TryFrom<LockedRow> for Locked {
    type Error = StoreError;

    fn try_from(row: LockedRow) -> Result<Self, StoreError> {
        Ok(Self {
            signer: row.signer.try_into()?,
            wrong_codes: count("a signer's wrong codes", row.code_failures)?,
            wrong_codes_since: row.code_failures_since.map(from_micros).transpose()?,
        })
    }
}

impl TryFrom<Row> for Signer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let moment = |micros: Option<i64>| micros.map(from_micros).transpose();
        Ok(Self {
            id: parsed("a signer's id", &row.id)?,
            national_id: parsed("a signer's DNI or NIE", &row.national_id)?,
            name: PersonName::new(&row.given_name, &row.surname1, row.surname2.as_deref())
                .map_err(|error| corrupt("a signer's name", error))?,
            phone: optional("a signer's phone", row.phone.as_deref())?,
            email: optional("a signer's e-mail address", row.email.as_deref())?,
            language: parsed("a signer's language", &row.language)?,
            method: parsed::<ProofingMethod>("a signer's proofing method", &row.method)?,
            level: parsed::<RegistrationLevel>("a signer's level", &row.level)?,
            proofed_at: from_micros(row.proofed_at)?.date(),
            registered_at: from_micros(row.registered_at)?,
            activated_at: moment(row.activated_at)?,
            password_expires_at: moment(row.password_expires_at)?,
            blocked_at: moment(row.blocked_at)?,
            activation_blocked_at: moment(row.activation_blocked_at)?,
            last_access_at: moment(row.last_access_at)?,
            deregistered_at: moment(row.deregistered_at)?,
            sealing_key: SealingKey::from_slice(&row.sealing_key)
                .ok_or_else(|| corrupt("a signer's sealing key", WrongLength))?,
        })
    }
}
