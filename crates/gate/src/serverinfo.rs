//! What this gateway is and can do.

use model::{Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{MAX_INLINE_BYTES, MAX_INPUT_BYTES, MAX_WAIT_SECONDS};
use crate::{Context, Hints, Operation, masking_plan};

/// Protocol versions of the MCP door, newest first.
pub const PROTOCOL_VERSIONS: [&str; 5] = [
    "2026-07-28",
    "2025-11-25",
    "2025-06-18",
    "2025-03-26",
    "2024-11-05",
];

/// Tells the version of the gateway, its public addresses, which databases it
/// can run, and its limits.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ServerinfoGet {}

/// Facts about the gateway.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Serverinfo {
    version: String,
    commit: String,
    auth_method: AuthMethod,
    api_url: String,
    grpc_url: String,
    tenancy_type: Tenancy,
    license_info: License,
    mcp: Mcp,
    drivers: Vec<String>,
    masking: MaskingEngine,
    limits: Limits,
}

/// How people sign in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum AuthMethod {
    Local,
}

/// Whose gateway it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Tenancy {
    Selfhosted,
    Multitenant,
}

/// Always valid and without limits: the gateway is open source.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct License {
    is_valid: bool,
    #[serde(rename = "type")]
    kind: String,
    issued_at: i64,
    expire_at: i64,
    allowed_hosts: Vec<String>,
    features: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Mcp {
    protocol_versions: Vec<String>,
    oauth_enabled: bool,
    resource_uri: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct MaskingEngine {
    engine: String,
    entity_types: Vec<String>,
    ner: Ner,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Ner {
    Lexicon,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Limits {
    max_input_bytes: usize,
    max_output_bytes: usize,
    max_wait_seconds: u32,
    max_recording_bytes: u64,
}

impl Operation for ServerinfoGet {
    const NAME: &'static str = "serverinfo_get";
    const TITLE: &'static str = "About this gateway";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Serverinfo;

    async fn run(self, context: &Context) -> Result<Serverinfo, Refusal> {
        let gate = &context.gate;
        let config = &gate.config;
        let organizations = gate
            .store
            .organizations()
            .await
            .map_err(|error| context.refuse(error))?;
        let issued_at = context.now().seconds();
        Ok(Serverinfo {
            version: config.version.clone(),
            commit: config.commit.clone(),
            auth_method: AuthMethod::Local,
            api_url: config.public_url.clone(),
            grpc_url: config.public_url.clone(),
            tenancy_type: if organizations.len() > 1 {
                Tenancy::Multitenant
            } else {
                Tenancy::Selfhosted
            },
            license_info: License {
                is_valid: true,
                kind: "oss".into(),
                issued_at,
                // Ten years of 365.25 days.
                expire_at: issued_at + 315_576_000,
                allowed_hosts: vec!["*".into()],
                features: Vec::new(),
            },
            mcp: Mcp {
                protocol_versions: PROTOCOL_VERSIONS.map(str::to_owned).to_vec(),
                oauth_enabled: false,
                resource_uri: format!("{}/api/mcp", config.public_url),
            },
            drivers: connect::drivers()
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
            masking: MaskingEngine {
                engine: "embedded".into(),
                entity_types: masking_plan::entity_types()
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
                ner: Ner::Lexicon,
            },
            limits: Limits {
                max_input_bytes: MAX_INPUT_BYTES,
                max_output_bytes: MAX_INLINE_BYTES,
                max_wait_seconds: MAX_WAIT_SECONDS,
                max_recording_bytes: context.max_recording_bytes(),
            },
        })
    }
}
