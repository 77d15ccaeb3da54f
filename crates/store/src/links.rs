//! References by id or name, resolved before anything is written.

use model::{Id as _, OrgId};
use uuid::Uuid;

use crate::Error;
use crate::db::Tx;
use crate::sql::{Sql, assembled};

/// What can be referred to by id or name.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    AccessRequestRule,
    Agent,
    Attribute,
    Connection,
    Group,
    Guardrail,
    MaskingRule,
}

impl Kind {
    /// The word in refusals and in links of attributes.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AccessRequestRule => "access_request_rule",
            Self::Agent => "agent",
            Self::Attribute => "attribute",
            Self::Connection => "connection",
            Self::Group => "group",
            Self::Guardrail => "guardrail",
            Self::MaskingRule => "datamasking_rule",
        }
    }

    /// The table of its objects.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::AccessRequestRule => "access_request_rule",
            Self::Agent => "agent",
            Self::Attribute => "attribute",
            Self::Connection => "connection",
            Self::Group => "user_group",
            Self::Guardrail => "guardrail_rule",
            Self::MaskingRule => "datamasking_rule",
        }
    }
}

/// Resolves references in one transaction and gathers the unknown ones.
pub(crate) struct Links {
    org: OrgId,
    missing: Vec<(&'static str, String)>,
}

impl Links {
    /// Nothing resolved yet.
    pub(crate) const fn new(org: OrgId) -> Self {
        Self {
            org,
            missing: Vec::new(),
        }
    }

    /// Ids of `references`, without repetitions, in order of their first naming.
    pub(crate) async fn resolve(
        &mut self,
        tx: &mut Tx,
        kind: Kind,
        references: &[String],
    ) -> Result<Vec<String>, Error> {
        let mut ids: Vec<String> = Vec::with_capacity(references.len());
        for reference in references {
            match find(tx, self.org, kind, reference).await? {
                Some(id) if ids.contains(&id) => {}
                Some(id) => ids.push(id),
                None => self.miss(kind, reference),
            }
        }
        Ok(ids)
    }

    /// Notes an unknown reference once.
    fn miss(&mut self, kind: Kind, reference: &str) {
        let link = (kind.word(), reference.to_owned());
        if !self.missing.contains(&link) {
            self.missing.push(link);
        }
    }

    /// Fails when anything was unknown.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.missing.is_empty() {
            Ok(())
        } else {
            Err(Error::Missing(self.missing))
        }
    }
}

/// The id of one object by id or name.
pub(crate) async fn find(
    tx: &mut Tx,
    org: OrgId,
    kind: Kind,
    reference: &str,
) -> Result<Option<String>, Error> {
    match tx.first(lookup(org, kind, reference)).await? {
        Some(mut row) => Ok(Some(row.text()?)),
        None => Ok(None),
    }
}

/// The column that a reference is looked up in, and its value there. A text in
/// UUID form is an id; names cannot have that form.
pub(crate) fn id_or_name(reference: &str) -> (&'static str, String) {
    match Uuid::try_parse(reference) {
        Ok(id) => ("id", id.hyphenated().to_string()),
        Err(_) => ("name", reference.to_owned()),
    }
}

fn lookup(org: OrgId, kind: Kind, reference: &str) -> Sql {
    let (column, value) = id_or_name(reference);
    let table = kind.table();
    assembled(format!(
        "SELECT id FROM {table} WHERE org_id = $1 AND {column} = $2"
    ))
    .id(org.uuid())
    .text(value)
}
