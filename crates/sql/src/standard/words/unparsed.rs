//! Queries and changes that the parser does not know: the worst that their words can
//! mean.

use super::names::{KEYWORDS, calls, name_and_end};
use crate::facts::{Dialect, Kind, Risk};
use crate::lexer::TokenKind;
use crate::standard::parse_condition;
use crate::standard::segment::Segment;
use crate::tree::{Body, Change, Expr, Filter, Item, Lowered, Query, Select, Source, SourceKind};

/// Words that end a condition.
const AFTER_WHERE: &[&str] = &[
    "order",
    "limit",
    "returning",
    "option",
    "group",
    "having",
    "for",
];
/// Words that are no alias.
const NO_ALIAS: &[&str] = &[
    "where",
    "set",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "on",
    "using",
    "order",
    "group",
    "limit",
    "values",
    "select",
    "output",
    "when",
    "from",
    "natural",
    "union",
    "with",
    "having",
    "for",
    "option",
    "returning",
    "into",
    "outer",
    "as",
    "default",
    "exec",
    "execute",
];

/// Lowers a query or change by its words; `None` if even its condition cannot be read.
pub(in crate::standard) fn query(segment: &Segment, dialect: Dialect) -> Option<Lowered> {
    let verbs = ["select", "insert", "replace", "update", "delete", "merge"];
    let (at, verb) = segment
        .tokens
        .iter()
        .enumerate()
        .find(|(_, it)| it.depth == 0 && verbs.iter().any(|verb| it.is_word(verb)))
        .map(|(at, it)| (at, it.word.as_str()))?;
    let mut sources = sources(segment);
    let mut values = calls(segment);
    values.extend(columns(segment));
    let kind = match verb {
        "select" => return selected(segment, sources, values),
        "insert" | "replace" => Kind::Insert,
        "update" => Kind::Update,
        "delete" => Kind::Delete,
        _ => Kind::Merge,
    };
    let mut change = Change::of(kind);
    let mut from = at + 1;
    if segment.word(from) == "top" {
        from = after_group(segment, from + 1);
        change.is_limited = true;
    }
    if segment.word(from) == "from" {
        from += 1;
    }
    let (target, _) = name_and_end(segment, from)?;
    sources.retain(|source| source.kind != SourceKind::Table(target.clone()));
    change.targets.push(Source {
        alias: None,
        columns: Vec::new(),
        kind: SourceKind::Table(target),
    });
    change.sources = sources;
    change.filter = filter(segment, kind, dialect)?;
    change.values = values;
    if segment.has("output") || segment.has("returning") {
        change.returning.push(Item {
            name: None,
            value: Expr::Star(Vec::new()),
        });
    }
    if segment
        .tokens
        .iter()
        .any(|it| it.is_word("exec") || it.is_word("execute"))
    {
        let lowered = lowered(kind, Body::Change(Box::new(change)));
        return Some(lowered.with(Risk::Dynamic).with(Risk::SideEffect));
    }
    if kind == Kind::Merge {
        change
            .also
            .extend([Kind::Insert, Kind::Update, Kind::Delete]);
    }
    Some(lowered(kind, Body::Change(Box::new(change))))
}

fn lowered(kind: Kind, body: Body) -> Lowered {
    Lowered {
        is_harmless: false,
        ..Lowered::query(kind, Query::of(body))
    }
}

/// A `SELECT` that may do anything its words say.
fn selected(segment: &Segment, sources: Vec<Source>, values: Vec<Expr>) -> Option<Lowered> {
    let into = segment.position("into");
    let select = Select {
        items: vec![Item {
            name: None,
            value: Expr::Star(Vec::new()),
        }],
        sources,
        is_filtered: segment.has("where"),
        filters: values,
        into: match into {
            Some(at) => Some(name_and_end(segment, at + 1)?.0),
            None => None,
        },
        ..Select::default()
    };
    let mut lowered = lowered(Kind::Select, Body::Select(Box::new(select)));
    let is_next = |at: usize| segment.word(at) == "value" && segment.word(at + 1) == "for";
    let mut words = 0..segment.tokens.len();
    if words.any(|at| segment.word(at) == "next" && is_next(at + 1)) {
        lowered.risks.insert(Risk::SideEffect);
    }
    let reaches = ["openrowset", "opendatasource", "openquery"];
    if segment
        .tokens
        .iter()
        .any(|it| reaches.contains(&it.word.as_str()))
    {
        lowered.risks.insert(Risk::Exfiltration);
    }
    Some(lowered)
}

/// The condition of a change.
fn filter(segment: &Segment, kind: Kind, dialect: Dialect) -> Option<Filter> {
    if matches!(kind, Kind::Insert | Kind::Merge) {
        return Some(Filter::Never);
    }
    let Some(at) = segment.position("where") else {
        return Some(Filter::None);
    };
    let rest = segment.from(at + 1);
    let ends = rest.tokens.iter().position(|it| {
        it.depth == 0 && it.kind == TokenKind::Word && AFTER_WHERE.contains(&it.word.as_str())
    });
    let condition = Segment::of(rest.tokens.get(..ends.unwrap_or(rest.tokens.len()))?);
    if condition.word(0) == "current" && condition.word(1) == "of" {
        return Some(Filter::Cursor);
    }
    Some(Filter::Where(parse_condition(&condition.text, dialect)?))
}

/// Where a group in parentheses at `index` ends; `index` if there is none.
fn after_group(segment: &Segment, index: usize) -> usize {
    let Some(open) = segment.tokens.get(index).filter(|it| it.is("(")) else {
        return index + 1;
    };
    let rest = segment.tokens.iter().enumerate().skip(index + 1);
    let mut closes = rest.filter(|(_, it)| it.is(")") && it.depth == open.depth);
    closes.next().map_or(index, |(at, _)| at + 1)
}

/// Every table that may be named, at any depth.
fn sources(segment: &Segment) -> Vec<Source> {
    let opens = ["from", "join", "into", "update", "using", "apply", "table"];
    let mut found = Vec::new();
    for (index, token) in segment.tokens.iter().enumerate() {
        let is_open = token.kind == TokenKind::Word && opens.contains(&token.word.as_str());
        if !is_open {
            continue;
        }
        let mut at = index + 1;
        while let Some((name, end)) = name_and_end(segment, at) {
            let is_call = segment.tokens.get(end).is_some_and(|it| it.is("("));
            let is_word = name.len() == 1 && NO_ALIAS.contains(&segment.word(at));
            let mut next = if segment.word(end) == "as" {
                end + 1
            } else {
                end
            };
            let alias = segment
                .tokens
                .get(next)
                .filter(|it| it.is_name() && !NO_ALIAS.contains(&it.word.as_str()))
                .map(|it| it.word.clone());
            next += usize::from(alias.is_some());
            if !is_call && !is_word {
                found.push(Source {
                    alias,
                    columns: Vec::new(),
                    kind: SourceKind::Table(name),
                });
            }
            if !segment.tokens.get(next).is_some_and(|it| it.is(",")) {
                break;
            }
            at = next + 1;
        }
    }
    found
}

/// Every name that may be one of a column.
fn columns(segment: &Segment) -> Vec<Expr> {
    let words = segment.tokens.iter().filter(|it| it.is_name());
    words
        .filter(|it| !KEYWORDS.contains(&it.word.as_str()) && !it.word.starts_with('@'))
        .map(|it| Expr::Column(vec![it.word.clone()]))
        .collect()
}
