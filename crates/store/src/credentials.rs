//! Login tokens, refresh tokens and API keys, by the hash of their token.

use model::{CredentialId, Id as _, OrgId, Page, Scopes, Timestamp, UserId};
use uuid::Uuid;

use crate::db::{Row, Tx};
use crate::page::Keyset;
use crate::sql::{Sql, assembled, sql};
use crate::{Error, OrgStore, Store, TokenHash, callers};

/// What a stored token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Works for hours.
    LoginToken,
    /// Renews a login once.
    LoginRefresh,
    /// An API key.
    ApiKey,
}

/// Who a credential speaks for.
#[derive(Clone, Debug)]
pub enum CredentialOwner {
    /// A user.
    User(UserId),
    /// A machine identity with groups of its own, by name or id.
    Groups(Vec<String>),
}

/// A credential to be made.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// What it is.
    pub kind: TokenKind,
    /// Name of a key.
    pub name: Option<String>,
    /// Hash of its token.
    pub hash: TokenHash,
    /// Who it speaks for.
    pub owner: CredentialOwner,
    /// What it may be used for; `None` is everything.
    pub scopes: Option<Scopes>,
    /// Whether it is marked as an agent's.
    pub agent: bool,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// Common id of the tokens of one login.
    pub family: Option<Uuid>,
}

/// A credential on file.
#[derive(Clone, Debug)]
pub struct StoredCredential {
    /// Identifier.
    pub id: CredentialId,
    /// What it is.
    pub kind: TokenKind,
    /// Name of a key.
    pub name: Option<String>,
    /// Its user.
    pub user: Option<UserId>,
    /// Groups of a machine identity, sorted.
    pub groups: Vec<String>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// Whether it is marked as an agent's.
    pub agent: bool,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// `false` when it was revoked.
    pub active: bool,
    /// Common id of the tokens of one login.
    pub family: Option<Uuid>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Which credentials a list shows.
#[derive(Clone, Debug, Default)]
pub struct CredentialFilter {
    /// Those of a user.
    pub user: Option<UserId>,
    /// Those of a kind.
    pub kind: Option<TokenKind>,
}

/// Hashes and ends of a new pair of login tokens.
#[derive(Clone, Debug)]
pub struct LoginPair {
    /// Hash of the login token.
    pub access: TokenHash,
    /// When it stops working.
    pub access_expires_at: Timestamp,
    /// Hash of the refresh token.
    pub refresh: TokenHash,
    /// When it stops working.
    pub refresh_expires_at: Timestamp,
}

/// What became of a renewal.
#[derive(Clone, Debug)]
pub enum LoginRotation {
    /// The new pair works.
    Rotated {
        /// Organization of the user.
        org: OrgId,
        /// Whose login it is.
        user: UserId,
        /// The new login token.
        credential: CredentialId,
    },
    /// The token was used before: the whole login is revoked.
    Reused {
        /// Organization of the user.
        org: OrgId,
        /// Whose login it was.
        user: UserId,
    },
    /// There is no such token, or it expired or was revoked.
    Unknown,
}

impl TokenKind {
    const fn word(self) -> &'static str {
        match self {
            Self::LoginToken => "login_token",
            Self::LoginRefresh => "login_refresh",
            Self::ApiKey => "api_key",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::LoginToken, Self::LoginRefresh, Self::ApiKey]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

const COLUMNS: &str = "id, kind, name, user_id, scopes, agent, expires_at, last_used_at, status, \
    family_id, version, created_at, updated_at";

impl OrgStore {
    /// Makes a credential.
    ///
    /// # Errors
    /// [`Error::Missing`] for unknown groups.
    pub async fn create_credential(&self, new: NewCredential) -> Result<StoredCredential, Error> {
        let id = CredentialId::new(&*self.inner.clock);
        let mut change = self.begin().await?;
        let statement = insert(self.org, id, &new, self.now())?;
        change.tx.run(statement).await?;
        if let CredentialOwner::Groups(groups) = &new.owner {
            self.set_groups(&mut change.tx, id.uuid(), groups).await?;
        }
        change.commit().await?;
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM credential WHERE org_id = $1 AND id = $2"
        ));
        let row = self
            .first(query.id(self.org).id(id))
            .await?
            .ok_or(Error::NotFound)?;
        let mut made = [read(row)?];
        self.add_own_groups(&mut made).await?;
        let [made] = made;
        Ok(made)
    }

    /// Credentials, newest first; the page key is the id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn credentials(
        &self,
        filter: &CredentialFilter,
        page: Keyset,
    ) -> Result<Page<StoredCredential>, Error> {
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM credential WHERE org_id = $1 AND id < $2 \
             AND ($3 = '' OR user_id = $3) AND ($4 = '' OR kind = $4) ORDER BY id DESC LIMIT $5"
        ));
        // Every id sorts before `g`.
        let before = page.after.clone().unwrap_or_else(|| "g".to_owned());
        let user = filter.user.map(|user| user.to_string()).unwrap_or_default();
        let query = query.id(self.org).text(before).text(user);
        let query = query
            .text(filter.kind.map_or("", TokenKind::word))
            .int(page.rows());
        let rows = self.inner.db.all(query).await?;
        let mut found = page.page(rows, read, |credential| credential.id.to_string())?;
        self.add_own_groups(&mut found.items).await?;
        Ok(found)
    }

    /// Revokes an API key and answers its name; `None` when it was revoked
    /// before or there is no such key.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn revoke_key(&self, id: CredentialId) -> Result<Option<String>, Error> {
        let mut change = self.begin().await?;
        let revoke = sql(
            "UPDATE credential SET status = 'revoked', version = version + 1, updated_at = $1 \
             WHERE org_id = $2 AND id = $3 AND status = 'active' AND kind = 'api_key' \
             RETURNING name",
        );
        let revoke = revoke.time(self.now()).id(self.org).id(id);
        let revoked = change.tx.first(revoke).await?;
        let name = revoked.map(|mut row| row.opt_text()).transpose()?;
        change.commit().await?;
        Ok(name.map(Option::unwrap_or_default))
    }

    /// Revokes the whole login that a token belongs to.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown token.
    pub async fn revoke_login(&self, id: CredentialId) -> Result<(), Error> {
        let mut change = self.begin().await?;
        let query = sql("SELECT family_id FROM credential WHERE org_id = $1 AND id = $2");
        let row = change.tx.first(query.id(self.org).id(id)).await?;
        let family = row.ok_or(Error::NotFound)?.opt_text()?;
        let revoke = sql(
            "UPDATE credential SET status = 'revoked', version = version + 1, updated_at = $1 \
             WHERE org_id = $2 AND (id = $3 OR family_id = $4) AND status = 'active'",
        );
        let revoke = revoke.time(self.now()).id(self.org).id(id);
        change.tx.run(revoke.opt_text(family)).await?;
        change.commit().await
    }

    async fn add_own_groups(&self, credentials: &mut [StoredCredential]) -> Result<(), Error> {
        let members: Vec<Uuid> = credentials.iter().map(|one| one.id.uuid()).collect();
        let mut groups = self.groups_of(&members).await?;
        for credential in credentials {
            credential.groups = groups.remove(&credential.id.uuid()).unwrap_or_default();
        }
        Ok(())
    }
}

impl Store {
    /// Exchanges a refresh token for a new pair. A second use of the same token
    /// revokes the whole login: somebody else may hold it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn rotate_login(
        &self,
        refresh: &TokenHash,
        new: LoginPair,
    ) -> Result<LoginRotation, Error> {
        let query = sql("SELECT org_id FROM credential WHERE token_hash = $1");
        let Some(mut row) = self.inner.db.first(query.text(refresh.as_str())).await? else {
            return Ok(LoginRotation::Unknown);
        };
        let store = self.org(row.id()?);
        let mut change = store.begin().await?;
        let now = store.now();
        // Taking the old token is the one statement that decides who wins.
        let take = sql(
            "UPDATE credential SET status = 'used', updated_at = $1 WHERE token_hash = $2 \
             AND kind = 'login_refresh' AND status = 'active' AND expires_at > $1 \
             RETURNING user_id, family_id",
        );
        let Some(mut row) = change
            .tx
            .first(take.time(now).text(refresh.as_str()))
            .await?
        else {
            let reused = store.end_reused(&mut change.tx, refresh).await?;
            change.commit().await?;
            let org = store.org;
            return Ok(match reused {
                Some(user) => LoginRotation::Reused { org, user },
                None => LoginRotation::Unknown,
            });
        };
        let (user, family): (UserId, Option<String>) = (row.id()?, row.opt_text()?);
        let family = family.and_then(|family| Uuid::try_parse(&family).ok());
        let retire = sql(
            "UPDATE credential SET status = 'revoked', updated_at = $1 WHERE family_id = $2 \
             AND kind = 'login_token' AND status = 'active'",
        );
        let family_text = family.map(|family| family.to_string());
        change
            .tx
            .run(retire.time(now).opt_text(family_text))
            .await?;
        let mut last = CredentialId::new(&*self.inner.clock);
        for (kind, hash, expires_at) in [
            (TokenKind::LoginRefresh, new.refresh, new.refresh_expires_at),
            (TokenKind::LoginToken, new.access, new.access_expires_at),
        ] {
            let fresh = NewCredential {
                kind,
                name: None,
                hash,
                owner: CredentialOwner::User(user),
                scopes: None,
                agent: false,
                expires_at: Some(expires_at),
                family,
            };
            last = CredentialId::new(&*self.inner.clock);
            change.tx.run(insert(store.org, last, &fresh, now)?).await?;
        }
        change.commit().await?;
        Ok(LoginRotation::Rotated {
            org: store.org,
            user,
            credential: last,
        })
    }
}

impl OrgStore {
    /// Revokes the login of a refresh token that was used before.
    async fn end_reused(&self, tx: &mut Tx, refresh: &TokenHash) -> Result<Option<UserId>, Error> {
        let query = sql(
            "SELECT user_id, family_id FROM credential WHERE token_hash = $1 AND kind = 'login_refresh' \
             AND status = 'used'",
        );
        let Some(mut row) = tx.first(query.text(refresh.as_str())).await? else {
            return Ok(None);
        };
        let user = row.id()?;
        let revoke =
            sql("UPDATE credential SET status = 'revoked', updated_at = $1 WHERE family_id = $2");
        tx.run(revoke.time(self.now()).opt_text(row.opt_text()?))
            .await?;
        Ok(Some(user))
    }
}

fn insert(org: OrgId, id: CredentialId, new: &NewCredential, now: Timestamp) -> Result<Sql, Error> {
    let user = match new.owner {
        CredentialOwner::User(user) => Some(user.to_string()),
        CredentialOwner::Groups(_) => None,
    };
    let scopes = new.scopes.as_ref().map(serde_json::to_string).transpose()?;
    let statement = sql(
        "INSERT INTO credential (id, org_id, kind, name, token_hash, user_id, scopes, agent, \
         expires_at, last_used_at, status, family_id, client_id, version, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, 'active', $10, NULL, 1, $11, $12)",
    );
    let statement = statement
        .id(id)
        .id(org)
        .text(new.kind.word())
        .opt_text(new.name.as_deref());
    let statement = statement
        .text(new.hash.as_str())
        .opt_text(user)
        .opt_text(scopes);
    let family = new.family.map(|family| family.to_string());
    let statement = statement
        .flag(new.agent)
        .opt_time(new.expires_at)
        .opt_text(family);
    Ok(statement.time(now).time(now))
}

fn read(mut row: Row) -> Result<StoredCredential, Error> {
    Ok(StoredCredential {
        id: row.id()?,
        kind: row.word(TokenKind::parse)?,
        name: row.opt_text()?,
        user: row.opt_id()?,
        groups: Vec::new(),
        scopes: callers::scopes(row.opt_text()?)?,
        agent: row.flag()?,
        expires_at: row.opt_time()?,
        last_used_at: row.opt_time()?,
        active: row.text()? == "active",
        family: row
            .opt_text()?
            .and_then(|family| Uuid::try_parse(&family).ok()),
        version: row.int()?,
        created_at: row.time()?,
        updated_at: row.time()?,
    })
}
