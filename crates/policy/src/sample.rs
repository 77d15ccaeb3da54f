//! Facts made by hand, for tests.

use std::collections::BTreeSet;

use sql::{Access, Dialect, Facts, Kind, Statement, TableUse};

/// A statement that reads and touches nothing.
pub(crate) fn statement(kind: Kind) -> Statement {
    Statement {
        kind,
        effects: BTreeSet::from([kind]),
        tables: BTreeSet::new(),
        columns: BTreeSet::new(),
        functions: BTreeSet::new(),
        has_where: None,
        has_limit: None,
        returns_rows: kind == Kind::Select,
        is_read_only: true,
        risks: BTreeSet::new(),
        read: BTreeSet::new(),
        filtered: BTreeSet::new(),
        whole_rows: BTreeSet::new(),
    }
}

/// The use of a table.
pub(crate) fn table(name: &str, access: Access) -> TableUse {
    TableUse {
        name: name.to_owned(),
        access,
    }
}

/// What is known about a script that was understood.
pub(crate) fn facts(statements: Vec<Statement>) -> Facts {
    Facts {
        dialect: Dialect::Postgres,
        parsed: true,
        parse_error: None,
        fingerprint: String::new(),
        statements,
    }
}
