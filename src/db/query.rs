//! One statement: SQL text with `$1`, values bound straight into the driver's own argument buffer.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, Executor, FromRow, Postgres, SqlSafeStr as _, Sqlite,
    Type,
};

use super::{Allowed, Connection, Tx};
use crate::kit::Internal;

/// What can be bound: whatever both drivers can encode.
pub trait Value:
    for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send
{
}
impl<T> Value for T where
    T: for<'q> Encode<'q, Sqlite>
        + Type<Sqlite>
        + for<'q> Encode<'q, Postgres>
        + Type<Postgres>
        + Send
{
}

/// What a result row can become: whatever both drivers can decode (`#[derive(sqlx::FromRow)]`, or a tuple).
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

enum Arguments {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// A statement on its way: `tx.sql("…").bind(id).optional::<Row>()`.
#[must_use = "a query does nothing until it is run"]
pub struct Query<'t> {
    tx: &'t mut Tx,
    sql: &'static str,
    arguments: Result<Arguments, Internal>,
    bound: usize,
}

impl<'t> Query<'t> {
    pub(super) fn new(tx: &'t mut Tx, sql: &'static str) -> Self {
        let arguments = match tx.connection {
            Connection::SqliteReader(_) | Connection::SqliteWriter(_) => {
                Arguments::Sqlite(SqliteArguments::default())
            }
            Connection::Postgres(_) => Arguments::Postgres(PgArguments::default()),
        };
        Self {
            tx,
            sql,
            arguments: Ok(arguments),
            bound: 0,
        }
    }

    /// Binds the next parameter.
    pub fn bind(mut self, value: impl Value) -> Self {
        self.bound += 1;
        self.arguments = self.arguments.and_then(|mut arguments| {
            let added = match &mut arguments {
                Arguments::Sqlite(arguments) => sqlx::Arguments::add(arguments, value),
                Arguments::Postgres(arguments) => arguments.add(value),
            };
            added
                .map(|()| arguments)
                .map_err(|error| Internal::from(sqlx::Error::Encode(error)))
        });
        self
    }

    /// Runs the statement and tells how many rows it touched.
    pub async fn run(self) -> Result<u64, Internal> {
        let (tx, sql, arguments) = self.checked()?;
        let rows = match arguments {
            Arguments::Sqlite(arguments) => tx
                .sqlite()?
                .execute(sqlx::query_with(sql, arguments))
                .await?
                .rows_affected(),
            Arguments::Postgres(arguments) => tx
                .postgres()?
                .execute(sqlx::query_with(sql, arguments))
                .await?
                .rows_affected(),
        };
        Ok(rows)
    }

    /// Runs a guarded change of one row: whether it was there as the `WHERE` says.
    pub async fn hit(self) -> Result<bool, Internal> {
        Ok(self.run().await? == 1)
    }

    /// The only row, or none.
    pub async fn optional<R: Row>(self) -> Result<Option<R>, Internal> {
        let (tx, sql, arguments) = self.checked()?;
        let row = match arguments {
            Arguments::Sqlite(arguments) => {
                sqlx::query_as_with(sql, arguments)
                    .fetch_optional(tx.sqlite()?)
                    .await?
            }
            Arguments::Postgres(arguments) => {
                sqlx::query_as_with(sql, arguments)
                    .fetch_optional(tx.postgres()?)
                    .await?
            }
        };
        Ok(row)
    }

    /// The row that must be there: counts, sums, `RETURNING` of an insert.
    pub async fn one<R: Row>(self) -> Result<R, Internal> {
        let row = self.optional::<R>().await?;
        row.ok_or_else(|| Internal::from(sqlx::Error::RowNotFound))
    }

    /// All rows.
    pub async fn all<R: Row>(self) -> Result<Vec<R>, Internal> {
        let (tx, sql, arguments) = self.checked()?;
        let rows = match arguments {
            Arguments::Sqlite(arguments) => {
                sqlx::query_as_with(sql, arguments)
                    .fetch_all(tx.sqlite()?)
                    .await?
            }
            Arguments::Postgres(arguments) => {
                sqlx::query_as_with(sql, arguments)
                    .fetch_all(tx.postgres()?)
                    .await?
            }
        };
        Ok(rows)
    }

    /// SQLite reads a parameter that nobody bound as NULL; here it is an error on both databases.
    fn checked(self) -> Result<(&'t mut Tx, &'static str, Arguments), Internal> {
        let wanted = highest_parameter(self.sql);
        if wanted != self.bound {
            let sentence = format!(
                "{} values bound, {wanted} wanted by: {}",
                self.bound, self.sql
            );
            return Err(Internal::because(sentence));
        }
        self.tx.allowed = match self.tx.allowed {
            Allowed::Any => Allowed::Any,
            Allowed::One => Allowed::NoMore,
            Allowed::NoMore => {
                return Err(Internal::because("a second statement in a unit of one"));
            }
        };
        Ok((self.tx, self.sql, self.arguments?))
    }
}

fn highest_parameter(sql: &str) -> usize {
    let numbers = sql.split('$').skip(1).map(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit);
        digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    });
    numbers.max().unwrap_or(0)
}

impl Tx {
    /// Asks the database whether it understands a statement, without running it.
    pub async fn prepare(&mut self, sql: &str) -> Result<(), Internal> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match &self.connection {
            Connection::SqliteReader(_) | Connection::SqliteWriter(_) => {
                self.sqlite()?.prepare(sql).await?;
            }
            Connection::Postgres(_) => {
                self.postgres()?.prepare(sql).await?;
            }
        }
        Ok(())
    }

    fn sqlite(&mut self) -> Result<&mut sqlx::SqliteConnection, Internal> {
        match &mut self.connection {
            Connection::SqliteReader(lent) => lent.connection(),
            Connection::SqliteWriter(turn) => turn.connection(),
            Connection::Postgres(_) => Err(mixed_up()),
        }
    }

    fn postgres(&mut self) -> Result<&mut sqlx::PgConnection, Internal> {
        match &mut self.connection {
            Connection::Postgres(lent) => lent.connection(),
            Connection::SqliteReader(_) | Connection::SqliteWriter(_) => Err(mixed_up()),
        }
    }
}

fn mixed_up() -> Internal {
    Internal::because("arguments of one database on a connection of the other")
}

#[cfg(test)]
mod tests {
    use super::highest_parameter;

    #[test]
    fn parameters_are_counted_by_their_highest_number() {
        assert_eq!(highest_parameter("SELECT 1"), 0);
        assert_eq!(highest_parameter("SELECT $1, $2 WHERE a = $1"), 2);
        assert_eq!(highest_parameter("VALUES ($1, $10, $9)"), 10);
    }
}
