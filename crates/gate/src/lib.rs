#![doc = include_str!("../README.md")]

mod access_control;
mod attributes;
mod audit;
mod bodies;
mod call;
mod catalog;
mod config;
mod connections;
mod databases;
mod datamasking_rules;
mod dialect;
mod exec;
mod exec_tool;
mod fault;
mod figures;
mod guardrails;
mod hashing;
mod idempotency;
mod keys;
mod list;
mod lockout;
mod masking_plan;
mod me;
mod mistakes;
mod naming;
mod operation;
mod policies;
mod policy_backtest;
mod policy_file;
mod policy_preview;
mod rehearsal;
mod rules;
mod schema;
mod schema_tools;
mod seats;
mod serverinfo;
mod sessions;
mod sign_in;
mod signals;
mod targets;
mod turnstile;
mod usergroups;
mod users;

pub use bodies::Room;
pub use call::{Call, Progress, ProgressState};
pub use catalog::{Catalog, Entry, Surface};
pub use config::Config;
pub use operation::{Context, Hints, Operation};
pub use policy_file::check_policy_rules;
pub use rehearsal::{AnswerOutcome, AskOutcome, Rehearsal};
pub use sign_in::SignedIn;
pub use turnstile::{Denied, Gate, JoinTrace, Unproven};

/// Every operation, in the order of `docs/reference/tools.json`; REST-only ones at
/// the end.
///
/// # Errors
/// When an operation publishes no usable schema, a fault of the build.
pub fn operations() -> Result<Catalog, String> {
    let mut catalog = Catalog::new();
    let all = Surface::Everywhere;
    catalog.add::<me::MeGet>(all)?;
    catalog.add::<serverinfo::ServerinfoGet>(all)?;
    catalog.add::<connections::ConnectionsList>(all)?;
    catalog.add::<connections::ConnectionsGet>(all)?;
    catalog.add::<connections::ConnectionsCreate>(all)?;
    catalog.add::<connections::ConnectionsUpdate>(all)?;
    catalog.add::<connections::ConnectionsDelete>(all)?;
    catalog.add::<connections::ConnectionsTest>(all)?;
    catalog.add::<exec_tool::Exec>(all)?;
    catalog.add::<schema_tools::ConnectionDatabases>(all)?;
    catalog.add::<schema_tools::ConnectionTables>(all)?;
    catalog.add::<schema_tools::ConnectionColumns>(all)?;
    catalog.add::<policy_preview::PolicyPreview>(all)?;
    catalog.add::<sessions::SessionsList>(all)?;
    catalog.add::<sessions::SessionsGet>(all)?;
    catalog.add::<sessions::SessionsGetContent>(all)?;
    catalog.add::<sessions::SessionsWait>(all)?;
    catalog.add::<sessions::SessionsKill>(all)?;
    catalog.add::<access_control::AccessControlSet>(all)?;
    catalog.add::<access_control::AccessControlUnset>(all)?;
    catalog.add::<access_control::AccessControlGet>(all)?;
    catalog.add::<access_control::AccessControlList>(all)?;
    catalog.add::<attributes::AttributesList>(all)?;
    catalog.add::<attributes::AttributesGet>(all)?;
    catalog.add::<attributes::AttributesCreate>(all)?;
    catalog.add::<attributes::AttributesUpdate>(all)?;
    catalog.add::<attributes::AttributesDelete>(all)?;
    catalog.add::<datamasking_rules::DatamaskingRulesList>(all)?;
    catalog.add::<datamasking_rules::DatamaskingRulesGet>(all)?;
    catalog.add::<datamasking_rules::DatamaskingRulesCreate>(all)?;
    catalog.add::<datamasking_rules::DatamaskingRulesUpdate>(all)?;
    catalog.add::<datamasking_rules::DatamaskingRulesDelete>(all)?;
    catalog.add::<guardrails::GuardrailsList>(all)?;
    catalog.add::<guardrails::GuardrailsGet>(all)?;
    catalog.add::<guardrails::GuardrailsCreate>(all)?;
    catalog.add::<guardrails::GuardrailsUpdate>(all)?;
    catalog.add::<guardrails::GuardrailsDelete>(all)?;
    catalog.add::<usergroups::UsergroupsList>(all)?;
    catalog.add::<usergroups::UsergroupsCreate>(all)?;
    catalog.add::<usergroups::UsergroupsDelete>(all)?;
    catalog.add::<users::UsersList>(all)?;
    catalog.add::<users::UsersGet>(all)?;
    let rest = Surface::Rest;
    catalog.add::<users::UsersCreate>(rest)?;
    catalog.add::<users::UsersUpdate>(rest)?;
    catalog.add::<keys::KeysList>(rest)?;
    catalog.add::<keys::KeysCreate>(rest)?;
    catalog.add::<keys::KeysRevoke>(rest)?;
    catalog.add::<policy_file::PoliciesPlan>(rest)?;
    catalog.add::<policy_file::PoliciesApply>(rest)?;
    catalog.add::<policy_backtest::PoliciesBacktest>(rest)?;
    catalog.add::<sign_in::SignOut>(rest)?;
    Ok(catalog)
}
