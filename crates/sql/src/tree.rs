//! What the parsers of all dialects lower to: queries, changes and expressions with
//! just the parts that facts and lineage need.

use std::collections::BTreeSet;

use crate::facts::{Access, Kind, Risk};

/// A name with its qualifiers, folded, outermost first: `["shop", "orders"]`.
pub(crate) type Name = Vec<String>;

/// One statement.
#[derive(Debug, PartialEq)]
pub(crate) struct Lowered {
    /// Its own kind.
    pub kind: Kind,
    /// Kinds of what it does beside its kind and its query.
    pub effects: BTreeSet<Kind>,
    /// What it reads or changes as a query.
    pub query: Option<Query>,
    /// Tables that are used outside of `query`.
    pub tables: Vec<(Name, Access)>,
    /// Columns that are named outside of `query`, with their table where it is named.
    pub columns: Vec<(Option<Name>, String)>,
    /// Expressions outside of `query`: arguments of a call, values of a setting.
    pub values: Vec<Expr>,
    /// Risks that are known from its form.
    pub risks: BTreeSet<Risk>,
    /// Whether its form changes nothing; its query and functions may still.
    pub is_harmless: bool,
    /// Whether `query` runs now. A view only keeps it.
    pub runs: bool,
    /// Whether it answers rows.
    pub returns_rows: bool,
    /// The relation that it makes, where its columns are in the text.
    pub defines: Option<Definition>,
    /// What it may be instead, on other versions of the server.
    pub alternative: Option<Box<Lowered>>,
}

/// A table or view that a statement makes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Definition {
    /// Its name.
    pub name: Name,
    /// Its columns; of a view, new names for the first columns of its query.
    pub columns: Vec<String>,
    /// Tables that it takes columns from, which come first.
    pub like: Vec<Name>,
}

impl Lowered {
    /// A statement of this kind that is not known to be harmless.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            effects: BTreeSet::new(),
            query: None,
            tables: Vec::new(),
            columns: Vec::new(),
            values: Vec::new(),
            risks: BTreeSet::new(),
            is_harmless: false,
            runs: true,
            returns_rows: false,
            defines: None,
            alternative: None,
        }
    }

    /// A statement of this kind whose form changes nothing.
    pub fn harmless(kind: Kind) -> Self {
        Self {
            is_harmless: true,
            ..Self::of(kind)
        }
    }

    /// A statement that is a query.
    pub fn query(kind: Kind, query: Query) -> Self {
        Self {
            is_harmless: true,
            returns_rows: true,
            query: Some(query),
            ..Self::of(kind)
        }
    }

    /// The same with a risk.
    pub fn with(mut self, risk: Risk) -> Self {
        self.risks.insert(risk);
        self
    }
}

/// A query with what surrounds it.
#[derive(Debug, PartialEq)]
pub(crate) struct Query {
    /// Common table expressions, in order.
    pub ctes: Vec<Cte>,
    /// Whether they may name themselves and each other.
    pub is_recursive: bool,
    /// What it does.
    pub body: Body,
    /// What its rows are ordered by, and other expressions that see its columns.
    pub order: Vec<Expr>,
    /// Whether its rows are limited.
    pub is_limited: bool,
    /// Whether it locks the rows it reads.
    pub locks: bool,
}

impl Query {
    /// A query that is just its body.
    pub fn of(body: Body) -> Self {
        Self {
            ctes: Vec::new(),
            is_recursive: false,
            body,
            order: Vec::new(),
            is_limited: false,
            locks: false,
        }
    }
}

/// A common table expression.
#[derive(Debug, PartialEq)]
pub(crate) struct Cte {
    /// Its name.
    pub name: String,
    /// Names of its first columns; fewer than it has keep their own names.
    pub columns: Vec<String>,
    /// Its rows.
    pub query: Query,
}

/// What a query does.
#[derive(Debug, PartialEq)]
pub(crate) enum Body {
    /// A selection.
    Select(Box<Select>),
    /// Rows of several queries: `UNION`, `EXCEPT`, `INTERSECT`.
    Set(Vec<Query>),
    /// Literal rows.
    Values(Vec<Vec<Expr>>),
    /// A change.
    Change(Box<Change>),
}

/// A selection.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Select {
    /// What it answers.
    pub items: Vec<Item>,
    /// Where its rows come from.
    pub sources: Vec<Source>,
    /// What rows are chosen, grouped and windowed by.
    pub filters: Vec<Expr>,
    /// The table that it makes, by `SELECT … INTO`.
    pub into: Option<Name>,
    /// Whether its rows go to a file or leave otherwise.
    pub leaves: bool,
    /// Whether it has a `WHERE`.
    pub is_filtered: bool,
    /// Whether its rows are limited, by `TOP`.
    pub is_limited: bool,
    /// Whether it sets variables instead of answering.
    pub assigns: bool,
}

/// One of the things that a selection answers.
#[derive(Debug, PartialEq)]
pub(crate) struct Item {
    /// The name of the column, where it has one.
    pub name: Option<String>,
    /// Its value; `Expr::Star` stands for several columns.
    pub value: Expr,
}

/// Where rows come from.
#[derive(Debug, PartialEq)]
pub(crate) struct Source {
    /// The name in this query, if it has another one.
    pub alias: Option<String>,
    /// New names of its first columns.
    pub columns: Vec<String>,
    /// What it is.
    pub kind: SourceKind,
}

/// What rows come from.
#[derive(Debug, PartialEq)]
pub(crate) enum SourceKind {
    /// A table, a view or a common table expression.
    Table(Name),
    /// A query.
    Query(Box<Query>),
    /// Functions and literal rows.
    Calls(Vec<Expr>),
    /// A join with one name for all.
    Group(Vec<Source>),
}

/// Adds, changes or removes rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    /// `Insert`, `Update`, `Delete`, `Merge`.
    pub kind: Kind,
    /// Further kinds that it does.
    pub also: BTreeSet<Kind>,
    /// The tables it changes, by name or by alias of a source.
    pub targets: Vec<Source>,
    /// The columns that get values.
    pub assigned: Vec<String>,
    /// The values that they get.
    pub values: Vec<Expr>,
    /// Where else rows come from.
    pub sources: Vec<Source>,
    /// The rows that are added.
    pub input: Option<Box<Query>>,
    /// Which rows are changed.
    pub filter: Filter,
    /// Other conditions.
    pub conditions: Vec<Expr>,
    /// What it answers.
    pub returning: Vec<Item>,
    /// Whether its rows are limited.
    pub is_limited: bool,
}

impl Change {
    /// A change of this kind with nothing else known.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            also: BTreeSet::new(),
            targets: Vec::new(),
            assigned: Vec::new(),
            values: Vec::new(),
            sources: Vec::new(),
            input: None,
            filter: Filter::None,
            conditions: Vec::new(),
            returning: Vec::new(),
            is_limited: false,
        }
    }
}

/// Which rows a change is about.
#[derive(Debug, PartialEq)]
pub(crate) enum Filter {
    /// Kinds that have no `WHERE`.
    Never,
    /// It has none.
    None,
    /// Those where this is true.
    Where(Expr),
    /// The row of a cursor.
    Cursor,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `=`, `IS NOT DISTINCT FROM`, `<=>`.
    Equal,
    /// `<>`, `IS DISTINCT FROM`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

/// An expression.
#[derive(Debug, PartialEq)]
pub(crate) enum Expr {
    /// `NULL`.
    Null,
    /// `TRUE`, `FALSE`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A value that is only known when it runs: a parameter, a variable.
    Open,
    /// A column, or a whole row where it names a source.
    Column(Name),
    /// All columns, of one source if it is named.
    Star(Name),
    /// The opposite.
    Not(Box<Expr>),
    /// All of them.
    And(Vec<Expr>),
    /// One of them.
    Or(Vec<Expr>),
    /// A comparison.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `+ - * / % ||` between two values.
    Arithmetic(char, Box<Expr>, Box<Expr>),
    /// `IS NULL`; `true` for `IS NOT NULL`.
    IsNull(Box<Expr>, bool),
    /// `IN`; `true` for `NOT IN`.
    In(Box<Expr>, Vec<Expr>, bool),
    /// `BETWEEN`; `true` for `NOT BETWEEN`.
    Between(Box<[Expr; 3]>, bool),
    /// `LIKE`; `true` for `NOT LIKE`.
    Like(Box<Expr>, Box<Expr>, bool),
    /// `CASE`: values by the first condition that holds, and the value otherwise.
    Case(Vec<(Expr, Expr)>, Box<Expr>),
    /// A query as a value.
    Query(Box<Query>),
    /// `EXISTS`.
    Exists(Box<Query>),
    /// A function with its arguments.
    Call(Name, Vec<Expr>),
    /// A function that is called by an operator or a form of its own.
    Form(&'static str, Vec<Expr>),
    /// Anything else that depends on these.
    Of(Vec<Expr>),
}
