//! Apps, and what they identify themselves with: digests of tokens, fingerprints of client certificates.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::{corrupt, parsed};
use super::connection::on_either;
use super::moment::{from_micros, to_micros};
use super::schema::{app_certificates, app_tokens, apps};
use super::{AnyConnection, StoreError};
use crate::domain::algorithm::Digest;
use crate::domain::app::{App, ReturnPrefix};
use crate::domain::id::AppId;

#[derive(Queryable, Insertable)]
#[diesel(table_name = apps)]
struct Row {
    id: String,
    name: String,
    return_urls: String,
    created_at: i64,
    disabled_at: Option<i64>,
}

/// What an app gets in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKind {
    /// A bearer token.
    Token,
    /// A client certificate.
    Certificate,
}

/// One token or client certificate, known by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Which of both.
    pub kind: AccessKind,
    /// SHA-256 over the token or the certificate in DER, in hexadecimal. No secret: a token cannot be found from it.
    pub sha256: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when, when it ends.
    pub expires_at: Option<OffsetDateTime>,
}

/// Adds an app. A name that is taken is a [`StoreError::Conflict`].
pub fn insert(connection: &mut AnyConnection, app: &App) -> Result<(), StoreError> {
    diesel::insert_into(apps::table)
        .values(Row::from(app))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// The app with that identifier.
pub fn find(connection: &mut AnyConnection, id: AppId) -> Result<Option<App>, StoreError> {
    let row: Option<Row> = on_either!(connection, inner => apps::table
        .find(id.to_string())
        .first(inner)
        .optional())?;
    row.map(App::try_from).transpose()
}

/// The app with that name.
pub fn find_by_name(connection: &mut AnyConnection, name: &str) -> Result<Option<App>, StoreError> {
    apps::table
        .filter(apps::name.eq(name))
        .first::<Row>(connection)
        .optional()?
        .map(App::try_from)
        .transpose()
}

/// All apps, by name.
pub fn list(connection: &mut AnyConnection) -> Result<Vec<App>, StoreError> {
    apps::table
        .order(apps::name)
        .load::<Row>(connection)?
        .into_iter()
        .map(App::try_from)
        .collect()
}

/// Replaces the list of addresses the app may send browsers back to, and touches nothing else.
pub fn set_return_urls(
    connection: &mut AnyConnection,
    id: AppId,
    urls: &[ReturnPrefix],
) -> Result<(), StoreError> {
    diesel::update(apps::table.find(id.to_string()))
        .set(apps::return_urls.eq(list_of(urls)))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Shuts the app out from that time on, and touches nothing else. One that is shut out stays so since when it was.
pub fn disable(
    connection: &mut AnyConnection,
    id: AppId,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    diesel::update(apps::table.find(id.to_string()))
        .filter(apps::disabled_at.is_null())
        .set(apps::disabled_at.eq(to_micros(at)))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Lets the app in again, and touches nothing else.
pub fn enable(connection: &mut AnyConnection, id: AppId) -> Result<(), StoreError> {
    diesel::update(apps::table.find(id.to_string()))
        .set(apps::disabled_at.eq(None::<i64>))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Lets the app in with a token of that SHA-256.
pub fn add_token(
    connection: &mut AnyConnection,
    app: AppId,
    hash: &[u8],
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    diesel::insert_into(app_tokens::table)
        .values((
            app_tokens::hash.eq(hash),
            app_tokens::app_id.eq(app.to_string()),
            app_tokens::created_at.eq(to_micros(at)),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Lets the app in with a client certificate of that SHA-256, until the given time.
pub fn add_certificate(
    connection: &mut AnyConnection,
    app: AppId,
    fingerprint: &Digest,
    at: OffsetDateTime,
    until: Option<OffsetDateTime>,
) -> Result<(), StoreError> {
    diesel::insert_into(app_certificates::table)
        .values((
            app_certificates::fingerprint.eq(fingerprint.bytes()),
            app_certificates::app_id.eq(app.to_string()),
            app_certificates::created_at.eq(to_micros(at)),
            app_certificates::expires_at.eq(until.map(to_micros)),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Ends the app's present tokens and certificates at that time, unless they end before. Gives how many were
/// changed.
pub fn end_access(
    connection: &mut AnyConnection,
    app: AppId,
    until: OffsetDateTime,
) -> Result<usize, StoreError> {
    let until = to_micros(until);
    let tokens = diesel::update(
        app_tokens::table.filter(
            app_tokens::app_id.eq(app.to_string()).and(
                app_tokens::expires_at
                    .is_null()
                    .or(app_tokens::expires_at.gt(until)),
            ),
        ),
    )
    .set(app_tokens::expires_at.eq(until))
    .cached()
    .execute(connection)?;
    let certificates = diesel::update(
        app_certificates::table.filter(
            app_certificates::app_id.eq(app.to_string()).and(
                app_certificates::expires_at
                    .is_null()
                    .or(app_certificates::expires_at.gt(until)),
            ),
        ),
    )
    .set(app_certificates::expires_at.eq(until))
    .cached()
    .execute(connection)?;
    Ok(tokens.saturating_add(certificates))
}

/// The app that a token with that SHA-256 lets in at that time.
pub fn by_token(
    connection: &mut AnyConnection,
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<App>, StoreError> {
    apps::table
        .inner_join(app_tokens::table)
        .filter(app_tokens::hash.eq(hash))
        .filter(
            app_tokens::expires_at
                .is_null()
                .or(app_tokens::expires_at.gt(to_micros(now))),
        )
        .select(apps::all_columns)
        .first::<Row>(connection)
        .optional()?
        .map(App::try_from)
        .transpose()
}

/// The app that a client certificate with that SHA-256 lets in at that time.
pub fn by_certificate(
    connection: &mut AnyConnection,
    fingerprint: &Digest,
    now: OffsetDateTime,
) -> Result<Option<App>, StoreError> {
    apps::table
        .inner_join(app_certificates::table)
        .filter(app_certificates::fingerprint.eq(fingerprint.bytes()))
        .filter(
            app_certificates::expires_at
                .is_null()
                .or(app_certificates::expires_at.gt(to_micros(now))),
        )
        .select(apps::all_columns)
        .first::<Row>(connection)
        .optional()?
        .map(App::try_from)
        .transpose()
}

/// What an app gets in with at that time, the newest first.
pub fn access(
    connection: &mut AnyConnection,
    app: AppId,
    now: OffsetDateTime,
) -> Result<Vec<Access>, StoreError> {
    let now = to_micros(now);
    let tokens = app_tokens::table
        .filter(app_tokens::app_id.eq(app.to_string()))
        .filter(
            app_tokens::expires_at
                .is_null()
                .or(app_tokens::expires_at.gt(now)),
        )
        .select((
            app_tokens::hash,
            app_tokens::created_at,
            app_tokens::expires_at,
        ))
        .load::<AccessRow>(connection)?;
    let certificates = app_certificates::table
        .filter(app_certificates::app_id.eq(app.to_string()))
        .filter(
            app_certificates::expires_at
                .is_null()
                .or(app_certificates::expires_at.gt(now)),
        )
        .select((
            app_certificates::fingerprint,
            app_certificates::created_at,
            app_certificates::expires_at,
        ))
        .load::<AccessRow>(connection)?;
    let mut found = Vec::new();
    for (kind, rows) in [
        (AccessKind::Token, tokens),
        (AccessKind::Certificate, certificates),
    ] {
        for (sha256, created_at, expires_at) in rows {
            found.push(Access {
                kind,
                sha256: hex::encode(sha256),
                created_at: from_micros(created_at)?,
                expires_at: expires_at.map(from_micros).transpose()?,
            });
        }
    }
    found.sort_by_key(|access| std::cmp::Reverse(access.created_at));
    Ok(found)
}

fn list_of(urls: &[ReturnPrefix]) -> String {
    let urls: Vec<String> = urls.iter().map(ToString::to_string).collect();
    serde_json::Value::from(urls).to_string()
}

type AccessRow = (Vec<u8>, i64, Option<i64>);

impl From<&App> for Row {
    fn from(app: &App) -> Self {
        Self {
            id: app.id.to_string(),
            name: app.name.to_string(),
            return_urls: list_of(&app.return_urls),
            created_at: to_micros(app.created_at),
            disabled_at: app.disabled_at.map(to_micros),
        }
    }
}

impl TryFrom<Row> for App {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let urls: Vec<String> = serde_json::from_str(&row.return_urls)
            .map_err(|source| corrupt("an app's return addresses", source))?;
        Ok(Self {
            id: parsed("an app's identifier", &row.id)?,
            name: parsed("an app's name", &row.name)?,
            return_urls: urls
                .iter()
                .map(|url| parsed("an app's return address", url))
                .collect::<Result<_, _>>()?,
            created_at: from_micros(row.created_at)?,
            disabled_at: row.disabled_at.map(from_micros).transpose()?,
        })
    }
}
