//! Users.

use std::collections::HashMap;

use model::{
    CredentialId, Id as _, OrgId, OrganizationSettings, Page, SecretString, User, UserId,
    UserStatus,
};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::db::{Row, Tx};
use crate::links::{Kind, Links, id_or_name};
use crate::page::Keyset;
use crate::sql::{Sql, assembled, like_of_part, placeholders, sql};
use crate::{Error, OrgStore, Store};

/// Which users a list shows.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Part of e-mail or name; ASCII letters match in either case.
    pub search: Option<String>,
    /// Status of the account.
    pub status: Option<UserStatus>,
    /// Id or name of a group.
    pub group: Option<String>,
}

/// A user to be made.
#[derive(Clone)]
pub struct NewUser {
    /// E-mail, unique in the organization.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Status of the account.
    pub status: UserStatus,
    /// Whether the e-mail is verified.
    pub verified: bool,
    /// Hash of the password; without one there is no sign-in by password.
    pub password_hash: Option<SecretString>,
    /// Names or ids of groups.
    pub groups: Vec<String>,
}

/// A change of a user; `None` keeps.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Display name.
    pub name: Option<String>,
    /// Status of the account.
    pub status: Option<UserStatus>,
    /// Hash of the password.
    pub password_hash: Option<SecretString>,
    /// Names or ids of all groups.
    pub groups: Option<Vec<String>>,
}

/// Somebody who may sign in with a password.
pub struct SignIn {
    /// The organization.
    pub org: OrgId,
    /// The user.
    pub user: UserId,
    /// Hash of the password; `None` when the user has none.
    pub password_hash: Option<SecretString>,
    /// Status of the account.
    pub status: UserStatus,
}

/// The columns that [`read`] takes, in order. The names of the groups are put
/// together by the engine, separated by line breaks.
const COLUMNS: &str = "a.id, a.email, a.name, a.subject, a.status, a.verified, a.slack_id, \
    a.last_login_at, a.version, a.created_at, a.updated_at";

impl OrgStore {
    /// Users by e-mail.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn users(&self, filter: &UserFilter, page: Keyset) -> Result<Page<User>, Error> {
        let mut text =
            format!("SELECT {COLUMNS} FROM account a WHERE a.org_id = $1 AND a.email > $2");
        let mut query: Vec<String> =
            vec![self.org.to_string(), page.after.clone().unwrap_or_default()];
        let mut add = |condition: &str, value: String| {
            query.push(value);
            text.push_str(&condition.replace('?', &format!("${}", query.len())));
        };
        if let Some(search) = &filter.search {
            add(
                " AND (LOWER(a.email) LIKE ? ESCAPE '!' OR LOWER(a.name) LIKE ? ESCAPE '!')",
                like_of_part(search),
            );
        }
        if let Some(status) = filter.status {
            add(" AND a.status = ?", status.as_str().to_owned());
        }
        if let Some(group) = &filter.group {
            let (column, value) = id_or_name(group);
            let inside = " AND EXISTS (SELECT 1 FROM group_member m JOIN user_group g \
                ON g.id = m.group_id WHERE m.member_id = a.id AND g.COLUMN = ?)";
            add(&inside.replace("COLUMN", column), value);
        }
        text.push_str(&format!(" ORDER BY a.email LIMIT ${}", query.len() + 1));
        let statement = query.into_iter().fold(assembled(text), Sql::text);
        let rows = self.inner.db.all(statement.int(page.rows())).await?;
        let mut users = page.page(rows, read, |user| user.email.clone())?;
        self.add_groups(&mut users.items).await?;
        Ok(users)
    }

    /// One user by e-mail, whose letters match in either case, id or subject.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn user(&self, reference: &str) -> Result<Option<User>, Error> {
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM account a WHERE a.org_id = $1 \
             AND (a.id = $2 OR LOWER(a.email) = $3 OR a.subject = $4) ORDER BY a.id LIMIT 1"
        ));
        let query = query.id(self.org).text(id_or_name(reference).1);
        let query = query.text(folded(reference)).text(reference);
        let Some(row) = self.first(query).await? else {
            return Ok(None);
        };
        let mut users = [read(row)?];
        self.add_groups(&mut users).await?;
        let [user] = users;
        Ok(Some(user))
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`Error::Taken`] for an e-mail that is used in any case of its letters,
    /// [`Error::Missing`] for unknown groups.
    pub async fn create_user(&self, new: NewUser) -> Result<User, Error> {
        let now = self.now();
        let id = UserId::new(&*self.inner.clock);
        let mut change = self.begin().await?;
        let taken = sql("SELECT id FROM account WHERE org_id = $1 AND LOWER(email) = $2");
        let taken = taken.id(self.org).text(folded(&new.email));
        if let Some(mut row) = change.tx.first(taken).await? {
            return Err(Error::Taken {
                id: row.id::<UserId>()?.uuid(),
            });
        }
        let statement = sql(
            "INSERT INTO account (id, org_id, subject, issuer, email, name, status, verified, \
             slack_id, password_hash, last_login_at, version, created_at, updated_at) \
             VALUES ($1, $2, NULL, NULL, $3, $4, $5, $6, NULL, $7, NULL, 1, $8, $9)",
        );
        let statement = statement
            .id(id)
            .id(self.org)
            .text(&new.email)
            .text(&new.name);
        let statement = statement.text(new.status.as_str()).flag(new.verified);
        let hash = new
            .password_hash
            .as_ref()
            .map(|hash| hash.expose_secret().to_owned());
        change
            .tx
            .run(statement.opt_text(hash).time(now).time(now))
            .await?;
        self.set_groups(&mut change.tx, id.uuid(), &new.groups)
            .await?;
        change.commit().await?;
        self.user(&id.to_string()).await?.ok_or(Error::NotFound)
    }

    /// Changes a user. Whoever is no longer active loses every login.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Version`], [`Error::Missing`] for unknown groups.
    pub async fn update_user(
        &self,
        id: UserId,
        change: UserChange,
        version: Option<i64>,
    ) -> Result<User, Error> {
        let mut writing = self.begin().await?;
        let query = sql("SELECT version FROM account WHERE org_id = $1 AND id = $2");
        let row = writing.tx.first(query.id(self.org).id(id)).await?;
        check_version(row.ok_or(Error::NotFound)?.int()?, version)?;
        let statement = sql(
            "UPDATE account SET name = COALESCE($1, name), status = COALESCE($2, status), \
             password_hash = COALESCE($3, password_hash), version = version + 1, \
             updated_at = $4 WHERE id = $5",
        );
        let hash = change
            .password_hash
            .as_ref()
            .map(|hash| hash.expose_secret().to_owned());
        let statement = statement
            .opt_text(change.name)
            .opt_text(change.status.map(UserStatus::as_str));
        writing
            .tx
            .run(statement.opt_text(hash).time(self.now()).id(id))
            .await?;
        if let Some(groups) = &change.groups {
            self.set_groups(&mut writing.tx, id.uuid(), groups).await?;
        }
        if change
            .status
            .is_some_and(|status| status != UserStatus::Active)
        {
            let revoke = sql(
                "UPDATE credential SET status = 'revoked', updated_at = $1 WHERE user_id = $2 \
                 AND kind IN ('login_token', 'login_refresh')",
            );
            writing.tx.run(revoke.time(self.now()).id(id)).await?;
        }
        writing.commit().await?;
        self.user(&id.to_string()).await?.ok_or(Error::NotFound)
    }

    /// Notes a successful sign-in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn record_sign_in(&self, user: UserId) -> Result<(), Error> {
        let note = sql("UPDATE account SET last_login_at = $1 WHERE org_id = $2 AND id = $3");
        self.inner
            .db
            .run(note.time(self.now()).id(self.org).id(user))
            .await
            .map(drop)
    }

    /// Makes these the local groups of a user or key.
    pub(crate) async fn set_groups(
        &self,
        tx: &mut Tx,
        member: Uuid,
        groups: &[String],
    ) -> Result<(), Error> {
        let mut links = Links::new(self.org);
        let ids = links.resolve(tx, Kind::Group, groups).await?;
        links.check()?;
        let clear = sql("DELETE FROM group_member WHERE member_id = $1 AND source = 'local'");
        tx.run(clear.id(member)).await?;
        for group in ids {
            let join = sql(
                "INSERT INTO group_member (group_id, member_id, org_id, source) \
                 VALUES ($1, $2, $3, 'local') ON CONFLICT DO NOTHING",
            );
            tx.run(join.text(group).id(member).id(self.org)).await?;
        }
        Ok(())
    }

    /// Names of the groups of users or keys, sorted.
    pub(crate) async fn groups_of(
        &self,
        members: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<String>>, Error> {
        let mut groups: HashMap<Uuid, Vec<String>> = HashMap::new();
        if members.is_empty() {
            return Ok(groups);
        }
        let query = assembled(format!(
            "SELECT m.member_id, g.name FROM group_member m \
             JOIN user_group g ON g.id = m.group_id \
             WHERE m.member_id IN {} ORDER BY g.name",
            placeholders(1, members.len())
        ));
        let query = members.iter().fold(query, Sql::id);
        for mut row in self.inner.db.all(query).await? {
            let member: CredentialId = row.id()?;
            groups.entry(member.uuid()).or_default().push(row.text()?);
        }
        Ok(groups)
    }

    async fn add_groups(&self, users: &mut [User]) -> Result<(), Error> {
        let settings: OrganizationSettings = self.organization().await?.settings;
        let members: Vec<Uuid> = users.iter().map(|user| user.id.uuid()).collect();
        let mut groups = self.groups_of(&members).await?;
        for user in users {
            user.groups = groups.remove(&user.id.uuid()).unwrap_or_default();
            user.is_admin = user.groups.contains(&settings.admin_group);
            user.is_auditor = user.groups.contains(&settings.auditor_group);
        }
        Ok(())
    }
}

impl Store {
    /// Everybody with this e-mail in any case of its letters, in any organization.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn sign_in_candidates(&self, email: &str) -> Result<Vec<SignIn>, Error> {
        let query = sql(
            "SELECT org_id, id, password_hash, status FROM account WHERE LOWER(email) = $1 \
             ORDER BY id",
        );
        let rows = self.inner.db.all(query.text(folded(email))).await?;
        let read = |mut row: Row| {
            Ok(SignIn {
                org: row.id()?,
                user: row.id()?,
                password_hash: row.opt_text()?.map(SecretString::from),
                status: row.word(UserStatus::parse)?,
            })
        };
        rows.into_iter().map(read).collect()
    }
}

/// An e-mail to be compared with `LOWER(email)`: both engines lower ASCII letters
/// only, so this does too.
fn folded(email: &str) -> String {
    email.to_ascii_lowercase()
}

/// Refuses a change that was meant for another version.
pub(crate) fn check_version(current: i64, asked: Option<i64>) -> Result<(), Error> {
    match asked {
        Some(asked) if asked != current => Err(Error::Version { current }),
        _ => Ok(()),
    }
}

fn read(mut row: Row) -> Result<User, Error> {
    let id: UserId = row.id()?;
    Ok(User {
        id,
        email: row.text()?,
        name: row.text()?,
        subject: row.opt_text()?.unwrap_or_else(|| id.to_string()),
        status: row.word(UserStatus::parse)?,
        verified: row.flag()?,
        slack_id: row.opt_text()?,
        groups: Vec::new(),
        is_admin: false,
        is_auditor: false,
        last_login_at: row.opt_time()?,
        version: row.int()?,
        created_at: row.time()?,
        updated_at: row.time()?,
    })
}
