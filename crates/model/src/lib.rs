#![doc = include_str!("../README.md")]

mod ask;
mod attribute;
mod audit;
mod caller;
mod clock;
mod connection;
mod directory;
mod guardrail;
mod ids;
mod masking_rule;
mod names;
mod outcome;
mod page;
mod patch;
mod piece;
mod policy_expectation;
mod policy_file;
mod refusal;
mod session;
mod strict_json;
mod trace;

pub use ask::{Ask, Format, Verb};
pub use attribute::Attribute;
pub use audit::AuditRow;
pub use caller::{Caller, Client, Credential, CredentialKind, Origin, Role, Scope, Scopes};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use connection::{
    AccessModes, Connection, ConnectionType, Limits, Mode, SecretSource, Secrets, SecretsPatch, Tls,
};
pub use directory::{Group, GroupSource, Organization, OrganizationSettings, User, UserStatus};
pub use guardrail::{
    Action, Direction, Guardrail, GuardrailRule, GuardrailRules, Hit, RuleKind, SqlRule,
    StatementKind, TableAccess,
};
pub use ids::{
    AgentId, AttributeId, BindingId, ConnectionId, CredentialId, GroupId, Id, OrgId, ReviewId,
    RuleId, RunId, SessionId, UserId,
};
pub use masking_rule::{
    CUSTOM_SELECTION, ColumnRule, CustomEntity, DEFAULT_SCORE_THRESHOLD, ENTITY_ALIASES,
    EntitySelection, KeyScope, MASKING_PRESETS, MaskingRule, Predicates, Strategy, StrategyOptions,
    entity_type, masking_preset,
};
pub use names::{
    RESOURCE_NAME_PATTERN, glob_matches, glob_matches_in_any_case, is_resource_name, is_uuid_form,
};
pub use outcome::{Failure, Finish, Masking, OutputStatus};
pub use page::{Cursor, Page, PageArgs};
pub use patch::{Patch, word_or_empty};
pub use piece::{
    Cell, Column, ColumnSource, Piece, RowBatch, Severity, Stream, TargetError, ValueKind,
};
pub use policy_expectation::{
    Decision, Expected, ExpectedDialect, ExpectedRows, PolicyExpectation,
};
pub use policy_file::{
    AccessEntry, AttributeEntry, GuardrailEntry, MaskingRuleEntry, POLICY_FILE_VERSION, PolicyFile,
};
pub use refusal::{Code, Refusal};
pub use secrecy::{ExposeSecret, SecretString};
pub use session::{
    DataMasking, IdentityType, Metrics, Person, Session, SessionClient, SessionOutcome,
    SessionStatus,
};
pub use strict_json::{strict_object, strict_value};
pub use trace::traceparent;
