//! Names of the dialects that compare them without case.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::tree::Name;

/// A name, folded to lower case: these servers find it whatever its case.
pub(super) fn ident(ident: &Ident) -> String {
    ident.value.to_lowercase()
}

/// A dotted name.
pub(super) fn name(name: &ObjectName) -> Name {
    let parts = name.0.iter().map(|part| match part {
        ObjectNamePart::Identifier(part) => ident(part),
        ObjectNamePart::Function(function) => ident(&function.name),
    });
    // `db..table` of SQL Server leaves the schema out.
    parts.filter(|part| !part.is_empty()).collect()
}

/// Several parts as a name.
pub(super) fn path(parts: &[Ident]) -> Name {
    parts.iter().map(ident).collect()
}
