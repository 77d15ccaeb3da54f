#![doc = include_str!("../README.md")]
mod target;
mod variables;
pub use target::{BoxFuture, Fault, Halt, Job, Probe, Sink, Spec, Stage, Target};
pub use variables::{check_secrets, tls_of};
use std::sync::Arc;
/// x
#[derive(Default)]
pub struct Runner;
impl Runner {
    /// x
    pub fn target(&self, _s: &Spec) -> Result<Arc<dyn Target>, Fault> { Err(Fault{stage:Stage::Agent,code:model::Code::Unsupported,message:String::new()}) }
    /// x
    pub fn forget(&self, _c: model::ConnectionId) {}
    /// x
    pub fn kept(&self, _c: model::ConnectionId, _r: i64) -> Option<Arc<dyn Target>> { None }
}
/// x
pub enum SchemaAsk { /// x
 Databases, /// x
 Tables { /// x
 database: String }, /// x
 Columns { /// x
 database: String, /// x
 schema: String, /// x
 table: String } }
/// x
pub struct SchemaScript { /// x
 pub sql: String, /// x
 pub database: Option<String> }
/// x
pub fn schema_job(_k: model::ConnectionType, _s: &str, _a: &SchemaAsk) -> Result<SchemaScript, Fault> { Err(Fault{stage:Stage::Agent,code:model::Code::Unsupported,message:String::new()}) }
/// x
pub const fn drivers() -> &'static [&'static str] { &["postgres"] }
