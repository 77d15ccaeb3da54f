//! What a script may not do to the library, the schema or the memory.

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Result};

/// Longest value in bytes. As hexadecimal digits it is longer than what a run
/// may answer, and it bounds what one expression takes from memory.
const LONGEST: i32 = 64 * 1024 * 1024;

/// Pragmas that a script may read and set: they touch nothing but its own
/// connection and file. All others are refused, for some hold for every
/// connection of the process (`hard_heap_limit`, `temp_store_directory`).
/// Source: "PRAGMA Statements" of the SQLite documentation.
const SETTABLE: &[&str] = &[
    "analysis_limit",
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
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

/// Puts a connection behind the fence.
///
/// # Errors
/// Those of the library.
pub(super) fn put_up(connection: &Connection) -> Result<()> {
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.authorizer(Some(|context: AuthContext<'_>| judge(&context.action)))
}

fn judge(action: &AuthAction<'_>) -> Authorization {
    let is_free = match action {
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => is_free(pragma_name, pragma_value.is_some()),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => false,
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
