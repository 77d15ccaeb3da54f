//! What the gate needs to know about its surroundings.

use std::path::PathBuf;
use std::sync::Arc;

use model::SecretString;

/// Reads one variable of the gateway's environment.
pub type Environment = Arc<dyn Fn(&str) -> Option<SecretString> + Send + Sync>;

/// Facts that only the binary knows.
#[derive(Clone)]
pub struct Config {
    /// Version of the gateway.
    pub version: String,
    /// Commit it was built from; empty when unknown.
    pub commit: String,
    /// Address that clients reach the gateway at, without trailing slash.
    pub public_url: String,
    /// Longest recording of one session in bytes.
    pub max_recording_bytes: u64,
    /// Reads one variable of the gateway's environment, for `_envjson:` secrets.
    pub environment: Environment,
    /// Folder of the folders that commands run in; the machine's folder for
    /// temporary files when `None`.
    pub rooms: Option<PathBuf>,
    /// Whether every child of this process is a command of a run, so that what
    /// runs leave behind can be ended.
    pub is_reaper: bool,
}

/// Largest input of one run in bytes.
pub const MAX_INPUT_BYTES: usize = 1024 * 1024;
/// Largest inline answer of one run in bytes.
pub const MAX_INLINE_BYTES: usize = 1024 * 1024;
/// Inline answer of one run in bytes, and page of a recording, when the caller
/// names no limit.
pub const DEFAULT_INLINE_BYTES: usize = 65_536;
/// Longest wait of a wait tool in seconds.
pub const MAX_WAIT_SECONDS: u32 = 300;
/// Calls that one credential may have in flight; waits do not count.
pub const MAX_IN_FLIGHT: u32 = 64;
