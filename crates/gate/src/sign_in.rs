//! Signing in with e-mail and password, renewing a login, signing out.

use std::sync::Arc;

use model::{
    AuditRow, Client, Code, CredentialId, CredentialKind, ExposeSecret as _, Id as _, OrgId,
    Refusal, Role, Scope, SecretString, Timestamp, UserId, UserStatus,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    CredentialOwner, LoginPair, LoginRotation, NewCredential, SignIn, TokenHash, TokenKind,
};
use uuid::Uuid;

use crate::hashing::Unhashed;
use crate::{Call, Context, Gate, Hints, Operation};

/// Life of a login token in seconds: 12 hours.
const LOGIN_SECONDS: i64 = 12 * 3600;
/// Life of a refresh token in seconds: 30 days.
const REFRESH_SECONDS: i64 = 30 * 24 * 3600;

/// A fresh login: a token that works for hours and one that renews it once.
#[derive(Serialize, JsonSchema)]
pub struct SignedIn {
    /// Bearer token of the API.
    pub token: String,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// Renews the login once; keep it secret too.
    pub refresh_token: String,
    /// When the login can no longer be renewed.
    pub refresh_expires_at: Timestamp,
    /// E-mail of who signed in; empty after a renewal.
    pub user_email: String,
}

/// Who has the e-mail, and who of them was proven.
struct Proof {
    found: Vec<OrgId>,
    proven: Option<(OrgId, UserId)>,
}

struct Minted {
    token: SecretString,
    refresh: SecretString,
    pair: LoginPair,
}

impl Gate {
    /// Signs a person in with e-mail and password.
    ///
    /// # Errors
    /// `unauthorized` when they do not fit together, the same whatever is wrong;
    /// `busy` after too many failures in a row with this e-mail, or while too
    /// many passwords are being checked.
    pub async fn sign_in(
        self: &Arc<Self>,
        email: &str,
        password: SecretString,
        call: &Call,
    ) -> Result<SignedIn, Refusal> {
        self.lockout.attempt(email, self.clock.now())?;
        let proven = self.prove(email, password).await;
        let Proof { found, proven } = proven.inspect_err(|_| self.lockout.take_back(email))?;
        let Some((org, user)) = proven else {
            self.note_refused(&found, call).await?;
            return Err(Refusal::new(
                Code::Unauthorized,
                "e-mail and password do not fit together",
            ));
        };
        self.lockout.forget(email);
        let minted = self.mint_login()?;
        let family = Uuid::from_u128(model::RunId::new(&*self.clock).uuid().as_u128());
        self.store_login(org, user, &minted.pair, family).await?;
        self.note((org, Some(user)), "sign_in", "ok", call).await?;
        Ok(minted.signed_in(email.to_owned()))
    }

    async fn prove(&self, email: &str, password: SecretString) -> Result<Proof, Refusal> {
        let candidates = self.store.sign_in_candidates(email).await;
        let candidates = candidates.map_err(|error| self.refuse(error))?;
        let found = candidates.iter().map(|found| found.org).collect();
        let proven = self.hashing.run(move || prove(candidates, &password)).await;
        let proven = proven.map_err(|unhashed| self.unhashed(unhashed))?;
        Ok(Proof { found, proven })
    }

    /// What the caller of work that was not done is told.
    pub(crate) fn unhashed(&self, unhashed: Unhashed) -> Refusal {
        match unhashed {
            Unhashed::Busy(refusal) => refusal,
            Unhashed::Failed(error) => self.internal(&error.to_string()),
        }
    }

    /// Puts a refused sign-in on file: in the organizations that have the
    /// e-mail, or in the first one, so that an unknown e-mail is as much work.
    async fn note_refused(&self, found: &[OrgId], call: &Call) -> Result<(), Refusal> {
        let all = self.store.organizations().await;
        let all = all.map_err(|error| self.refuse(error))?;
        let first = all.first().map(|first| first.id);
        let fallback = first.into_iter().filter(|_| found.is_empty());
        for org in found.iter().copied().chain(fallback) {
            self.note((org, None), "sign_in", Code::Unauthorized.as_str(), call)
                .await?;
        }
        Ok(())
    }

    /// Renews a login. A refresh token works once; using one again ends the
    /// whole login, because somebody else may hold it.
    ///
    /// # Errors
    /// `unauthorized` for a token that is unknown, expired, used or revoked.
    pub async fn refresh(
        self: &Arc<Self>,
        refresh: &SecretString,
        call: &Call,
    ) -> Result<SignedIn, Refusal> {
        let minted = self.mint_login()?;
        let hash = TokenHash::of(refresh.expose_secret());
        let rotated = self.store.rotate_login(&hash, minted.pair.clone()).await;
        match rotated.map_err(|error| self.refuse(error))? {
            LoginRotation::Rotated { org, user, .. } => {
                self.note((org, Some(user)), "login_refresh", "ok", call)
                    .await?;
                Ok(minted.signed_in(String::new()))
            }
            LoginRotation::Reused { org, user } => {
                self.note((org, Some(user)), "login_refresh", "reused", call)
                    .await?;
                Err(not_renewed())
            }
            LoginRotation::Unknown => Err(not_renewed()),
        }
    }

    fn mint_login(&self) -> Result<Minted, Refusal> {
        let mint = |kind| identity::mint(kind).map_err(|error| self.internal(&error.to_string()));
        let (token, refresh) = (
            mint(identity::TokenKind::Login)?.token,
            mint(identity::TokenKind::Refresh)?.token,
        );
        let now = self.clock.now();
        let pair = LoginPair {
            access: TokenHash::of(token.expose_secret()),
            access_expires_at: now.plus_seconds(LOGIN_SECONDS),
            refresh: TokenHash::of(refresh.expose_secret()),
            refresh_expires_at: now.plus_seconds(REFRESH_SECONDS),
        };
        Ok(Minted {
            token,
            refresh,
            pair,
        })
    }

    async fn store_login(
        &self,
        org: OrgId,
        user: UserId,
        pair: &LoginPair,
        family: Uuid,
    ) -> Result<(), Refusal> {
        let store = self.store.org(org);
        let tokens = [
            (
                TokenKind::LoginRefresh,
                &pair.refresh,
                pair.refresh_expires_at,
            ),
            (TokenKind::LoginToken, &pair.access, pair.access_expires_at),
        ];
        for (kind, hash, expires_at) in tokens {
            let new = NewCredential {
                kind,
                name: None,
                hash: hash.clone(),
                owner: CredentialOwner::User(user),
                scopes: None,
                agent: false,
                expires_at: Some(expires_at),
                family: Some(family),
            };
            store
                .create_credential(new)
                .await
                .map_err(|error| self.refuse(error))?;
        }
        store
            .record_sign_in(user)
            .await
            .map_err(|error| self.refuse(error))
    }

    /// Puts a sign-in on file, the refused ones included.
    async fn note(
        &self,
        (org, user): (OrgId, Option<UserId>),
        operation: &str,
        code: &str,
        call: &Call,
    ) -> Result<(), Refusal> {
        let client = |client: &Client| format!("{}/{}", client.name, client.version);
        let row = AuditRow {
            actor: user.map(|user| user.to_string()),
            credential: None,
            client: call.client.as_ref().map(client),
            operation: operation.to_owned(),
            objects: Vec::new(),
            code: code.to_owned(),
            duration_ms: 0,
            address: call.address.clone(),
            request_id: call.request_id.clone(),
            correlation_id: call.correlation_id.clone(),
            at: self.clock.now(),
        };
        self.store
            .org(org)
            .append_audit(row)
            .await
            .map_err(|error| self.refuse(error))
    }
}

impl Minted {
    fn signed_in(self, user_email: String) -> SignedIn {
        SignedIn {
            token: self.token.expose_secret().to_owned(),
            expires_at: self.pair.access_expires_at,
            refresh_token: self.refresh.expose_secret().to_owned(),
            refresh_expires_at: self.pair.refresh_expires_at,
            user_email,
        }
    }
}

fn not_renewed() -> Refusal {
    Refusal::new(Code::Unauthorized, "the login cannot be renewed").hint("sign in again")
}

/// The first active candidate whose password fits. Takes the time of one
/// comparison when there is none.
fn prove(candidates: Vec<SignIn>, password: &SecretString) -> Option<(OrgId, UserId)> {
    let mut compared = false;
    for candidate in candidates {
        let Some(stored) = candidate.password_hash else {
            continue;
        };
        compared = true;
        if identity::password_matches(password, &stored) && candidate.status == UserStatus::Active {
            return Some((candidate.org, candidate.user));
        }
    }
    if !compared {
        identity::spend_password_time(password);
    }
    None
}

/// Signs out: the login token of this call and its refresh token stop working.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignOut {}

/// What stopped working.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SignedOut {
    signed_out: bool,
    credential_id: CredentialId,
}

impl Operation for SignOut {
    const NAME: &'static str = "sign_out";
    const TITLE: &'static str = "Sign out";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::CHANGE;
    type Output = SignedOut;

    async fn run(self, context: &Context) -> Result<SignedOut, Refusal> {
        let credential = &context.caller.credential;
        if credential.kind != CredentialKind::LoginToken {
            return Err(
                Refusal::new(Code::WrongState, "only a login can be signed out")
                    .hint("revoke an API key with keys_revoke"),
            );
        }
        context
            .store()
            .revoke_login(credential.id)
            .await
            .map_err(|error| context.refuse(error))?;
        context.audit.touch(credential.id);
        Ok(SignedOut {
            signed_out: true,
            credential_id: credential.id,
        })
    }
}
