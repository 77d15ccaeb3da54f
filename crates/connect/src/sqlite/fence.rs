//! What a script may not do to the library, the schema or the memory.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Result, ffi};

use super::functions;
use super::rows::Rows;
use super::script::Break;
use super::stop::Stop;

/// Longest value or row of a table in bytes.
pub(super) const LONGEST: i32 = 16 * 1024 * 1024;
/// Longest pattern of `LIKE` and `GLOB` in bytes: the library goes into itself
/// for each wildcard, and tries the text at every place of the other one.
const LONGEST_PATTERN: i32 = 1000;
/// Most instructions of one statement. Views that name one view twice, which
/// does the same, ask for any number of them.
const MOST_INSTRUCTIONS: i32 = 1_000_000;
/// Most bytes that the library may take for all connections of the process
/// together; an allocation above fails. One row of results may have thousands
/// of the longest values.
const MOST_MEMORY: i64 = 1024 * 1024 * 1024;
/// Most bytes of text of all tables, views and triggers. Together with the
/// longest script (1 MiB) they bound how deep the library goes into itself,
/// see [`super::thread`].
const LONGEST_SCHEMA: i64 = 2 * 1024 * 1024;
/// Instructions between two looks at the stop.
const STEPS: i32 = 500;

/// Pragmas that a script may read and set: they touch nothing but its own
/// connection and file. All others are refused, for some hold for every
/// connection of the process (`hard_heap_limit`, `temp_store_directory`).
/// Source: "PRAGMA Statements" of the SQLite documentation.
const SETTABLE: &[&str] = &[
    "analysis_limit",
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "case_sensitive_like",
    "defer_foreign_keys",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "ignore_check_constraints",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "optimize",
    "page_size",
    "query_only",
    "quick_check",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "synchronous",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
    "wal_autocheckpoint",
    "wal_checkpoint",
];

/// Pragmas that a script may only read.
const READABLE: &[&str] = &[
    "cache_size",
    "cache_spill",
    "collation_list",
    "compile_options",
    "data_version",
    "database_list",
    "freelist_count",
    "function_list",
    "mmap_size",
    "module_list",
    "page_count",
    "pragma_list",
    "schema_version",
    "temp_store",
    "threads",
];

/// Puts a connection behind the fence. The run ends when `stop` is set or
/// nobody takes `rows`.
///
/// # Errors
/// Those of the library.
pub(super) fn put_up(connection: &Connection, stop: &Stop, rows: &Arc<Mutex<Rows>>) -> Result<()> {
    // One for `VACUUM`, which fills a file without a name.
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN)?;
    connection.set_limit(Limit::SQLITE_LIMIT_VDBE_OP, MOST_INSTRUCTIONS)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update_and_check(None, "hard_heap_limit", MOST_MEMORY, |_| Ok(()))?;
    functions::replace_slow(connection)?;
    stop.heed_in_locks(connection)?;
    let (stopped, rows) = (stop.clone(), Arc::clone(rows));
    let is_over = move || stopped.is_set() || rows.lock().flush_old().is_err();
    connection.progress_handler(STEPS, Some(is_over))?;
    // Preparing a statement can take long too, and asks here on its way.
    let stopped = stop.clone();
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        if stopped.is_set() {
            Authorization::Deny
        } else {
            judge(&context.action)
        }
    }))
}

/// Checks that no statement goes too deep, whenever the schema has changed.
#[derive(Default)]
pub(super) struct Depth {
    checked: Option<i64>,
}

impl Depth {
    /// Checks before the next statement is prepared.
    ///
    /// # Errors
    /// When the schema is too long.
    pub(super) fn check(&mut self, connection: &Connection) -> std::result::Result<(), Break> {
        let ask = |sql| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
        // Whoever cannot read the schema fails at the statement, with its reason.
        let version = ask("PRAGMA main.schema_version").ok().flatten();
        if version.is_none() || version == self.checked {
            return Ok(());
        }
        let text = "SELECT sum(length(CAST(sql AS BLOB))) FROM main.sqlite_schema
            WHERE type <> 'index'";
        if ask(text)
            .ok()
            .flatten()
            .is_some_and(|bytes| bytes > LONGEST_SCHEMA)
        {
            let reason = "the tables, views and triggers of the file have too much text";
            return Err(Break::Refused(reason));
        }
        self.checked = version;
        Ok(())
    }
}

fn judge(action: &AuthAction<'_>) -> Authorization {
    let is_free = match action {
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => is_free(pragma_name, pragma_value.is_some()),
        AuthAction::Attach { filename } => filename.is_empty(),
        // The name of the file is an expression.
        AuthAction::Unknown { code, .. } => *code != ffi::SQLITE_ATTACH,
        _ => true,
    };
    if is_free {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

fn is_free(pragma: &str, has_value: bool) -> bool {
    let is_in = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(pragma));
    is_in(SETTABLE) || (!has_value && is_in(READABLE))
}

#[cfg(test)]
mod tests {
    use super::is_free;

    #[test]
    fn only_known_pragmas_are_free() {
        assert!(is_free("Table_Info", true) && is_free("schema_version", false));
        assert!(!is_free("schema_version", true) && !is_free("hard_heap_limit", false));
        assert!(!is_free("of_the_future", false));
    }
}
