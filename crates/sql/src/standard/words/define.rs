//! Statements that make, change and remove objects.

use super::names::{list, name_and_end, name_at};
use crate::facts::{Access, Dialect, Kind, Risk};
use crate::standard::segment::Segment;
use crate::standard::{parse_columns, parse_query};
use crate::tree::{Definition, Lowered, Name};

/// Objects that are about who may do what.
const RULING: &[&str] = &[
    "user",
    "role",
    "login",
    "authorization",
    "credential",
    "profile",
    "policy",
    "audit",
    "system",
];
/// Objects that reach other servers and files.
const REACHING: &[&str] = &[
    "server",
    "link",
    "external",
    "endpoint",
    "directory",
    "assembly",
];

/// The kind of the object: the first word behind the verb that names one.
fn object(segment: &Segment) -> &str {
    let kinds = [
        "table",
        "view",
        "index",
        "database",
        "schema",
        "procedure",
        "proc",
        "function",
        "trigger",
        "event",
        "sequence",
        "synonym",
        "type",
        "package",
        "tablespace",
        "statistics",
        "session",
    ];
    for index in 1..10 {
        let word = segment.word(index);
        let is_kind = |list: &[&str]| list.contains(&word);
        if is_kind(&kinds) || is_kind(RULING) || is_kind(REACHING) {
            return word;
        }
    }
    ""
}

fn of(kind: Kind, segment: &Segment) -> Lowered {
    let object = object(segment);
    let mut lowered = Lowered::of(kind);
    // `ALTER SERVER ROLE` is about a role.
    let rules = RULING.contains(&object) || RULING.contains(&segment.word(2));
    if rules || segment.has("owner") {
        lowered.risks.insert(Risk::Privilege);
    }
    if REACHING.contains(&object) && !rules {
        lowered.risks.insert(Risk::Exfiltration);
    }
    lowered
}

fn writes(lowered: &mut Lowered, names: impl IntoIterator<Item = Name>) {
    lowered
        .tables
        .extend(names.into_iter().map(|name| (name, Access::Write)));
}

/// `CREATE …`.
pub(super) fn create(segment: &Segment, dialect: Dialect) -> Lowered {
    let mut lowered = of(Kind::Create, segment);
    let object = object(segment).to_owned();
    let at = segment.position(&object);
    match object.as_str() {
        "table" | "view" => {
            let Some((name, end)) = at.and_then(|at| name_and_end(segment, at + 1)) else {
                return lowered;
            };
            writes(&mut lowered, [name.clone()]);
            if segment.word(end) == "like" {
                let like = name_at(segment, end + 1);
                lowered.tables.extend(like.map(|name| (name, Access::Read)));
            }
            lowered.query = inner_query(segment, end, dialect);
            lowered.runs = object == "table";
            lowered.defines = Some(Definition {
                name,
                columns: parse_columns(&segment.text, dialect).unwrap_or_default(),
                like: Vec::new(),
            });
            let holds_query = segment
                .tokens
                .iter()
                .skip(end)
                .any(|it| it.is_word("select"));
            if holds_query && lowered.query.is_none() {
                lowered.risks.insert(Risk::Dynamic);
            }
        }
        "index" | "trigger" | "statistics" => {
            let table = segment
                .position("on")
                .and_then(|at| name_at(segment, at + 1));
            writes(&mut lowered, table);
        }
        _ => {}
    }
    lowered
}

/// The query that a definition holds.
fn inner_query(segment: &Segment, from: usize, dialect: Dialect) -> Option<crate::tree::Query> {
    let starts = ["select", "with", "values", "table"];
    for (index, token) in segment.tokens.iter().enumerate().skip(from) {
        let is_query = token.depth == 0 && starts.iter().any(|word| token.is_word(word));
        let next = segment.tokens.get(index + 1);
        let is_group = token.depth == 0
            && token.is("(")
            && next.is_some_and(|it| it.is_word("select") || it.is_word("with"));
        if (is_query || is_group)
            && let Some(query) = parse_query(&segment.from(index).text, dialect)
        {
            return Some(query);
        }
    }
    None
}

/// `ALTER …`.
pub(super) fn alter(segment: &Segment) -> Lowered {
    let mut lowered = of(Kind::Alter, segment);
    let object = object(segment).to_owned();
    if matches!(object.as_str(), "table" | "view") {
        let at = segment.position(&object);
        let table = at.and_then(|at| name_at(segment, at + 1));
        writes(&mut lowered, table);
        if let Some(at) = segment.position("rename")
            && matches!(segment.word(at + 1), "to" | "as")
        {
            writes(&mut lowered, name_at(segment, at + 2));
        }
    }
    for kind in [Kind::Drop, Kind::Truncate] {
        let word = if kind == Kind::Drop {
            "drop"
        } else {
            "truncate"
        };
        if segment.has(word) {
            lowered.effects.insert(kind);
        }
    }
    lowered
}

/// `DROP …`.
pub(super) fn drop(segment: &Segment) -> Lowered {
    let mut lowered = of(Kind::Drop, segment);
    let object = object(segment).to_owned();
    if let (Some(at), "table" | "view") = (segment.position(&object), object.as_str()) {
        writes(&mut lowered, list(segment, at + 1));
    }
    if let ("index", Some(at)) = (object.as_str(), segment.position("on")) {
        writes(&mut lowered, name_at(segment, at + 1));
    }
    lowered
}

/// `TRUNCATE TABLE a`.
pub(super) fn truncate(segment: &Segment) -> Lowered {
    let mut lowered = Lowered::of(Kind::Truncate);
    writes(&mut lowered, list(segment, 1));
    lowered
}

/// `RENAME TABLE a TO b, c TO d`.
pub(super) fn rename(segment: &Segment) -> Lowered {
    let mut lowered = of(Kind::Alter, segment);
    if segment.word(1) == "user" {
        return lowered;
    }
    writes(&mut lowered, list(segment, 1));
    let tokens = segment.tokens.iter().enumerate();
    let targets: Vec<usize> = tokens
        .filter(|(_, it)| it.is_word("to"))
        .map(|(index, _)| index + 1)
        .collect();
    let targets = targets.into_iter().filter_map(|at| name_at(segment, at));
    writes(&mut lowered, targets.collect::<Vec<_>>());
    lowered
}

/// `GRANT`, `REVOKE`, `DENY`.
pub(super) fn grant(segment: &Segment, kind: Kind) -> Lowered {
    let mut lowered = Lowered::of(kind).with(Risk::Privilege);
    let Some(at) = segment.position("on") else {
        return lowered;
    };
    let mut index = at + 1;
    // `ON OBJECT::t`
    let is_colon = |index: usize| segment.tokens.get(index).is_some_and(|it| it.is(":"));
    if is_colon(index + 1) && is_colon(index + 2) {
        index += 3;
    }
    let is_other = matches!(
        segment.word(index),
        "procedure" | "function" | "database" | "schema" | "package"
    );
    let table = name_at(segment, index).filter(|name| !name.iter().any(|part| part == "*"));
    if !is_other {
        writes(&mut lowered, table);
    }
    lowered
}
