//! Audit rows.

use model::{AuditRow, Id as _, RunId};

use crate::db::Tx;
use crate::writer::{self, Audit, Op};
use crate::{Error, OrgStore};

impl OrgStore {
    /// Puts an audit row on file; durable when this returns.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be written.
    pub async fn append_audit(&self, row: AuditRow) -> Result<(), Error> {
        self.inner.writer.write(vec![self.audit_op(&row)?]).await
    }

    /// Puts an audit row on file with the transaction of what it tells.
    pub(crate) async fn audit_with(&self, tx: &mut Tx, row: &AuditRow) -> Result<(), Error> {
        let op = self.audit_op(row)?;
        for statement in writer::statements(std::iter::once(&op)) {
            tx.run(statement).await?;
        }
        Ok(())
    }

    /// The row as one write.
    pub(crate) fn audit_op(&self, row: &AuditRow) -> Result<Op, Error> {
        Ok(Op::Audit(Audit {
            org: self.org.to_string(),
            id: RunId::new(&*self.inner.clock).to_string(),
            at: row.at.micros(),
            detail: serde_json::to_string(row)?,
        }))
    }
}
