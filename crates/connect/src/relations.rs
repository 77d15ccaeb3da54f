//! The tables and views of a database with their columns, as far as a login sees
//! them: what it takes to follow the columns of a result back to where they come from.

mod ask;
mod table;

use std::time::Duration;

use model::{Code, ConnectionType};
use tokio_util::sync::CancellationToken;

use self::table::Table;
use crate::{Fault, Stage, Target};

/// Most columns of all relations together. Beyond, what they take to be read and kept
/// is out of proportion.
pub const MOST_COLUMNS: usize = 250_000;

/// Longest time that one question about a database may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The relations of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// The schema that names without one are looked up in first, where the server has
    /// exactly one such.
    pub default_schema: Option<String>,
    /// Tables and views, those of the system among them.
    pub all: Vec<Relation>,
}

/// A table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// Schema; the database where the two are one.
    pub schema: String,
    /// Name.
    pub name: String,
    /// PostgreSQL: `pg_class.oid`.
    pub id: Option<u32>,
    /// Its columns in order: the number that results tell on PostgreSQL, from 1, and
    /// the name.
    pub columns: Vec<(i16, String)>,
    /// The query of a view, or the statement that makes it.
    pub definition: Option<String>,
    /// Whether it is a view. One without a definition does not let this login see it.
    pub is_view: bool,
    /// PostgreSQL: ids of the tables that it inherits from or is a partition of.
    pub parents: Vec<u32>,
}

/// Reads the relations of a database.
///
/// # Errors
/// `unsupported` for targets without relations and for databases with more than
/// [`MOST_COLUMNS`] columns; `unavailable` when the target refuses; a fault of the target
/// when it is not reached.
pub async fn relations(
    target: &dyn Target,
    (kind, subtype): (ConnectionType, &str),
    database: Option<&str>,
) -> Result<Relations, Fault> {
    let asking = Asking { target, database };
    match (kind, subtype) {
        (ConnectionType::Database, "postgres") => ask::postgres(&asking).await,
        (ConnectionType::Database, "mysql") => ask::mysql(&asking).await,
        (ConnectionType::Database, "sqlite") => ask::sqlite(&asking).await,
        _ => Err(Fault::unsupported(format!(
            "{}/{subtype} has no relations",
            kind.as_str()
        ))),
    }
}

/// A database that is asked.
struct Asking<'a> {
    target: &'a dyn Target,
    database: Option<&'a str>,
}

impl Asking<'_> {
    /// The rows that a statement answers.
    async fn rows(&self, statement: &str) -> Result<Table, Fault> {
        let mut table = Table::default();
        let job = crate::Job {
            input: statement,
            args: &[],
            env: &std::collections::BTreeMap::new(),
            database: self.database,
            read_only: true,
            timeout: PATIENCE,
            stop: CancellationToken::new(),
        };
        let finish = self.target.run(job, &mut table).await?;
        if table.is_too_long() {
            return Err(Fault::unsupported(format!(
                "the database has more than {MOST_COLUMNS} columns"
            )));
        }
        match finish.exit_code == 0 && !table.is_refused() {
            true => Ok(table),
            false => Err(Fault {
                stage: Stage::Ready,
                code: Code::Unavailable,
                message: "the target does not tell its tables".to_owned(),
            }),
        }
    }
}
