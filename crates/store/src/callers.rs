//! From a bearer's hash to its caller, cached while the generation stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{
    Caller, Credential, CredentialId, CredentialKind, Id as _, OrgId, OrganizationSettings, Scopes,
    UserId, UserStatus,
};
use moka::sync::Cache;

use crate::db::Row;
use crate::sql::sql;
use crate::{Error, Store, TokenHash};

/// Most callers that are kept.
const MOST: u64 = 100_000;

/// Time between two notes that a credential was used, in microseconds.
const TOUCH: i64 = 60_000_000;

/// Callers by the hash of their bearer.
pub(crate) struct Callers(Cache<TokenHash, Arc<Known>>);

struct Known {
    generation: i64,
    caller: Arc<Caller>,
    /// When its use was last noted, in microseconds.
    noted: AtomicI64,
}

impl Default for Callers {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Store {
    /// The caller whose bearer has this hash; `None` when there is no such
    /// credential or it was revoked or expired. An inactive account is answered
    /// with its status.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn caller_by_token(&self, hash: &TokenHash) -> Result<Option<Arc<Caller>>, Error> {
        if let Some(known) = self.inner.callers.0.get(hash) {
            let generation = self.org(known.caller.org).generation().await?;
            if generation == known.generation {
                return Ok(self.still_valid(&known));
            }
        }
        let Some(known) = self.read_caller(hash).await? else {
            self.inner.callers.0.invalidate(hash);
            return Ok(None);
        };
        let known = Arc::new(known);
        self.inner
            .callers
            .0
            .insert(hash.clone(), Arc::clone(&known));
        Ok(self.still_valid(&known))
    }

    fn still_valid(&self, known: &Arc<Known>) -> Option<Arc<Caller>> {
        let now = self.inner.clock.now();
        if known
            .caller
            .credential
            .expires_at
            .is_some_and(|end| end <= now)
        {
            return None;
        }
        let noted = known.noted.load(Ordering::Relaxed);
        let due = now.micros() - noted >= TOUCH;
        if due
            && known
                .noted
                .compare_exchange(noted, now.micros(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.note_use(known.caller.credential.id, now.micros());
        }
        Some(Arc::clone(&known.caller))
    }

    /// Notes the use of a credential; nobody waits for it.
    fn note_use(&self, credential: CredentialId, now: i64) {
        let db = Arc::clone(&self.inner.db);
        tokio::spawn(async move {
            let note = sql("UPDATE credential SET last_used_at = $1 WHERE id = $2");
            if let Err(error) = db.run(note.int(now).id(credential)).await {
                tracing::debug!(%error, "the use of a credential could not be noted");
            }
        });
    }

    async fn read_caller(&self, hash: &TokenHash) -> Result<Option<Known>, Error> {
        let query = sql("SELECT org_id FROM credential WHERE token_hash = $1");
        let Some(mut row) = self.inner.db.first(query.text(hash.as_str())).await? else {
            return Ok(None);
        };
        let org: OrgId = row.id()?;
        // The generation comes first: what is read after it is never older.
        let generation = self.org(org).generation().await?;
        let query = sql(
            "SELECT c.id, c.kind, c.name, c.scopes, c.agent, c.expires_at, c.last_used_at, \
             o.name, o.settings, a.id, a.subject, a.email, a.name, a.status \
             FROM credential c JOIN organization o ON o.id = c.org_id \
             LEFT JOIN account a ON a.id = c.user_id \
             WHERE c.token_hash = $1 AND c.status = 'active' AND c.kind <> 'login_refresh'",
        );
        let Some(mut row) = self.inner.db.first(query.text(hash.as_str())).await? else {
            return Ok(None);
        };
        let credential = Credential {
            id: row.id()?,
            kind: row.word(kind)?,
            name: row.opt_text()?,
            scopes: scopes(row.opt_text()?)?,
            expires_at: None,
        };
        let is_agent = row.flag()?;
        let credential = Credential {
            expires_at: row.opt_time()?,
            ..credential
        };
        let noted = AtomicI64::new(row.opt_int()?.unwrap_or(0));
        let org_name = row.text()?;
        let settings: OrganizationSettings = row.json()?;
        let caller = person(&mut row, &credential)?;
        let mut caller = Caller {
            org,
            org_name,
            max_recording_bytes: settings.max_output_recording,
            is_agent,
            credential,
            ..caller
        };
        self.add_groups(&mut caller, &settings).await?;
        Ok(Some(Known {
            generation,
            caller: Arc::new(caller),
            noted,
        }))
    }

    async fn add_groups(
        &self,
        caller: &mut Caller,
        settings: &OrganizationSettings,
    ) -> Result<(), Error> {
        let query = sql(
            "SELECT g.id, g.name FROM group_member m JOIN user_group g ON g.id = m.group_id \
             WHERE m.member_id = $1 AND g.org_id = $2 ORDER BY g.name",
        );
        for mut row in self
            .inner
            .db
            .all(query.id(caller.id).id(caller.org))
            .await?
        {
            caller.group_ids.push(row.id()?);
            caller.groups.push(row.text()?);
        }
        caller.is_admin = caller.groups.contains(&settings.admin_group);
        caller.is_auditor = caller.groups.contains(&settings.auditor_group);
        Ok(())
    }
}

/// The user of a credential, or the machine that the credential itself is.
/// Organization, groups and roles are filled in later.
fn person(row: &mut Row, credential: &Credential) -> Result<Caller, Error> {
    let user: Option<UserId> = row.opt_id()?;
    let subject = row.opt_text()?;
    let (email, name) = (row.opt_text()?, row.opt_text()?);
    let status = row.opt_text()?.and_then(|word| UserStatus::parse(&word));
    let own_name = credential
        .name
        .clone()
        .unwrap_or_else(|| credential.id.to_string());
    let id = user.map_or(credential.id.uuid(), |user| user.uuid());
    Ok(Caller {
        org: OrgId::from_uuid(id),
        org_name: String::new(),
        max_recording_bytes: 0,
        id,
        subject: subject.unwrap_or_else(|| id.to_string()),
        email: email.unwrap_or_else(|| own_name.clone()),
        name: name.unwrap_or(own_name),
        status: status.unwrap_or(UserStatus::Active),
        is_machine: user.is_none(),
        groups: Vec::new(),
        group_ids: Vec::new(),
        is_admin: false,
        is_auditor: false,
        is_agent: false,
        credential: credential.clone(),
    })
}

fn kind(word: &str) -> Option<CredentialKind> {
    match word {
        "login_token" => Some(CredentialKind::LoginToken),
        "api_key" => Some(CredentialKind::ApiKey),
        _ => None,
    }
}

/// Scopes as they are stored: null is all of them.
pub(crate) fn scopes(stored: Option<String>) -> Result<Scopes, Error> {
    match stored {
        None => Ok(Scopes::ALL),
        Some(text) => Ok(serde_json::from_str(&text)?),
    }
}
