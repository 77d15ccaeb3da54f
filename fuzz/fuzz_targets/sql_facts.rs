//! Any text in any dialect has facts, and comments that are taken out stay out. The first
//! byte chooses the dialect.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sql::{Catalog, Client, Dialect, facts, facts_for_client, without_comments};

const DIALECTS: [(Dialect, Option<Client>); 5] = [
    (Dialect::Postgres, Some(Client::Psql)),
    (Dialect::Mysql, Some(Client::Mysql)),
    (Dialect::Mssql, Some(Client::Sqlcmd)),
    (Dialect::Sqlite, None),
    (Dialect::Oracle, None),
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let (dialect, client) = DIALECTS[usize::from(*first) % DIALECTS.len()];
    let found = facts(text, dialect);
    assert_eq!(found.parsed, found.parse_error.is_none());
    assert!(found.parsed || found.statements.is_empty());
    if let Some(client) = client {
        let _ = facts_for_client(text, dialect, client, &Catalog::new());
    }
    let once = without_comments(text, Some(dialect));
    assert_eq!(without_comments(&once, Some(dialect)), once);
});
