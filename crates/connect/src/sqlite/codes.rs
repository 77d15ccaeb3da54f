//! Names of SQLite's result codes.

/// Primary codes from 1: <https://www.sqlite.org/rescode.html>.
const PRIMARY: [&str; 26] = [
    "ERROR",
    "INTERNAL",
    "PERM",
    "ABORT",
    "BUSY",
    "LOCKED",
    "NOMEM",
    "READONLY",
    "INTERRUPT",
    "IOERR",
    "CORRUPT",
    "NOTFOUND",
    "FULL",
    "CANTOPEN",
    "PROTOCOL",
    "EMPTY",
    "SCHEMA",
    "TOOBIG",
    "CONSTRAINT",
    "MISMATCH",
    "MISUSE",
    "NOLFS",
    "AUTH",
    "FORMAT",
    "RANGE",
    "NOTADB",
];
/// Extended codes of `SQLITE_CONSTRAINT` from 1.
const CONSTRAINT: [&str; 12] = [
    "CHECK",
    "COMMITHOOK",
    "FOREIGNKEY",
    "FUNCTION",
    "NOTNULL",
    "PRIMARYKEY",
    "TRIGGER",
    "UNIQUE",
    "VTAB",
    "ROWID",
    "PINNED",
    "DATATYPE",
];

/// The name of an extended code; its number when it has none here.
pub(super) fn name(code: i32) -> String {
    let entry = |names: &[&'static str], number: i32| {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        names.get(at).copied()
    };
    match (entry(&PRIMARY, code & 0xff), code >> 8) {
        (Some(name), 0) => format!("SQLITE_{name}"),
        (Some(name @ "CONSTRAINT"), extended) => match entry(&CONSTRAINT, extended) {
            Some(kind) => format!("SQLITE_{name}_{kind}"),
            None => code.to_string(),
        },
        _ => code.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::name;
    use rusqlite::ffi;

    #[test]
    fn codes_have_the_names_of_the_library() {
        assert_eq!(name(ffi::SQLITE_ERROR), "SQLITE_ERROR");
        assert_eq!(name(ffi::SQLITE_NOTADB), "SQLITE_NOTADB");
        assert_eq!(name(ffi::SQLITE_INTERRUPT), "SQLITE_INTERRUPT");
        let unique = ffi::SQLITE_CONSTRAINT_UNIQUE;
        assert_eq!(name(unique), "SQLITE_CONSTRAINT_UNIQUE");
        let datatype = ffi::SQLITE_CONSTRAINT_DATATYPE;
        assert_eq!(name(datatype), "SQLITE_CONSTRAINT_DATATYPE");
        assert_eq!(name(0), "0");
    }
}
