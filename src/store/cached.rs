//! Statements that a connection prepares once.
//!
//! Diesel keeps no prepared form of an `UPDATE`, nor of an `INSERT` of single columns, because their words may differ from
//! call to call. Those of this module's tables do not: what changes is bound. So they are kept under their words, as
//! other statements are. SQLite then parses them once for each connection, and PostgreSQL is asked once and not twice.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

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
