//! A valid call of every operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use testkit::servers::Postgres;

use super::organization;
use crate::gateway::{Client, Gateway};

/// Every operation and, where it matters, whose thing it is asked about.
pub const CALLS: [(&str, &str); 57] = [
    ("me_get", ""),
    ("serverinfo_get", ""),
    ("connections_list", ""),
    ("connections_get", ""),
    ("connections_get", "with secrets"),
    ("connections_create", ""),
    ("connections_update", ""),
    ("connections_delete", ""),
    ("connections_test", ""),
    ("exec", ""),
    ("connection_databases", ""),
    ("connection_tables", ""),
    ("connection_columns", ""),
    ("policy_preview", ""),
    ("sessions_list", ""),
    ("sessions_get", "own"),
    ("sessions_get", "of another"),
    ("sessions_get_content", "own"),
    ("sessions_get_content", "of another"),
    ("sessions_wait", "own"),
    ("sessions_wait", "of another"),
    ("sessions_kill", "own"),
    ("sessions_kill", "of another"),
    ("access_control_set", ""),
    ("access_control_unset", ""),
    ("access_control_get", ""),
    ("access_control_list", ""),
    ("attributes_list", ""),
    ("attributes_get", ""),
    ("attributes_create", ""),
    ("attributes_update", ""),
    ("attributes_delete", ""),
    ("datamasking_rules_list", ""),
    ("datamasking_rules_get", ""),
    ("datamasking_rules_create", ""),
    ("datamasking_rules_update", ""),
    ("datamasking_rules_delete", ""),
    ("guardrails_list", ""),
    ("guardrails_get", ""),
    ("guardrails_create", ""),
    ("guardrails_update", ""),
    ("guardrails_delete", ""),
    ("usergroups_list", ""),
    ("usergroups_create", ""),
    ("usergroups_delete", ""),
    ("users_list", ""),
    ("users_get", ""),
    ("users_create", ""),
    ("users_update", ""),
    ("keys_list", ""),
    ("keys_create", ""),
    ("keys_revoke", ""),
    ("policies_plan", ""),
    ("policies_apply", ""),
    ("policies_backtest", ""),
    ("sign_out", ""),
    ("sign_out", "again"),
];

/// A gateway with a connection `team_pg` that only group `team` sees, a process
/// connection `bash` that everybody sees, and a second organization whose `bash`
/// is another one.
pub struct World {
    pub gateway: Gateway,
    pub admin: Client,
    /// Administrator of the second organization.
    pub elsewhere: Client,
    pub database: String,
    next: AtomicU64,
    _server: Arc<Postgres>,
}

impl World {
    pub async fn new(mut gateway: Gateway) -> Self {
        let token = organization::make(&mut gateway).await;
        let elsewhere = gateway.client(&token);
        elsewhere.connect_bash("bash").await;
        let admin = gateway.admin();
        let server = Postgres::shared();
        let d = server.database();
        server.psql(
            &d.name,
            "CREATE TABLE public.items (id int PRIMARY KEY, name text)",
        );
        let port = d.port.to_string();
        let variables = [
            ("HOST", &*d.host),
            ("PORT", &port),
            ("USER", &d.user),
            ("PASS", &d.password),
            ("DB", &d.name),
        ];
        admin
            .connect("team_pg", "database", "postgres", &variables)
            .await;
        admin.connect_bash("bash").await;
        let team = json!({"name": "team", "connections": ["team_pg"]});
        admin.call("usergroups_create", team).await.unwrap();
        Self {
            gateway,
            admin,
            elsewhere,
            database: d.name,
            next: AtomicU64::new(0),
            _server: server,
        }
    }

    fn fresh(&self, what: &str) -> String {
        format!("{what}_{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Valid arguments; whatever the call uses up is made for it.
    pub async fn arguments(&self, operation: &str, variant: &str, own: &Client) -> Value {
        let owner = if variant == "of another" {
            &self.admin
        } else {
            own
        };
        match operation {
            "me_get"
            | "serverinfo_get"
            | "connections_list"
            | "sessions_list"
            | "usergroups_list"
            | "users_list"
            | "keys_list"
            | "sign_out"
            | "access_control_list"
            | "attributes_list"
            | "guardrails_list" => json!({}),
            "connections_get" if variant == "with secrets" => {
                json!({"name": "team_pg", "include_secrets": true})
            }
            "connections_get" | "connections_test" => json!({"name": "team_pg"}),
            "connections_update" => {
                json!({"name": "team_pg", "tags": {"touched": self.fresh("by")}})
            }
            "connections_create" => {
                json!({"name": self.fresh("new"), "type": "custom", "command": ["true"]})
            }
            "connections_delete" => {
                let name = self.fresh("old");
                self.admin.connect_bash(&name).await;
                json!({"name": name})
            }
            "policy_preview" => json!({"connection_name": "team_pg", "input": "select 1"}),
            "exec" => json!({"connection_name": "team_pg", "input": "select 1"}),
            "connection_databases" => json!({"connection_name": "team_pg"}),
            "connection_tables" => json!({"connection_name": "team_pg", "database": self.database}),
            "connection_columns" => json!({"connection_name": "team_pg", "table": "items"}),
            "sessions_kill" => {
                let run =
                    json!({"connection_name": "bash", "input": "sleep 600", "wait_seconds": 0});
                json!({"id": owner.call("exec", run).await.unwrap()["session_id"]})
            }
            _ if operation.starts_with("sessions_") => {
                json!({"id": owner.exec("bash", "true").await["session_id"]})
            }
            _ if is_of_policy(operation) => self.policy_arguments(operation).await,
            _ => self.directory_arguments(operation).await,
        }
    }

    async fn policy_arguments(&self, operation: &str) -> Value {
        match operation {
            "attributes_create" => json!({"name": self.fresh("attribute")}),
            _ if operation.starts_with("attributes_") => {
                let name = self.fresh("attribute");
                let new = json!({"name": name});
                self.admin.call("attributes_create", new).await.unwrap();
                json!({"name": name})
            }
            "datamasking_rules_list" => json!({}),
            _ if operation.starts_with("datamasking_rules_") => {
                let name = self.fresh("masking");
                let new = json!({"name": name, "column_rules": [{"column": "secret"}]});
                if operation != "datamasking_rules_create" {
                    self.admin
                        .call("datamasking_rules_create", new)
                        .await
                        .unwrap();
                    return json!({"id": name});
                }
                new
            }
            _ if operation.starts_with("guardrails_") => {
                let name = self.fresh("guardrail");
                let words = json!([{"type": "deny_words_list", "words": ["drop"]}]);
                let new = json!({"name": name, "input": {"rules": words}});
                if operation != "guardrails_create" {
                    self.admin.call("guardrails_create", new).await.unwrap();
                    return json!({"id": name});
                }
                new
            }
            _ if operation.starts_with("access_control_") => {
                let name = self.fresh("bound");
                self.admin.connect_bash(&name).await;
                let list = json!({"connection_name": name, "groups": ["team"]});
                if operation != "access_control_set" {
                    self.admin.call("access_control_set", list).await.unwrap();
                    return json!({"connection_name": name});
                }
                list
            }
            "policies_plan" => json!({"file": self.policies()}),
            "policies_apply" => {
                let file = self.policies();
                let planned = Some(json!({"file": file}));
                let (status, plan) = self.admin.rest("POST", "/api/policies/plan", planned).await;
                assert_eq!(status, 200, "{plan}");
                json!({"file": file, "plan_id": plan["plan_id"]})
            }
            other => panic!("{other} has no valid call yet: add one, and its row"),
        }
    }

    async fn directory_arguments(&self, operation: &str) -> Value {
        match operation {
            "usergroups_create" => json!({"name": self.fresh("group")}),
            "usergroups_delete" => {
                let name = self.fresh("group");
                self.admin
                    .call("usergroups_create", json!({"name": name}))
                    .await
                    .unwrap();
                json!({"name": name})
            }
            "users_get" => json!({"email": "member@example.com"}),
            "users_create" => json!({"email": format!("{}@example.com", self.fresh("user"))}),
            "users_update" => json!({"email": "member@example.com", "name": self.fresh("Member")}),
            "keys_create" => json!({"name": self.fresh("key"), "user": "member@example.com"}),
            "keys_revoke" => {
                let new = json!({"name": self.fresh("key"), "groups": []});
                let (status, key) = self.admin.rest("POST", "/api/keys", Some(new)).await;
                assert_eq!(status, 201, "{key}");
                json!({"id": key["id"]})
            }
            "policies_plan" => json!({"file": self.policies()}),
            "policies_backtest" => json!({"file": self.policies(), "since": "1h"}),
            "policies_apply" => {
                let file = self.policies();
                let planned = Some(json!({"file": file}));
                let (status, plan) = self.admin.rest("POST", "/api/policies/plan", planned).await;
                assert_eq!(status, 200, "{plan}");
                json!({"file": file, "plan_id": plan["plan_id"]})
            }
            other => panic!("{other} has no valid call yet: add one, and its row"),
        }
    }

    /// A file of policies that makes something.
    fn policies(&self) -> Value {
        json!({"version": 1, "attributes": [{"name": self.fresh("attribute")}]})
    }

    /// Ends what a refused call left running.
    pub async fn clean_up(&self, operation: &str, arguments: &Value) {
        if operation == "sessions_kill" {
            let _ = self.admin.call("sessions_kill", arguments.clone()).await;
        }
    }
}

fn is_of_policy(operation: &str) -> bool {
    let nouns = [
        "attributes_",
        "guardrails_",
        "datamasking_rules_",
        "access_control_",
    ];
    nouns.iter().any(|noun| operation.starts_with(noun))
}
