//! Any text has lineage or none, with a catalog that any text defines. A NUL ends the
//! definitions; the first byte chooses the dialect.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sql::{Catalog, Dialect, facts_with, lineages};

const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Mssql];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let dialect = DIALECTS[usize::from(*first) % DIALECTS.len()];
    let (definitions, script) = text.split_once('\0').unwrap_or(("", text));
    let catalog = Catalog::from_ddl(definitions, dialect).unwrap_or_default();
    let answers = lineages(script, dialect, &catalog);
    let found = facts_with(script, dialect, &catalog);
    if let Some(answers) = answers {
        let answering = found.statements.iter().filter(|it| it.returns_rows);
        assert!(!found.parsed || answering.count() == answers.len());
    }
});
