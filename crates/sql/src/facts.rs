//! What is known about a script.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The language of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// PostgreSQL and what speaks its language.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQL Server.
    Mssql,
    /// SQLite.
    Sqlite,
    /// Oracle and what speaks its language.
    Oracle,
}

/// The kind of a statement, and of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Reads rows.
    Select,
    /// Adds rows.
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
    /// Adds, changes and removes rows.
    Merge,
    /// Removes all rows.
    Truncate,
    /// Makes an object.
    Create,
    /// Changes an object.
    Alter,
    /// Removes an object.
    Drop,
    /// Gives a privilege or a role.
    Grant,
    /// Takes a privilege or a role.
    Revoke,
    /// Changes a setting.
    Set,
    /// Begins, ends or marks a transaction.
    Transaction,
    /// Moves rows in or out in bulk, also to and from files.
    Copy,
    /// Calls a procedure.
    Call,
    /// Runs a block of code.
    Do,
    /// Tells how a statement would be run.
    Explain,
    /// Tells about settings or objects.
    Show,
    /// Chooses a database.
    Use,
    /// Locks tables.
    Lock,
    /// Cleans, analyzes, reindexes or flushes.
    Maintenance,
    /// Describes an object.
    Comment,
    /// Anything else.
    Other,
}

/// How a table is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Its rows are read.
    Read,
    /// Its rows or its definition are changed.
    Write,
}

/// A table that a statement uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TableUse {
    /// As written, without quotes and folded as the dialect folds: `orders`,
    /// `shop.orders`.
    pub name: String,
    /// How it is used.
    pub access: Access,
}

/// What makes a statement dangerous beside its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Changes or removes rows without a WHERE.
    NoWhere,
    /// Its WHERE is true for every row.
    Tautology,
    /// Calls a function that changes something or is not known to be harmless.
    SideEffect,
    /// Changes roles, privileges or owners.
    Privilege,
    /// Moves data out of the database, or in: files, programs, other servers.
    Exfiltration,
    /// Runs text that is only known when it runs.
    Dynamic,
    /// A command of a client that never reaches the server as SQL.
    ClientCommand,
}

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Its most consequential effect.
    pub kind: Kind,
    /// Every kind of thing that it does, its own kind among them.
    pub effects: BTreeSet<Kind>,
    /// The tables it uses; names of CTEs are none.
    pub tables: BTreeSet<TableUse>,
    /// Columns it names or reads: `users.email` where the table is known, `email`
    /// where it is not, `users.*` for all columns of a table.
    pub columns: BTreeSet<String>,
    /// Functions it calls, folded: `now`, `pg_catalog.pg_sleep`.
    pub functions: BTreeSet<String>,
    /// Whether its changes are filtered; `None` for kinds that have no WHERE.
    pub has_where: Option<bool>,
    /// Whether its rows are limited; `None` for kinds without rows.
    pub has_limit: Option<bool>,
    /// Whether it answers rows.
    pub returns_rows: bool,
    /// Whether it surely changes nothing: data, objects, settings that last, files.
    #[serde(skip)]
    pub is_read_only: bool,
    /// What makes it dangerous.
    #[serde(skip)]
    pub risks: BTreeSet<Risk>,
    /// Columns whose values it reads, named as in `columns`; `users.?` for one that is
    /// named by its place, so that it may be any of the table.
    #[serde(skip)]
    pub read: BTreeSet<String>,
    /// Columns that its rows are chosen, joined, grouped or ordered by, named as in
    /// `columns`. Their values can be guessed from which rows are answered.
    #[serde(skip)]
    pub filtered: BTreeSet<String>,
    /// Tables of which it reads whole rows, so that further columns than the named
    /// ones may be read.
    #[serde(skip)]
    pub whole_rows: BTreeSet<String>,
}

/// What is known about a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The language it was read in.
    pub dialect: Dialect,
    /// Whether all of it was understood. If not, `statements` may lack anything.
    pub parsed: bool,
    /// Why not.
    pub parse_error: Option<String>,
    /// The same for scripts that differ in literals, case and white space only:
    /// 16 hex digits.
    pub fingerprint: String,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
}

impl Facts {
    /// Whether it surely changes nothing. A script that was not understood is not.
    pub fn is_read_only(&self) -> bool {
        self.parsed
            && self
                .statements
                .iter()
                .all(|statement| statement.is_read_only)
    }

    /// Whether some statement has `risk`.
    pub fn has(&self, risk: Risk) -> bool {
        self.statements
            .iter()
            .any(|statement| statement.risks.contains(&risk))
    }
}
