//! `drawgate admin rotate-key`: seals every secret anew under a fresh key.
//!
//! The new key is on disk before anything is sealed under it, and takes the
//! place of the old one after everything is. A rotation that stops in between
//! is finished by the next start.

use std::io::Write as _;
use std::sync::Arc;

use clap::Args as _;
use cli::OutputFormat;
use model::SystemClock;
use store::{Config, MasterKey, Store};

use crate::data_dir::{DataDir, NEXT_KEY_FILE};
use crate::failure::Failure;
use crate::flags::Flags;
use crate::private;
use crate::settings::Settings;

/// Name of the subcommand.
pub(crate) const NAME: &str = "rotate-key";

/// The subcommand, with the settings that say where the store is.
pub(crate) fn command() -> clap::Command {
    let command = clap::Command::new(NAME)
        .about("Seal every secret anew under a fresh key; stop the gateway before");
    Flags::augment_args(command)
}

/// Rotates the key.
///
/// # Errors
/// When the store is in use, or cannot be opened or written.
pub(crate) fn run(flags: Flags, format: OutputFormat) -> Result<(), Failure> {
    private::hide_memory()?;
    let settings = Settings::read(flags).map_err(Failure::Settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let count = runtime.block_on(rotate(&settings))?;
    let mut out = std::io::stdout().lock();
    match format {
        OutputFormat::Text => writeln!(out, "{count} secrets are sealed under a new key."),
        OutputFormat::Json => writeln!(out, "{}", serde_json::json!({"secrets": count})),
        OutputFormat::Csv => writeln!(out, "secrets\n{count}"),
    }
    .map_err(|error| Failure::Failed(error.to_string()))
}

async fn rotate(settings: &Settings) -> Result<u64, String> {
    let data = DataDir::open(&settings.data_dir)?;
    let (store, _) = open_store(settings, &data).await?;
    let next = MasterKey::generate().map_err(|error| error.to_string())?;
    data.write_key(NEXT_KEY_FILE, &next)?;
    let sealed = store.rotate_key(next).await;
    store.close().await;
    // When it failed, the next key stays: the change may have gone through.
    let count = sealed.map_err(|error| error.to_string())?;
    data.adopt_next_key()?;
    Ok(count)
}

/// Opens the store with the key of the data folder. When that key does not fit
/// and a rotation was interrupted, the key of the rotation does.
///
/// # Errors
/// When no key fits or the store cannot be opened.
pub(crate) async fn open_store(
    settings: &Settings,
    data: &DataDir,
) -> Result<(Store, MasterKey), String> {
    let key = data.master_key()?;
    let config = |key: &MasterKey| Config {
        url: settings.store.clone(),
        recordings: settings.recordings.clone(),
        recording_options: settings.recording_options.clone(),
        key: key.clone(),
    };
    match (
        Store::open(config(&key), Arc::new(SystemClock)).await,
        data.next_key()?,
    ) {
        (Ok(store), _) => Ok((store, key)),
        (Err(error), None) => Err(error.to_string()),
        (Err(_), Some(next)) => {
            let opened = Store::open(config(&next), Arc::new(SystemClock)).await;
            let store = opened.map_err(|error| error.to_string())?;
            data.adopt_next_key()?;
            Ok((store, next))
        }
    }
}
