//! Organizations as the whole gateway sees them.

use model::{GroupId, Id as _, OrgId, Organization, OrganizationSettings};

use crate::seal::Place;
use crate::sql::sql;
use crate::{Error, MasterKey, Store};

impl Store {
    /// Every organization, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn organizations(&self) -> Result<Vec<Organization>, Error> {
        let query = sql("SELECT id, name, settings FROM organization ORDER BY name");
        let rows = self.inner.db.all(query).await?;
        let read = |mut row: crate::db::Row| {
            Ok(Organization {
                id: row.id()?,
                name: row.text()?,
                settings: row.json()?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Makes an organization with its built-in groups and its masking key.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the name is taken or the store cannot be written.
    pub async fn create_organization(&self, name: &str) -> Result<Organization, Error> {
        let (now, clock) = (self.inner.clock.now(), &*self.inner.clock);
        let id = OrgId::new(clock);
        let settings = OrganizationSettings::default();
        let text_id = id.to_string();
        let place = Place {
            table: "organization",
            row: &text_id,
            column: "masking_key",
        };
        let masking_key = {
            let key = self.inner.key.read();
            key.seal(&place, MasterKey::generate()?.expose())?
        };
        let mut tx = self.inner.db.begin().await?;
        let new = sql(
            "INSERT INTO organization (id, name, settings, masking_key, generation, version, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, 1, 1, $5, $6)",
        );
        let new = new
            .id(id)
            .text(name)
            .text(serde_json::to_string(&settings)?);
        tx.run(new.text(masking_key).time(now).time(now)).await?;
        for group in [&settings.admin_group, &settings.auditor_group] {
            let new = sql(
                "INSERT INTO user_group (id, org_id, name, description, source, built_in, \
                 version, created_at, updated_at) VALUES ($1, $2, $3, NULL, 'local', 1, 1, $4, $5)",
            );
            let new = new.id(GroupId::new(clock)).id(id).text(group);
            tx.run(new.time(now).time(now)).await?;
        }
        tx.commit().await?;
        Ok(Organization {
            id,
            name: name.to_owned(),
            settings,
        })
    }
}
