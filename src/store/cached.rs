//! Statements that a connection prepares once.
//!
//! Diesel keeps no prepared form of an `UPDATE`, nor of an `INSERT` of single columns, because their words may differ from
//! call to call. Those of this module's tables do not: what changes is bound. So they are kept under their words, as
//! other statements are. SQLite then parses them once for each connection, and PostgreSQL is asked once and not twice.
//!
//! For changes of rows that are found by a key. One that goes over ranges is better planned with its values each time.

use diesel::backend::Backend;
use diesel::internal::derives::multiconnection::AstPassHelper;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;
use diesel::sqlite::query_builder::SqliteQueryBuilder;

use super::AnyConnection;

/// A statement to be kept in its prepared form. Its words must not depend on how many values there are.
pub(super) struct Cached<S>(S);

/// Says of a statement that it is to be kept.
pub(super) trait Cacheable: Sized {
    /// Keeps its prepared form.
    fn cached(self) -> Cached<Self>;
}

impl<S> Cacheable for S {
    fn cached(self) -> Cached<Self> {
        Cached(self)
    }
}

/// A statement in the words of one database.
struct Worded<S> {
    words: String,
    statement: S,
}

impl<S> Cached<S> {
    /// Does it; tells how many rows it touched.
    pub(super) fn execute(self, connection: &mut AnyConnection) -> QueryResult<usize>
    where
        S: QueryFragment<Sqlite> + QueryFragment<Pg>,
    {
        // Only rows that come back are asked for by value. Of what is counted diesel looks at a reference, and a reference
        // to a statement answers for that and not for this.
        match connection {
            AnyConnection::Sqlite(inner) => {
                inner.execute_returning_count(&self.worded(SqliteQueryBuilder::new(), &Sqlite)?)
            }
            AnyConnection::Postgres(inner) => {
                inner.execute_returning_count(&self.worded(PgQueryBuilder::new(), &Pg)?)
            }
        }
    }

    fn worded<DB>(self, mut builder: DB::QueryBuilder, backend: &DB) -> QueryResult<Worded<S>>
    where
        DB: Backend,
        S: QueryFragment<DB>,
    {
        self.0.to_sql(&mut builder, backend)?;
        Ok(Worded {
            words: builder.finish(),
            statement: self.0,
        })
    }
}

impl<DB: Backend, S: QueryFragment<DB>> QueryFragment<DB> for Worded<S> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(&self.words);
        if pass.bind_collector().is_some() || pass.debug_binds().is_some() {
            return self.statement.walk_ast(pass);
        }
        Ok(())
    }
}

impl<S> QueryId for Worded<S> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, S: QueryFragment<DB>> QueryFragment<DB> for Cached<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// It is known by its words.
impl<S> QueryId for Cached<S> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

/// One that gives rows back gives the same ones.
impl<S: Query> Query for Cached<S> {
    type SqlType = S::SqlType;
}

impl<S, C> RunQueryDsl<C> for Cached<S> {}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};

    use super::*;

    diesel::table! {
        notes (id) {
            id -> Integer,
            words -> Text,
        }
    }

    /// An empty table, and the statements that are kept from now on.
    fn connection() -> (AnyConnection, Arc<Mutex<Vec<String>>>) {
        let mut inner = SqliteConnection::establish(":memory:").unwrap();
        inner
            .batch_execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, words TEXT NOT NULL)")
            .unwrap();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&kept);
        inner.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { sql, .. } = event {
                told.lock().unwrap().push(sql.to_owned());
            }
        });
        (AnyConnection::Sqlite(inner), kept)
    }

    #[test]
    fn each_change_is_prepared_once() {
        let (mut connection, kept) = connection();
        for id in 1..=3 {
            let added = diesel::insert_into(notes::table)
                .values((notes::id.eq(id), notes::words.eq("first")))
                .cached()
                .execute(&mut connection)
                .unwrap();
            let changed = diesel::update(notes::table.find(id))
                .set(notes::words.eq(format!("second {id}")))
                .cached()
                .execute(&mut connection)
                .unwrap();
            let words: String = diesel::update(notes::table.find(id))
                .set(notes::words.eq("third"))
                .returning(notes::words)
                .cached()
                .get_result(&mut connection)
                .unwrap();
            assert_eq!((added, changed, words.as_str()), (1, 1, "third"));
        }
        let kept = kept.lock().unwrap();
        assert_eq!(kept.len(), 3, "{kept:?}");
    }
}
