//! The master key of a store: checked at the start, changed as a whole.

use secrecy::ExposeSecret as _;

use crate::db::Tx;
use crate::seal::Place;
use crate::sql::{Sql, sql};
use crate::{Error, MasterKey, Store};

/// The one row that tells a wrong key at the start.
const CANARY: Place<'static> = Place {
    table: "seal_canary",
    row: "canary",
    column: "value",
};

/// A sealed column: how to read every row of it and how to write one back.
struct Sealed {
    table: &'static str,
    column: &'static str,
    /// Answers the parts of the row's id, then the sealed value.
    read: &'static str,
    /// Takes the new value, then the parts of the row's id.
    write: &'static str,
    /// Number of parts of the row's id.
    parts: usize,
}

/// Every sealed column of the schema.
const SEALED: &[Sealed] = &[
    Sealed {
        table: "seal_canary",
        column: "value",
        read: "SELECT id, value FROM seal_canary",
        write: "UPDATE seal_canary SET value = $1 WHERE id = $2",
        parts: 1,
    },
    Sealed {
        table: "organization",
        column: "masking_key",
        read: "SELECT id, masking_key FROM organization",
        write: "UPDATE organization SET masking_key = $1 WHERE id = $2",
        parts: 1,
    },
    Sealed {
        table: "connection_secret",
        column: "value",
        read: "SELECT connection_id, key, value FROM connection_secret",
        write: "UPDATE connection_secret SET value = $1 WHERE connection_id = $2 AND key = $3",
        parts: 2,
    },
];

impl Store {
    /// Opens the canary, or makes it in a new store. No key is changed meanwhile.
    pub(crate) async fn check_key(&self) -> Result<(), Error> {
        let key = self.inner.key.read().clone();
        let new = sql("INSERT INTO seal_canary (id, value) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        let sealed = key.seal(&CANARY, b"canary")?;
        let mut tx = self.inner.db.begin_alone().await?;
        tx.run(new.text(CANARY.row).text(sealed)).await?;
        let query = sql("SELECT value FROM seal_canary WHERE id = $1").text(CANARY.row);
        let row = tx.first(query).await?;
        tx.commit().await?;
        let mut row = row.ok_or_else(|| Error::Corrupt("the canary is gone".into()))?;
        key.open(&CANARY, &row.text()?).map(drop)
    }

    /// Seals every secret with `new` instead of the current key, all or none,
    /// and uses it from then on. Answers the number of values.
    ///
    /// # Errors
    /// [`Error::Config`] while another gateway holds a lease, because it has the
    /// old key; [`Error::Corrupt`] or [`Error::Config`] when a value does not
    /// open. Nothing is changed then.
    pub async fn rotate_key(&self, new: MasterKey) -> Result<u64, Error> {
        let old = self.inner.key.read().clone();
        let mut tx = self.inner.db.begin_alone().await?;
        self.refuse_others(&mut tx).await?;
        let mut count = 0;
        for column in SEALED {
            count += column.reseal(&mut tx, &old, &new).await?;
        }
        tx.commit().await?;
        *self.inner.key.write() = new;
        Ok(count)
    }

    async fn refuse_others(&self, tx: &mut Tx) -> Result<(), Error> {
        let query = sql("SELECT COUNT(*) FROM replica WHERE id <> $1 AND lease_until >= $2");
        let query = query.id(self.inner.replica).time(self.inner.clock.now());
        let mut row = tx.first(query).await?.ok_or(Error::NotFound)?;
        match row.int()? {
            0 => Ok(()),
            others => Err(Error::Config(format!(
                "gateways that run on this store: {others}; stop them first (one that was \
                 killed counts for 30 seconds)"
            ))),
        }
    }
}

impl Sealed {
    async fn reseal(&self, tx: &mut Tx, old: &MasterKey, new: &MasterKey) -> Result<u64, Error> {
        let mut count = 0;
        for mut row in tx.all(sql(self.read)).await? {
            let mut id = Vec::with_capacity(self.parts);
            for _ in 0..self.parts {
                id.push(row.text()?);
            }
            let row_id = id.join("/");
            let place = Place {
                table: self.table,
                row: &row_id,
                column: self.column,
            };
            let opened = old.open(&place, &row.text()?)?;
            let sealed = new.seal(&place, opened.expose_secret())?;
            let write = id.into_iter().fold(sql(self.write).text(sealed), Sql::text);
            tx.run(write).await?;
            count += 1;
        }
        Ok(count)
    }
}
