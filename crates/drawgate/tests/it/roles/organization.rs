//! A second organization in the store of a gateway, with an administrator of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::TokenKind as Minted;
use model::{ExposeSecret as _, SystemClock, UserStatus};
use store::{
    Config, CredentialOwner, MasterKey, NewCredential, NewUser, Store, StoreUrl, TokenHash,
    TokenKind,
};

use crate::gateway::Gateway;

/// Makes the organization while the gateway is stopped, and returns an API key
/// of its administrator. No operation makes organizations, and a gateway on
/// SQLite shares its store with nobody.
pub async fn make(gateway: &mut Gateway) -> String {
    assert!(gateway.stop(), "{}", gateway.said.lock());
    let store = Store::open(config(gateway), Arc::new(SystemClock))
        .await
        .unwrap();
    // The gateway's own is `default`, and the first by name is the one it starts with.
    let organization = store.create_organization("elsewhere").await.unwrap();
    let org = store.org(organization.id);
    let admin = NewUser {
        email: "admin@elsewhere.example".into(),
        name: "Else Where".into(),
        status: UserStatus::Active,
        verified: true,
        password_hash: None,
        groups: vec!["admin".into()],
    };
    let user = org.create_user(admin).await.unwrap();
    let minted = identity::mint(Minted::ApiKey).unwrap();
    let key = NewCredential {
        kind: TokenKind::ApiKey,
        name: Some("elsewhere".into()),
        hash: TokenHash::of(minted.token.expose_secret()),
        owner: CredentialOwner::User(user.id),
        scopes: None,
        agent: false,
        expires_at: None,
        family: None,
    };
    org.create_credential(key).await.unwrap();
    store.close().await;
    gateway.start_again();
    minted.token.expose_secret().to_owned()
}

fn config(gateway: &Gateway) -> Config {
    let file = gateway.argument("--config").map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        text.lines()
            .find_map(|line| {
                Some(
                    line.strip_prefix("store = \"")?
                        .trim_end_matches('"')
                        .to_owned(),
                )
            })
            .unwrap()
    });
    let url = match gateway.argument("--store").or(file.as_deref()) {
        Some(url) => StoreUrl::parse(url).unwrap(),
        None => StoreUrl::Sqlite(gateway.data.join("drawgate.db")),
    };
    let key = STANDARD.decode(gateway.token("secret.key")).unwrap();
    Config {
        url,
        recordings: format!("file:{}", gateway.data.join("recordings").display()),
        recording_options: BTreeMap::new(),
        key: MasterKey::from_bytes(key.try_into().unwrap()),
    }
}
