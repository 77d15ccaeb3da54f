//! The two engines. Everything that differs between them is in this folder.

mod lite;
mod pg;
mod readers;
mod row;

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgPool;
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::readers::Readers;
use crate::sql::{Sql, sql};
use crate::writer::Backlog;
use crate::{Error, StoreUrl};

pub(crate) use lite::{Lite, is_about_data, is_busy};
pub(crate) use pg::Ear;
pub(crate) use row::Row;

/// Most statements that go to PostgreSQL in one piece.
const TOGETHER: usize = 4;

/// How long a write waits for another process that has the SQLite file, and
/// how often it looks.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
pub(crate) const LOOK: Duration = Duration::from_millis(5);

/// The writing connection of SQLite. Who holds it writes; `None` once closed.
pub(crate) type Desk = Arc<Mutex<Option<Lite>>>;

/// The engine and its connections.
pub(crate) enum Db {
    /// SQLite: one connection writes, several read.
    Lite {
        write: Desk,
        read: Readers,
        backlog: Arc<Backlog>,
    },
    /// PostgreSQL.
    Pg(PgPool),
}

/// One transaction; dropped without commit, nothing of it stays.
pub(crate) enum Tx {
    Lite(LiteTx),
    Pg(pg::Transaction),
}

/// A transaction on the writing connection.
pub(crate) struct LiteTx(OwnedMutexGuard<Option<Lite>>);

impl Db {
    /// Connects to the engine that `url` names.
    pub(crate) async fn connect(url: &StoreUrl) -> Result<Self, Error> {
        match url {
            StoreUrl::Sqlite(path) => Self::connect_lite(path),
            StoreUrl::Postgres(url) => Ok(Self::Pg(pg::connect(url).await?)),
        }
    }

    fn connect_lite(path: &Path) -> Result<Self, Error> {
        make_private(path)?;
        let write = Arc::new(Mutex::new(Some(Lite::writing(path)?)));
        Ok(Self::Lite {
            backlog: Arc::new(Backlog::new(&write, path.to_owned())),
            write,
            read: Readers::new(path.to_owned()),
        })
    }

    /// Begins to take grouped writes, once the tables are there.
    pub(crate) async fn open_journal(&self) -> Result<(), Error> {
        match self {
            Self::Lite { backlog, .. } => backlog.open().await,
            Self::Pg(_) => Ok(()),
        }
    }

    /// Whether the tables lack rows that are on file.
    pub(crate) fn lags(&self) -> bool {
        match self {
            Self::Lite { backlog, .. } => backlog.lags(),
            Self::Pg(_) => false,
        }
    }

    /// Whether other processes may write to the same store.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Pg(_))
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Lite { write, read, .. } => {
                read.close().await;
                if let Some(writer) = write.lock().await.take() {
                    // Another process may read on; then the log stays as it is.
                    let _ = writer.empty_log();
                }
            }
            Self::Pg(pool) => pool.close().await,
        }
    }

    /// All rows of a query.
    pub(crate) async fn all(&self, query: Sql) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Lite { read, backlog, .. } => {
                backlog.settle().await;
                let ran = read.read(move |lite| lite.run(query)).await?;
                ran.rows.into_iter().map(Row::from).collect()
            }
            Self::Pg(pool) => {
                let rows = pg::query(query).fetch_all(pool).await?;
                rows.into_iter().map(Row::from).collect()
            }
        })
    }

    /// The first row of a query, when there is one.
    pub(crate) async fn first(&self, query: Sql) -> Result<Option<Row>, Error> {
        Ok(match self {
            Self::Lite { .. } => self.all(query).await?.into_iter().next(),
            Self::Pg(pool) => pg::query(query).fetch_optional(pool).await?.map(Row::from),
        })
    }

    /// Runs one writing statement; answers the rows it changed.
    pub(crate) async fn run(&self, statement: Sql) -> Result<u64, Error> {
        match self {
            Self::Lite { .. } => {
                let mut tx = self.begin().await?;
                let changed = tx.run(statement).await?;
                tx.commit().await?;
                Ok(changed)
            }
            Self::Pg(pool) => Ok(pg::query(statement).execute(pool).await?.rows_affected()),
        }
    }

    /// Begins a writing transaction.
    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        match self {
            Self::Lite { write, backlog, .. } => {
                backlog.settle().await;
                let tx = LiteTx(Arc::clone(write).lock_owned().await);
                let end = Instant::now() + PATIENCE;
                while !tx.has_begun(end)? {
                    tokio::time::sleep(LOOK).await;
                }
                Ok(Tx::Lite(tx))
            }
            Self::Pg(pool) => Ok(Tx::Pg(pg::begin(pool, "BEGIN").await?)),
        }
    }

    /// Runs statements that touch different rows as one transaction. A few go
    /// to PostgreSQL in one piece, because every trip there costs more than a
    /// small statement.
    pub(crate) async fn run_together(&self, mut statements: Vec<Sql>) -> Result<(), Error> {
        if statements.len() == 1
            && let Some(only) = statements.pop()
        {
            return self.run(only).await.map(drop);
        }
        match self {
            Self::Pg(_) if statements.len() <= TOGETHER => {
                self.run(pg::compound(statements)).await.map(drop)
            }
            _ => {
                let mut tx = self.begin().await?;
                for statement in statements {
                    tx.run(statement).await?;
                }
                tx.commit().await
            }
        }
    }

    /// Rows of a page and the number that a second query counts, in one
    /// snapshot.
    pub(crate) async fn page_and_count(
        &self,
        page: Sql,
        count: Sql,
    ) -> Result<(Vec<Row>, i64), Error> {
        let (rows, counted): (Vec<Row>, Option<Row>) = match self {
            Self::Lite { read, backlog, .. } => {
                backlog.settle().await;
                let both = read.read(move |lite| {
                    lite.say("BEGIN")?;
                    Ok((lite.run(page)?, lite.run(count)?))
                });
                let (page, count) = both.await?;
                (
                    page.rows.into_iter().map(Row::from).collect(),
                    count.rows.into_iter().next().map(Row::from),
                )
            }
            Self::Pg(pool) => {
                let words = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                let mut tx = pg::begin(pool, words).await?;
                let rows = pg::query(page).fetch_all(&mut *tx).await?;
                let counted = pg::query(count).fetch_optional(&mut *tx).await?;
                tx.commit().await?;
                (
                    rows.into_iter().map(Row::from).collect(),
                    counted.map(Row::from),
                )
            }
        };
        let counted = counted.map_or(Ok(0), |mut row| row.int())?;
        Ok((rows, counted))
    }

    /// Begins the transaction of migrations and of what concerns the key, of which
    /// there is one at a time among all gateways.
    pub(crate) async fn begin_alone(&self) -> Result<Tx, Error> {
        let mut tx = self.begin().await?;
        if let Tx::Pg(_) = tx {
            let lock = sql("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)");
            tx.first(lock.int(pg::MIGRATION_LOCK)).await?;
        }
        Ok(tx)
    }

    /// Tells all gateways on the same store about `payload`.
    pub(crate) async fn notify(&self, payload: String) -> Result<(), Error> {
        if let Self::Pg(pool) = self {
            let statement = sql("SELECT CAST(pg_notify($1, $2) AS TEXT)");
            pg::query(statement.text(pg::CHANNEL).text(payload))
                .execute(pool)
                .await?;
        }
        Ok(())
    }

    /// Hears what other gateways tell; `None` when there are no others.
    pub(crate) async fn listen(&self) -> Result<Option<Ear>, Error> {
        match self {
            Self::Lite { .. } => Ok(None),
            Self::Pg(pool) => Ear::listen(pool).await.map(Some),
        }
    }
}

/// Makes the file of a new database so that only its owner can read it; the
/// files that SQLite makes beside it take its mode.
fn make_private(path: &Path) -> Result<(), Error> {
    let new = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match new {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            let text = format!("store: {}: {error}", path.display());
            Err(Error::Config(text))
        }
        _ => Ok(()),
    }
}

impl LiteTx {
    fn lite(&self) -> Result<&Lite, Error> {
        self.0.as_ref().ok_or_else(Error::closed)
    }

    /// Begins, unless another process has the file; that may last until `end`.
    fn has_begun(&self, end: Instant) -> Result<bool, Error> {
        match self.lite()?.say("BEGIN IMMEDIATE") {
            Err(error) if is_busy(&error) && Instant::now() < end => Ok(false),
            begun => Ok(begun.map(|()| true)?),
        }
    }
}

impl Drop for LiteTx {
    fn drop(&mut self) {
        if let Ok(lite) = self.lite() {
            lite.settle();
        }
    }
}

impl Tx {
    /// All rows of a statement.
    pub(crate) async fn all(&mut self, statement: Sql) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Lite(tx) => {
                let ran = tx.lite()?.run(statement)?;
                ran.rows.into_iter().map(Row::from).collect()
            }
            Self::Pg(tx) => {
                let rows = pg::query(statement).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::from).collect()
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
            Self::Lite(tx) => tx.lite()?.run(statement)?.changed,
            Self::Pg(tx) => pg::query(statement)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// Runs a script of data definition statements.
    pub(crate) async fn define(&mut self, script: &'static str) -> Result<(), Error> {
        match self {
            Self::Lite(tx) => tx.lite()?.define(script)?,
            Self::Pg(tx) => {
                // Ids and names sort by bytes, as in SQLite, not by locale. Rows in
                // the order of their key are an option of SQLite alone.
                let script = script
                    .replace(" TEXT", " TEXT COLLATE \"C\"")
                    .replace(" WITHOUT ROWID", "");
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
            Self::Lite(tx) => tx.lite()?.say("COMMIT")?,
            Self::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
