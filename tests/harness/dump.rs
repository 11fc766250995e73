//! A database as somebody sees it who stole it.

use diesel::prelude::*;

use super::database::TestDatabase;

/// Every value of every column of every table, as bytes.
pub(crate) fn dump(database: &TestDatabase) -> Vec<Vec<u8>> {
    let url = database.url();
    if let Some(path) = url.strip_prefix("sqlite:") {
        let mut connection = SqliteConnection::establish(path).unwrap();
        let tables = names(
            &mut connection,
            "SELECT name FROM sqlite_master WHERE type = 'table'",
        );
        let mut values = Vec::new();
        for table in tables {
            let columns = names(
                &mut connection,
                &format!("SELECT name FROM pragma_table_info('{table}')"),
            );
            for column in columns {
                values.extend(bytes(
                    &mut connection,
                    &format!("SELECT CAST({column} AS BLOB) AS bytes FROM {table} WHERE {column} IS NOT NULL"),
                ));
            }
        }
        return values;
    }
    let mut connection = PgConnection::establish(url).unwrap();
    let columns = names(
        &mut connection,
        "SELECT table_name || ' ' || column_name || ' ' || data_type AS name \
         FROM information_schema.columns WHERE table_schema = 'public'",
    );
    let mut values = Vec::new();
    for column in columns {
        let mut parts = column.splitn(3, ' ');
        let (table, column) = (parts.next().unwrap(), parts.next().unwrap());
        let value = match parts.next().unwrap() {
            "bytea" => format!("\"{column}\""),
            _ => format!("convert_to(\"{column}\"::text, 'UTF8')"),
        };
        values.extend(bytes(
            &mut connection,
            &format!("SELECT {value} AS bytes FROM \"{table}\" WHERE \"{column}\" IS NOT NULL"),
        ));
    }
    values
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = diesel::sql_types::Binary)]
    bytes: Vec<u8>,
}

fn names<C>(connection: &mut C, query: &str) -> Vec<String>
where
    C: diesel::connection::LoadConnection,
    diesel::query_builder::SqlQuery: diesel::query_dsl::methods::LoadQuery<'static, C, Name>,
{
    let rows: Vec<Name> = diesel::sql_query(query).load(connection).unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

fn bytes<C>(connection: &mut C, query: &str) -> Vec<Vec<u8>>
where
    C: diesel::connection::LoadConnection,
    diesel::query_builder::SqlQuery: diesel::query_dsl::methods::LoadQuery<'static, C, Bytes>,
{
    let rows: Vec<Bytes> = diesel::sql_query(query).load(connection).unwrap();
    rows.into_iter().map(|row| row.bytes).collect()
}
