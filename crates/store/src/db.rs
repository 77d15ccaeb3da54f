//! The two engines. Everything that differs between them is in this file.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Arguments as _, ConnectOptions as _, Postgres, Row as _, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::sql::{Bind, Sql, join, sql};
use crate::{Error, StoreUrl};

/// Serializes migrations of all gateways on one PostgreSQL; any constant does.
const MIGRATION_LOCK: i64 = 0x6472_6177_6761_7465;

/// Name of the PostgreSQL channel that carries wake-ups.
const CHANNEL: &str = "drawgate";

/// Most statements that go to the engine in one piece.
const TOGETHER: usize = 4;

/// Statements as one script for SQLite; placeholders are numbered through.
fn script(statements: Vec<Sql>) -> Sql {
    join(
        statements,
        "BEGIN IMMEDIATE",
        |_| ";".to_owned(),
        ["", ";COMMIT"],
    )
}

/// Statements as one for PostgreSQL, which is a transaction by itself. None of
/// them sees what another one writes.
fn compound(statements: Vec<Sql>) -> Sql {
    let name = |number| format!("s{number} AS (");
    join(
        statements,
        "WITH ",
        name,
        ["), ", "done AS (SELECT 1) SELECT 1"],
    )
}

/// The engine and its connections.
pub(crate) enum Db {
    /// SQLite: one connection writes, several read.
    Lite {
        write: Arc<Mutex<LiteWriter>>,
        read: SqlitePool,
    },
    /// PostgreSQL.
    Pg(PgPool),
}

/// The writing connection of SQLite.
pub(crate) struct LiteWriter {
    connection: SqliteConnection,
    /// A transaction was begun and neither committed nor rolled back.
    open: bool,
}

/// One transaction; dropped without commit, nothing of it stays.
pub(crate) enum Tx {
    Lite(OwnedMutexGuard<LiteWriter>),
    Pg(Transaction<'static, Postgres>),
}

/// One row, read from the first column to the last.
pub(crate) struct Row {
    cells: Cells,
    next: usize,
}

enum Cells {
    Lite(SqliteRow),
    Pg(PgRow),
}

fn lite(statement: Sql) -> sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments> {
    let mut values = SqliteArguments::default();
    values.reserve(statement.binds.len(), 0);
    for bind in statement.binds {
        // Encoding text, integers and nulls cannot fail.
        let _ = match bind {
            Bind::Text(text) => sqlx::Arguments::add(&mut values, text),
            Bind::Int(int) => sqlx::Arguments::add(&mut values, int),
            Bind::NullText => sqlx::Arguments::add(&mut values, None::<String>),
            Bind::NullInt => sqlx::Arguments::add(&mut values, None::<i64>),
        };
    }
    sqlx::query_with(statement.text, values)
}

fn pg(statement: Sql) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    let mut values = PgArguments::default();
    values.reserve(statement.binds.len(), statement.binds.len() * 40);
    for bind in statement.binds {
        // Encoding text, integers and nulls cannot fail.
        let _ = match bind {
            Bind::Text(text) => values.add(text),
            Bind::Int(int) => values.add(int),
            Bind::NullText => values.add(None::<String>),
            Bind::NullInt => values.add(None::<i64>),
        };
    }
    sqlx::query_with(statement.text, values)
}

fn lite_row(row: SqliteRow) -> Row {
    Row {
        cells: Cells::Lite(row),
        next: 0,
    }
}

fn pg_row(row: PgRow) -> Row {
    Row {
        cells: Cells::Pg(row),
        next: 0,
    }
}

impl Db {
    /// Connects to the engine that `url` names.
    pub(crate) async fn connect(url: &StoreUrl) -> Result<Self, Error> {
        match url {
            StoreUrl::Sqlite(path) => Self::connect_lite(path).await,
            StoreUrl::Postgres(url) => {
                let options = PgConnectOptions::from_str(url.expose_secret())
                    .map_err(|error| Error::Config(format!("store: {error}")))?
                    .application_name("drawgate")
                    .statement_cache_capacity(256)
                    .disable_statement_logging();
                let pool = PgPoolOptions::new()
                    .max_connections(24)
                    .acquire_timeout(Duration::from_secs(3))
                    .connect_with(options)
                    .await?;
                Ok(Self::Pg(pool))
            }
        }
    }

    async fn connect_lite(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(256)
            .pragma("case_sensitive_like", "ON")
            .pragma("cache_size", "-32768")
            .pragma("mmap_size", "268435456")
            .pragma("wal_autocheckpoint", "4000")
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        let connection = options.clone().connect().await?;
        let read = SqlitePoolOptions::new()
            .max_connections(8)
            .min_connections(1)
            .test_before_acquire(false)
            .connect_with(options.read_only(true))
            .await?;
        let write = LiteWriter {
            connection,
            open: false,
        };
        Ok(Self::Lite {
            write: Arc::new(Mutex::new(write)),
            read,
        })
    }

    /// Whether other processes may write to the same store.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Pg(_))
    }

    /// How many group-commit writers pay off: SQLite has one writer.
    pub(crate) const fn lanes(&self) -> usize {
        match self {
            Self::Lite { .. } => 1,
            Self::Pg(_) => 4,
        }
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Lite { write, read } => {
                read.close().await;
                let mut writer = Arc::clone(write).lock_owned().await;
                writer.settle().await;
                let _ = sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                    .execute(&mut writer.connection)
                    .await;
            }
            Self::Pg(pool) => pool.close().await,
        }
    }

    /// All rows of a query.
    pub(crate) async fn all(&self, query: Sql) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Lite { read, .. } => {
                let rows = lite(query).fetch_all(read).await?;
                rows.into_iter().map(lite_row).collect()
            }
            Self::Pg(pool) => {
                let rows = pg(query).fetch_all(pool).await?;
                rows.into_iter().map(pg_row).collect()
            }
        })
    }

    /// The first row of a query, when there is one.
    pub(crate) async fn first(&self, query: Sql) -> Result<Option<Row>, Error> {
        Ok(match self {
            Self::Lite { read, .. } => lite(query).fetch_optional(read).await?.map(lite_row),
            Self::Pg(pool) => pg(query).fetch_optional(pool).await?.map(pg_row),
        })
    }

    /// Runs one writing statement; answers the rows it changed.
    pub(crate) async fn run(&self, statement: Sql) -> Result<u64, Error> {
        match self {
            Self::Lite { write, .. } => {
                let mut writer = Arc::clone(write).lock_owned().await;
                writer.settle().await;
                let done = lite(statement).execute(&mut writer.connection).await?;
                Ok(done.rows_affected())
            }
            Self::Pg(pool) => Ok(pg(statement).execute(pool).await?.rows_affected()),
        }
    }

    /// Begins a writing transaction.
    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        match self {
            Self::Lite { write, .. } => {
                let mut writer = Arc::clone(write).lock_owned().await;
                writer.settle().await;
                writer.open = true;
                lite(sql("BEGIN IMMEDIATE"))
                    .execute(&mut writer.connection)
                    .await?;
                Ok(Tx::Lite(writer))
            }
            Self::Pg(pool) => Ok(Tx::Pg(pool.begin().await?)),
        }
    }

    /// Runs statements that touch different rows as one transaction. A few go
    /// to the engine in one piece, because every trip to SQLite's thread or to
    /// the server costs more than a small statement.
    pub(crate) async fn run_together(&self, mut statements: Vec<Sql>) -> Result<(), Error> {
        if statements.len() == 1
            && let Some(only) = statements.pop()
        {
            return self.run(only).await.map(drop);
        }
        if statements.len() > TOGETHER {
            let mut tx = self.begin().await?;
            for statement in statements {
                tx.run(statement).await?;
            }
            return tx.commit().await;
        }
        match self {
            Self::Lite { write, .. } => {
                let mut writer = Arc::clone(write).lock_owned().await;
                writer.settle().await;
                writer.open = true;
                let piece = script(statements);
                lite(piece).execute(&mut writer.connection).await?;
                writer.open = false;
            }
            Self::Pg(pool) => {
                pg(compound(statements)).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Rows of a page and the number that a second query counts, in one
    /// snapshot.
    pub(crate) async fn page_and_count(
        &self,
        page: Sql,
        count: Sql,
    ) -> Result<(Vec<Row>, i64), Error> {
        let (rows, counted) = match self {
            Self::Lite { read, .. } => {
                let mut tx = read.begin().await?;
                let rows = lite(page).fetch_all(&mut *tx).await?;
                let counted = lite(count).fetch_one(&mut *tx).await?;
                (rows.into_iter().map(lite_row).collect(), lite_row(counted))
            }
            Self::Pg(pool) => {
                let mut tx = pool
                    .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    .await?;
                let rows = pg(page).fetch_all(&mut *tx).await?;
                let counted = pg(count).fetch_one(&mut *tx).await?;
                tx.commit().await?;
                (rows.into_iter().map(pg_row).collect(), pg_row(counted))
            }
        };
        let mut counted = counted;
        Ok((rows, counted.int()?))
    }

    /// Begins the transaction of migrations, which excludes all other gateways.
    pub(crate) async fn begin_migration(&self) -> Result<Tx, Error> {
        let mut tx = self.begin().await?;
        if let Tx::Pg(_) = tx {
            let lock = sql("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)");
            tx.first(lock.int(MIGRATION_LOCK)).await?;
        }
        Ok(tx)
    }

    /// Tells all gateways on the same store about `payload`.
    pub(crate) async fn notify(&self, payload: String) -> Result<(), Error> {
        if let Self::Pg(pool) = self {
            let statement = sql("SELECT CAST(pg_notify($1, $2) AS TEXT)");
            pg(statement.text(CHANNEL).text(payload))
                .execute(pool)
                .await?;
        }
        Ok(())
    }

    /// Hears what other gateways tell; `None` when there are no others.
    pub(crate) async fn listen(&self) -> Result<Option<Ear>, Error> {
        let Self::Pg(pool) = self else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Ear(listener)))
    }
}

/// Hears what other gateways tell.
pub(crate) struct Ear(PgListener);

impl Ear {
    /// The next payload; `None` when some may have been missed.
    pub(crate) async fn hear(&mut self) -> Result<Option<String>, Error> {
        let told = self.0.try_recv().await?;
        Ok(told.map(|told| told.payload().to_owned()))
    }
}

impl LiteWriter {
    /// Rolls back what an abandoned transaction left.
    async fn settle(&mut self) {
        if self.open {
            // Fails when the engine has rolled back by itself, as on a full disk.
            let _ = lite(sql("ROLLBACK")).execute(&mut self.connection).await;
            self.open = false;
        }
    }
}

impl Tx {
    /// All rows of a statement.
    pub(crate) async fn all(&mut self, statement: Sql) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Lite(writer) => {
                let rows = lite(statement).fetch_all(&mut writer.connection).await?;
                rows.into_iter().map(lite_row).collect()
            }
            Self::Pg(tx) => {
                let rows = pg(statement).fetch_all(&mut **tx).await?;
                rows.into_iter().map(pg_row).collect()
            }
        })
    }

    /// The first row of a statement, when there is one.
    pub(crate) async fn first(&mut self, statement: Sql) -> Result<Option<Row>, Error> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    /// Runs one statement; answers the rows it changed.
    pub(crate) async fn run(&mut self, statement: Sql) -> Result<u64, Error> {
        Ok(match self {
            Self::Lite(writer) => lite(statement)
                .execute(&mut writer.connection)
                .await?
                .rows_affected(),
            Self::Pg(tx) => pg(statement).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs a script of data definition statements.
    pub(crate) async fn define(&mut self, script: &'static str) -> Result<(), Error> {
        match self {
            Self::Lite(writer) => {
                sqlx::raw_sql(script)
                    .execute(&mut writer.connection)
                    .await?;
            }
            Self::Pg(tx) => {
                // Ids and names sort by bytes, as in SQLite, not by locale.
                let script = script.replace(" TEXT", " TEXT COLLATE \"C\"");
                sqlx::raw_sql(sqlx::AssertSqlSafe(script))
                    .execute(&mut **tx)
                    .await?;
            }
        }
        Ok(())
    }

    /// Makes everything of the transaction stay.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Lite(mut writer) => {
                lite(sql("COMMIT")).execute(&mut writer.connection).await?;
                writer.open = false;
            }
            Self::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Row {
    fn take<T>(&mut self) -> Result<T, Error>
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Sqlite>
            + sqlx::Type<sqlx::Sqlite>
            + for<'r> sqlx::Decode<'r, Postgres>
            + sqlx::Type<Postgres>,
    {
        let column = self.next;
        self.next += 1;
        Ok(match &self.cells {
            Cells::Lite(row) => row.try_get(column)?,
            Cells::Pg(row) => row.try_get(column)?,
        })
    }

    /// The next column as text.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.take()
    }

    /// The next column as text or null.
    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, Error> {
        self.take()
    }

    /// The next column as integer.
    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        self.take()
    }

    /// The next column as integer or null.
    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, Error> {
        self.take()
    }
}
