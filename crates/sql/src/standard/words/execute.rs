//! Procedures, conditions and variables.

use super::names::{calls, name_at};
use crate::facts::{Dialect, Kind, Risk};
use crate::standard::dynamic;
use crate::standard::segment::Segment;
use crate::standard::{parse_condition, parse_query};
use crate::tree::Lowered;

/// System procedures of SQL Server about who may do what, or what the server may.
const RULING: &[&str] = &[
    "sp_add",
    "sp_grant",
    "sp_revoke",
    "sp_deny",
    "sp_change",
    "sp_drop",
    "sp_configure",
    "sp_setapprole",
    "sp_password",
    "sp_defaultdb",
    "sp_serveroption",
    "sp_control",
];
/// System procedures that reach files, the registry or other servers.
const REACHING: &[&str] = &["xp_", "sp_oa", "sp_send", "sp_makewebtask", "sp_addlinked"];

/// `EXEC p`, `EXECUTE AS …`.
pub(super) fn execute(segment: &Segment, dialect: Dialect) -> Lowered {
    if segment.word(1) == "as" {
        return Lowered::harmless(Kind::Set).with(Risk::Privilege);
    }
    if dialect == Dialect::Mssql {
        return procedure(segment, 1);
    }
    Lowered::of(Kind::Call).with(Risk::Dynamic)
}

/// A call of the procedure that is named at `index`.
pub(super) fn procedure(segment: &Segment, index: usize) -> Lowered {
    let mut lowered = dynamic(Kind::Call);
    // `EXEC @result = p`
    let is_assigned = segment.word(index).starts_with('@')
        && segment.tokens.get(index + 1).is_some_and(|it| it.is("="));
    let name = name_at(segment, if is_assigned { index + 2 } else { index });
    let last = name.as_ref().and_then(|name| name.last());
    if let Some(last) = last {
        if RULING.iter().any(|start| last.starts_with(start)) {
            lowered.risks.insert(Risk::Privilege);
        }
        if REACHING.iter().any(|start| last.starts_with(start)) {
            lowered.risks.insert(Risk::Exfiltration);
        }
    }
    if let Some(name) = name {
        let call = crate::tree::Expr::Call(name, Vec::new());
        lowered.values.push(call);
    }
    if segment.has("at") {
        lowered.risks.insert(Risk::Exfiltration);
    }
    lowered
}

/// `IF x`, `WHILE x`: the statements behind it are their own.
pub(super) fn condition(segment: &Segment, dialect: Dialect) -> Result<Lowered, String> {
    let rest = segment.from(1);
    let condition = parse_condition(&rest.text, dialect)
        .ok_or_else(|| "a condition that is not understood".to_owned())?;
    Ok(Lowered {
        values: vec![condition],
        ..Lowered::harmless(Kind::Other)
    })
}

/// `DECLARE @x int = …`, `DECLARE c CURSOR FOR SELECT …`.
pub(super) fn declare(segment: &Segment, dialect: Dialect) -> Result<Lowered, String> {
    let mut lowered = Lowered::harmless(Kind::Other);
    lowered.values = calls(segment);
    let holds_query = segment.tokens.iter().position(|it| it.is_word("select"));
    match (holds_query, segment.has("cursor")) {
        (None, _) => Ok(lowered),
        (Some(at), true) => {
            let query = parse_query(&segment.from(at).text, dialect);
            lowered.query = Some(query.ok_or_else(|| "a cursor of no query".to_owned())?);
            Ok(lowered)
        }
        // `DECLARE @x int = (SELECT …)`
        (Some(_), false) => {
            let at = segment.tokens.iter().position(|it| it.is("="));
            let value = at.and_then(|at| parse_condition(&segment.from(at + 1).text, dialect));
            lowered.values =
                vec![value.ok_or_else(|| "a value that is not understood".to_owned())?];
            Ok(lowered)
        }
    }
}
