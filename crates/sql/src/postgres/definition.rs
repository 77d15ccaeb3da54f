//! Statements of PostgreSQL that make, change and remove objects.

use squawk_parser::SyntaxKind::{self, *};

use super::expression::expr;
use super::name::{child, leaf, path};
use super::query::{is_query, names, query_below};
use super::syntax::SyntaxNode;
use crate::facts::{Access, Kind, Risk};
use crate::tree::{Definition, Expr, Lowered, Name};

/// Lowers a definition. A kind that is not known is `Other`, and not harmless.
pub(super) fn definition(node: &SyntaxNode<'_>, kind: SyntaxKind) -> Lowered {
    let mut lowered = Lowered::of(effect(kind));
    lowered.risks.extend(risks(kind));
    tables_below(node, &mut lowered.tables);
    for part in node.descendants() {
        match part.kind() {
            OWNER_TO | SECURITY_DEFINER_FUNC_OPTION | DISABLE_RLS | NO_FORCE_RLS => {
                lowered.risks.insert(Risk::Privilege);
            }
            _ => {}
        }
    }
    if kind == ALTER_DEFAULT_PRIVILEGES {
        let grants = child(node, GRANT_DEFAULT_PRIVILEGES).is_some();
        let effect = if grants { Kind::Grant } else { Kind::Revoke };
        lowered.effects.insert(effect);
    }
    lowered.defines = relation(node, kind);
    match kind {
        CREATE_TABLE_AS | CREATE_MATERIALIZED_VIEW => {
            lowered.query = query_below(node);
            if child(node, EXECUTE).is_some() {
                lowered.risks.insert(Risk::Dynamic);
            }
        }
        CREATE_VIEW => {
            lowered.query = query_below(node);
            lowered.runs = false;
        }
        // What they hold runs now, unlike defaults, triggers and bodies.
        ALTER_TABLE | CREATE_INDEX => lowered.values = calls(node),
        _ => {}
    }
    lowered
}

/// The table or view that is made, with the columns that are listed.
fn relation(node: &SyntaxNode<'_>, kind: SyntaxKind) -> Option<Definition> {
    let name = match kind {
        CREATE_TABLE | CREATE_FOREIGN_TABLE | CREATE_TABLE_AS => child(node, TABLE_NAME)?,
        CREATE_VIEW | CREATE_MATERIALIZED_VIEW => child(node, VIEW)?,
        _ => return None,
    };
    let mut made = Definition {
        name: path(&name)?,
        ..Definition::default()
    };
    for part in node.children() {
        match part.kind() {
            COLUMN_LIST => made.columns = names(&part),
            INHERITS => made.like.extend(part.children().filter_map(|it| path(&it))),
            PARTITION_OF => made.like.extend(path(&part)),
            TABLE_ARG_LIST => {
                for entry in part.children() {
                    match entry.kind() {
                        COLUMN => made
                            .columns
                            .extend(child(&entry, COLUMN_NAME).map(|it| leaf(&it))),
                        LIKE_CLAUSE => made.like.extend(path(&entry)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some(made)
}

/// The kind that the name of a syntax kind tells.
fn effect(kind: SyntaxKind) -> Kind {
    let name = format!("{kind:?}");
    match kind {
        COMMENT_ON | SECURITY_LABEL => Kind::Comment,
        IMPORT_FOREIGN_SCHEMA => Kind::Create,
        REASSIGN => Kind::Alter,
        _ if name.starts_with("CREATE_") => Kind::Create,
        _ if name.starts_with("ALTER_") => Kind::Alter,
        _ if name.starts_with("DROP_") => Kind::Drop,
        _ => Kind::Other,
    }
}

/// What kinds of definitions are dangerous beside being definitions.
fn risks(kind: SyntaxKind) -> Option<Risk> {
    match kind {
        CREATE_ROLE
        | CREATE_USER
        | CREATE_GROUP
        | ALTER_ROLE
        | ALTER_USER
        | ALTER_GROUP
        | DROP_ROLE
        | DROP_USER
        | DROP_GROUP
        | CREATE_USER_MAPPING
        | ALTER_USER_MAPPING
        | DROP_USER_MAPPING
        | CREATE_POLICY
        | ALTER_POLICY
        | DROP_POLICY
        | ALTER_SYSTEM
        | ALTER_DEFAULT_PRIVILEGES
        | REASSIGN
        | DROP_OWNED => Some(Risk::Privilege),
        CREATE_SERVER
        | ALTER_SERVER
        | CREATE_FOREIGN_TABLE
        | CREATE_FOREIGN_DATA_WRAPPER
        | IMPORT_FOREIGN_SCHEMA
        | CREATE_SUBSCRIPTION
        | ALTER_SUBSCRIPTION
        | CREATE_PUBLICATION
        | ALTER_PUBLICATION => Some(Risk::Exfiltration),
        _ => None,
    }
}

/// Functions that are called below `node`.
fn calls(node: &SyntaxNode<'_>) -> Vec<Expr> {
    let calls = node.descendants().filter(|part| part.kind() == CALL_EXPR);
    calls
        .filter_map(|call| match expr(&call) {
            Expr::Call(name, _) => Some(Expr::Call(name, Vec::new())),
            _ => None,
        })
        .collect()
}

/// Adds the tables and views that are named below `node`, outside of queries.
pub(super) fn tables_below(node: &SyntaxNode<'_>, tables: &mut Vec<(Name, Access)>) {
    for part in node.children() {
        let access = match part.kind() {
            // What a rule does instead is of its tables; other queries are lowered.
            kind if is_query(kind) && node.kind() != RULE_DO => continue,
            TABLE_NAME | VIEW | TABLE_NAME_REF | RELATION_NAME_REF | VIEW_REF => {
                if matches!(
                    node.kind(),
                    REFERENCES_CONSTRAINT
                        | REFERENCES_TABLE
                        | LIKE_CLAUSE
                        | FOREIGN_KEY_CONSTRAINT
                        | PARTITION_OF
                        | INHERITS
                ) {
                    Access::Read
                } else {
                    Access::Write
                }
            }
            OBJECT_COLUMN => {
                let mut column = path(&part).unwrap_or_default();
                column.pop();
                if !column.is_empty() {
                    tables.push((column, Access::Write));
                }
                continue;
            }
            _ => {
                tables_below(&part, tables);
                continue;
            }
        };
        tables.extend(path(&part).map(|table| (table, access)));
    }
}
