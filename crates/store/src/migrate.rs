//! Forward-only migrations: embedded, in order, never edited after release.

use sha2::{Digest, Sha256};

use crate::Error;
use crate::db::Db;
use crate::sql::sql;
use crate::token::hex;

/// One step of the schema.
#[derive(Clone, Copy)]
pub(crate) struct Migration {
    /// Name, in the order of application.
    pub(crate) name: &'static str,
    /// Data definition statements.
    pub(crate) script: &'static str,
}

/// Every step that this binary knows.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_foundation",
        script: include_str!("../migrations/0001_foundation.sql"),
    },
    Migration {
        name: "0002_cancel_reason",
        script: include_str!("../migrations/0002_cancel_reason.sql"),
    },
    Migration {
        name: "0003_email_in_any_case",
        script: include_str!("../migrations/0003_email_in_any_case.sql"),
    },
    Migration {
        name: "0004_rules",
        script: include_str!("../migrations/0004_rules.sql"),
    },
    Migration {
        name: "0005_policy_files",
        script: include_str!("../migrations/0005_policy_files.sql"),
    },
    Migration {
        name: "0006_short_recordings",
        script: include_str!("../migrations/0006_short_recordings.sql"),
    },
];

impl Migration {
    fn checksum(&self) -> String {
        hex(&Sha256::digest(self.script.as_bytes()))
    }
}

/// Applies what is missing, in one transaction, one gateway at a time.
///
/// # Errors
/// [`Error::Config`] when an applied step differs from this binary's, or the
/// database knows a step that this binary does not.
pub(crate) async fn migrate(db: &Db, steps: &[Migration], now: i64) -> Result<(), Error> {
    let mut tx = db.begin_alone().await?;
    tx.define(
        "CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL PRIMARY KEY, \
         checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)",
    )
    .await?;
    let applied = tx
        .all(sql("SELECT name, checksum FROM migration ORDER BY name"))
        .await?;
    let count = applied.len();
    for (position, mut row) in applied.into_iter().enumerate() {
        let (name, checksum) = (row.text()?, row.text()?);
        let Some(step) = steps.get(position).filter(|step| step.name == name) else {
            return Err(Error::Config(format!(
                "store: the database was migrated by a newer or different version (it knows \
                 {name:?}); start that version or restore a backup"
            )));
        };
        if step.checksum() != checksum {
            return Err(Error::Config(format!(
                "store: migration {name:?} was changed after it was applied to this database; \
                 start the version that applied it"
            )));
        }
    }
    for step in steps.iter().skip(count) {
        tx.define(step.script).await?;
        let done = sql("INSERT INTO migration (name, checksum, applied_at) VALUES ($1, $2, $3)");
        tx.run(done.text(step.name).text(step.checksum()).int(now))
            .await?;
    }
    tx.commit().await
}
