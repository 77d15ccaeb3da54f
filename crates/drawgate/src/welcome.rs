//! The first start of a gateway, and what every start prints.

use std::io::Write as _;
use std::path::Path;

use identity::TokenKind as Minted;
use model::{ExposeSecret as _, OrgId, SecretString, UserId, UserStatus};
use store::{
    CredentialFilter, CredentialOwner, Keyset, NewCredential, NewUser, OrgStore, Store, TokenHash,
    TokenKind,
};

use crate::data_dir::{ADMIN_TOKEN_FILE, DataDir};

/// Name of the first organization.
const ORGANIZATION: &str = "default";
/// E-mail of the first administrator.
const ADMINISTRATOR: &str = "admin@localhost";

/// Makes the first organization and its administrator, once. A start that was
/// interrupted is taken up where it stopped.
///
/// # Errors
/// When the store or the data folder cannot be written.
pub(crate) async fn first_start(store: &Store, data: &DataDir) -> Result<OrgId, String> {
    let said = |error: store::Error| error.to_string();
    let found = store.organizations().await.map_err(said)?;
    let org = match found.first() {
        Some(organization) => organization.id,
        None => {
            store
                .create_organization(ORGANIZATION)
                .await
                .map_err(said)?
                .id
        }
    };
    let store = store.org(org);
    let user = ensure_user(&store, ADMINISTRATOR, "Administrator", &["admin"]).await?;
    ensure_token(&store, user, data, ADMIN_TOKEN_FILE).await?;
    Ok(org)
}

/// The user with this e-mail; made when there is none.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn ensure_user(
    store: &OrgStore,
    email: &str,
    name: &str,
    groups: &[&str],
) -> Result<UserId, String> {
    let said = |error: store::Error| error.to_string();
    if let Some(user) = store.user(email).await.map_err(said)? {
        return Ok(user.id);
    }
    let new = NewUser {
        email: email.to_owned(),
        name: name.to_owned(),
        status: UserStatus::Active,
        verified: true,
        password_hash: None,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    };
    Ok(store.create_user(new).await.map_err(said)?.id)
}

/// The user's API key in a file of the data folder. Nothing is made when the
/// user has a key: whoever removed the file meant it.
///
/// # Errors
/// When the store or the file cannot be written.
pub(crate) async fn ensure_token(
    store: &OrgStore,
    user: UserId,
    data: &DataDir,
    file: &str,
) -> Result<(), String> {
    let said = |error: store::Error| error.to_string();
    let filter = CredentialFilter {
        user: Some(user),
        kind: Some(TokenKind::ApiKey),
    };
    let keys = store
        .credentials(
            &filter,
            Keyset {
                limit: 1,
                after: None,
            },
        )
        .await
        .map_err(said)?;
    if !keys.items.is_empty() {
        return Ok(());
    }
    // The file comes first: a token that is stored can always be read.
    let minted = identity::mint(Minted::ApiKey).map_err(|error| error.to_string())?;
    data.write_private(file, minted.token.expose_secret())?;
    let new = NewCredential {
        kind: TokenKind::ApiKey,
        name: Some(file.to_owned()),
        hash: hash_of(&minted.token),
        owner: CredentialOwner::User(user),
        scopes: None,
        agent: false,
        expires_at: None,
        family: None,
    };
    store.create_credential(new).await.map_err(said)?;
    Ok(())
}

fn hash_of(token: &SecretString) -> TokenHash {
    TokenHash::of(token.expose_secret())
}

/// Prints where the gateway is and how a client connects.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn print(public_url: &str, data: &DataDir, demo: bool) -> std::io::Result<()> {
    let token = data.join(if demo {
        "demo/dev.token"
    } else {
        ADMIN_TOKEN_FILE
    });
    let mut out = std::io::stdout().lock();
    out.write_all(text(public_url, &token).as_bytes())?;
    out.flush()
}

/// The welcome. Whoever removed the token's file finds it named no more.
fn text(public_url: &str, token: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let place = format!(
        "Drawgate {version} is ready.\n  Web    {public_url}/\n  MCP    {public_url}/api/mcp\n"
    );
    let client = if token.exists() {
        format!(
            "  Token  {}\nConnect Claude Code:\n  claude mcp add --transport http drawgate \
             {public_url}/api/mcp --header \"Authorization: Bearer $(cat {})\"\n",
            token.display(),
            quoted(token)
        )
    } else {
        format!(
            "  Token  make one: drawgate login --api-url {public_url}, then \
             drawgate admin keys create NAME\n"
        )
    };
    place + &client
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_named_when_it_is_there_and_as_one_word() {
        let dir = tempfile::tempdir().unwrap();
        let token = dir.path().join("kim's token");
        let without = text("http://h:1", &token);
        assert!(without.contains("drawgate admin keys create"), "{without}");
        assert!(!without.contains("claude"), "{without}");
        std::fs::write(&token, "x").unwrap();
        let with = text("http://h:1", &token);
        let word = format!("$(cat '{}/kim'\\''s token')\"", dir.path().display());
        assert!(with.contains(&word), "{with}");
        assert_eq!(
            quoted(Path::new("/var/lib/d-1/a.token")),
            "/var/lib/d-1/a.token"
        );
    }
}
