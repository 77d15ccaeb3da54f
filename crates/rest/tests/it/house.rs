//! A gateway with an administrator and a member.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use model::{Clock, ExposeSecret as _, SecretString, SystemClock, UserStatus};
use rest::RestConfig;
use serde_json::Value;
use store::{
    CredentialOwner, MasterKey, NewCredential, NewUser, OrgStore, Store, StoreUrl, TokenHash,
    TokenKind,
};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Password of every user.
pub const PASSWORD: &str = "correct horse battery";

/// A gateway in a folder of its own.
pub struct House {
    router: Router,
    /// API key of the administrator.
    pub admin: String,
    /// API key of a member.
    pub member: String,
    _folder: TempDir,
}

/// One answer.
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// JSON body; null when there is none.
    pub body: Value,
}

impl Answer {
    /// Code of the error.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

impl House {
    /// Opens a gateway.
    pub async fn open() -> Self {
        Self::with(RestConfig::default()).await
    }

    /// Opens a gateway with settings of its own.
    pub async fn with(config: RestConfig) -> Self {
        Self::at(config, Arc::new(SystemClock)).await
    }

    /// Opens a gateway with settings and a clock of its own.
    pub async fn at(config: RestConfig, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store::Config {
            url: StoreUrl::Sqlite(folder.path().join("state.db")),
            recordings: format!("file:{}", folder.path().join("recordings").display()),
            recording_options: Default::default(),
            key: MasterKey::generate().unwrap(),
        };
        let store = Store::open(store, clock.clone()).await.unwrap();
        let org = store.create_organization("default").await.unwrap().id;
        let org = store.org(org);
        org.ensure_group("admin").await.unwrap();
        let admin = person(&org, "admin@example.com", &["admin"]).await;
        let member = person(&org, "member@example.com", &[]).await;
        let surroundings = gate::Config {
            version: "0.0.0".into(),
            commit: String::new(),
            public_url: "http://127.0.0.1:8009".into(),
            max_recording_bytes: 1024 * 1024,
            environment: Arc::new(|_| None),
            rooms: None,
            is_reaper: false,
        };
        let gate = gate::Gate::new(surroundings, store, clock).unwrap();
        Self {
            router: rest::router(config, gate),
            admin,
            member,
            _folder: folder,
        }
    }

    /// Sends a request as it stands.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let body = to_bytes(body, 16 * 1024 * 1024).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    /// Sends a request with a bearer and a JSON body; null is no body.
    pub async fn ask(&self, bearer: &str, method: Method, path: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {bearer}"))
            .header("content-type", "application/json");
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Reads something as the administrator.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&self.admin, Method::GET, path, Value::Null).await
    }
}

/// Makes a user and an API key of that user.
async fn person(org: &OrgStore, email: &str, groups: &[&str]) -> String {
    let password_hash = identity::hash_password(&SecretString::from(PASSWORD)).unwrap();
    let user = org
        .create_user(NewUser {
            email: email.into(),
            name: email.into(),
            status: UserStatus::Active,
            verified: true,
            password_hash: Some(password_hash),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        })
        .await
        .unwrap();
    let minted = identity::mint(identity::TokenKind::ApiKey).unwrap();
    org.create_credential(NewCredential {
        kind: TokenKind::ApiKey,
        name: Some("test".into()),
        hash: TokenHash::of(minted.token.expose_secret()),
        owner: CredentialOwner::User(user.id),
        scopes: None,
        agent: false,
        expires_at: None,
        family: None,
    })
    .await
    .unwrap();
    minted.token.expose_secret().to_owned()
}
