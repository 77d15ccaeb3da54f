//! What is particular to PostgreSQL.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{Arguments as _, ConnectOptions as _, Postgres};

use crate::Error;
use crate::sql::{Bind, Sql, join};

/// Serializes migrations and changes of the key of all gateways on one
/// PostgreSQL; any constant does.
pub(super) const MIGRATION_LOCK: i64 = 0x6472_6177_6761_7465;

/// Name of the channel that carries wake-ups.
pub(super) const CHANNEL: &str = "drawgate";

/// Hears what other gateways tell.
pub(crate) struct Ear(PgListener);

/// Connects some sessions as they are needed.
pub(super) async fn connect(url: &SecretString) -> Result<PgPool, Error> {
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
    Ok(pool)
}

/// A transaction; dropped without commit, it is rolled back.
pub(super) type Transaction = sqlx::Transaction<'static, Postgres>;

/// Begins a transaction, in a task of its own: a caller that gives up in the
/// middle of it would leave the session in a transaction that nobody knows of,
/// and whoever got that session next would write into it.
pub(super) async fn begin(pool: &PgPool, words: &'static str) -> Result<Transaction, Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(words).await });
    Ok(begun.await.map_err(|_| Error::closed())??)
}

/// A statement with its values.
pub(super) fn query(statement: Sql) -> sqlx::query::Query<'static, Postgres, PgArguments> {
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

/// Statements as one, which is a transaction by itself. None of them sees what
/// another one writes.
pub(super) fn compound(statements: Vec<Sql>) -> Sql {
    let name = |number| format!("s{number} AS (");
    join(
        statements,
        "WITH ",
        name,
        ["), ", "done AS (SELECT 1) SELECT 1"],
    )
}

impl Ear {
    pub(super) async fn listen(pool: &PgPool) -> Result<Self, Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// The next payload; `None` when some may have been missed.
    pub(crate) async fn hear(&mut self) -> Result<Option<String>, Error> {
        let told = self.0.try_recv().await?;
        Ok(told.map(|told| told.payload().to_owned()))
    }
}
