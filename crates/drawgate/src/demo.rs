//! `--demo`: something to try everything on. Making it again changes nothing.

mod shop;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect::{BoxFuture, Halt, Job, Runner, Sink, Spec};
use model::{
    AccessModes, ConnectionId, ConnectionType, Limits, Mode, Piece, SecretString, Secrets,
};
use serde_json::json;
use store::{ConnectionFields, NewConnection, OrgStore, RuleChange, RuleKind};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::data_dir::DataDir;
use crate::welcome;

/// E-mail, name, groups and token file of the demo's people.
const PEOPLE: [(&str, &str, &[&str], &str); 3] = [
    (
        "admin@demo.local",
        "Ada Admin",
        &["admin"],
        "demo/admin.token",
    ),
    (
        "dev@demo.local",
        "Dev Okafor",
        &["developers"],
        "demo/dev.token",
    ),
    (
        "reviewer@demo.local",
        "Rea Reviewer",
        &["approvers"],
        "demo/reviewer.token",
    ),
];

/// Makes whatever of the demo is not there.
///
/// # Errors
/// When the store or the data folder cannot be written.
pub(crate) async fn prepare(store: &OrgStore, data: &DataDir) -> Result<(), String> {
    let said = |error: store::Error| error.to_string();
    for group in ["developers", "approvers"] {
        store.ensure_group(group).await.map_err(said)?;
    }
    for (email, name, groups, file) in PEOPLE {
        let user = welcome::ensure_user(store, email, name, groups).await?;
        welcome::ensure_token(store, user, data, file).await?;
    }
    let path = data.join("demo/shop.db");
    if !path.exists() {
        make_shop(&path).await?;
    }
    let path = path.canonicalize().map_err(|error| error.to_string())?;
    let path = STANDARD.encode(path.display().to_string());
    let shop = fields(ConnectionType::Database, "sqlite", None, "shop");
    ensure_connection(store, "demo", shop, &[("envvar:PATH", path)]).await?;
    let shell = fields(ConnectionType::Custom, "bash", Some(&["bash"]), "shell");
    ensure_connection(store, "demo-shell", shell, &[]).await?;
    ensure_guardrail(store).await?;
    ensure_masking(store).await
}

/// What nobody sees of the customers.
async fn ensure_masking(store: &OrgStore) -> Result<(), String> {
    let says = json!({
        "name": "personal-data",
        "description": "How to reach customers, their cards and their social security numbers.",
        "supported_entity_types": [
            {"name": "CONTACT_INFORMATION", "entity_types": ["EMAIL_ADDRESS", "PHONE_NUMBER"]},
            {"name": "US_DOCUMENTS", "entity_types": ["US_SSN"]},
            {"name": "FINANCIAL_DATA", "strategy": "partial"},
        ],
    });
    ensure_rule(store, RuleKind::Masking, "personal-data", &says).await
}

/// What a developer may not do to the shop.
async fn ensure_guardrail(store: &OrgStore) -> Result<(), String> {
    let says = json!({
        "description": "Nothing is dropped, and rows are changed by condition only.",
        "input": {"rules": [
            {"type": "sql", "name": "rows by condition", "action": "block",
             "sql": {"require_where": ["update", "delete"]}},
            {"type": "sql", "name": "no changes of tables", "action": "block",
             "sql": {"deny_statements": ["drop", "truncate", "alter"]}},
        ]},
        "output": null,
    });
    ensure_rule(store, RuleKind::Guardrail, "no-surprises", &says).await
}

async fn ensure_rule(
    store: &OrgStore,
    kind: RuleKind,
    name: &str,
    says: &serde_json::Value,
) -> Result<(), String> {
    let said = |error: store::Error| error.to_string();
    if store.rule(kind, name).await.map_err(said)?.is_some() {
        return Ok(());
    }
    let rule = RuleChange {
        name: None,
        detail: Some(says.to_string()),
        connections: Some(vec!["demo".to_owned()]),
        attributes: None,
    };
    store
        .create_rule(kind, name, rule)
        .await
        .map(drop)
        .map_err(said)
}

async fn ensure_connection(
    store: &OrgStore,
    name: &str,
    fields: ConnectionFields,
    secrets: &[(&str, String)],
) -> Result<(), String> {
    let said = |error: store::Error| error.to_string();
    if store
        .connections()
        .await
        .map_err(said)?
        .by_name(name)
        .is_some()
    {
        return Ok(());
    }
    let secrets = secrets.iter();
    let secrets =
        secrets.map(|(key, value)| ((*key).to_owned(), SecretString::from(value.clone())));
    let new = NewConnection {
        name: name.to_owned(),
        fields,
        secrets: Secrets(secrets.collect()),
    };
    store.create_connection(new).await.map(|_| ()).map_err(said)
}

fn fields(
    kind: ConnectionType,
    subtype: &str,
    command: Option<&[&str]>,
    what: &str,
) -> ConnectionFields {
    let database = kind == ConnectionType::Database;
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    ConnectionFields {
        kind,
        subtype: subtype.to_owned(),
        agent: None,
        command: command.map(|command| command.iter().map(|part| (*part).to_owned()).collect()),
        tags: BTreeMap::from([tag("environment", "demo"), tag("what", what)]),
        modes: AccessModes {
            runbooks: Mode::Enabled,
            exec: Mode::Enabled,
            connect: Mode::Enabled,
            schema: if database {
                Mode::Enabled
            } else {
                Mode::Disabled
            },
        },
        reviewers: Vec::new(),
        redact_types: Vec::new(),
        mandatory_metadata_fields: Vec::new(),
        allowed_env_vars: Vec::new(),
        read_only: false,
        access_max_duration: None,
        limits: Limits::default(),
        managed_by: None,
        guardrail_rules: Vec::new(),
        attributes: Vec::new(),
        tls: None,
    }
}

/// Writes the shop beside its place and moves it there when it is whole.
async fn make_shop(path: &Path) -> Result<(), String> {
    let unfinished = path.with_extension("new");
    let said = |error: std::io::Error| format!("{}: {error}", unfinished.display());
    // An empty file is an empty SQLite database.
    std::fs::File::create(&unfinished).map_err(said)?;
    let target = Runner::new(connect::Config::default())
        .target(&Spec {
            connection: ConnectionId::from_uuid(Uuid::nil()),
            revision: 0,
            kind: ConnectionType::Database,
            subtype: "sqlite".to_owned(),
            command: None,
            secrets: BTreeMap::from([(
                "envvar:PATH".to_owned(),
                SecretString::from(unfinished.display().to_string()),
            )]),
            limits: Limits::default(),
        })
        .map_err(|fault| fault.to_string())?;
    let script = shop::script();
    let job = Job {
        input: &script,
        args: &[],
        env: &BTreeMap::new(),
        database: None,
        read_only: false,
        timeout: Duration::from_secs(60),
        stop: CancellationToken::new(),
    };
    let mut first_error = FirstError(None);
    target
        .run(job, &mut first_error)
        .await
        .map_err(|fault| fault.to_string())?;
    match first_error.0 {
        Some(error) => Err(format!("the demo shop could not be made: {error}")),
        None => std::fs::rename(&unfinished, path).map_err(said),
    }
}

/// Keeps the first error of a script of our own.
struct FirstError(Option<String>);

impl Sink for FirstError {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        if let Piece::Error(error) = piece {
            self.0.get_or_insert(error.text);
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
