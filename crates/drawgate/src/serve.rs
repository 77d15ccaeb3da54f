//! `drawgate start`: from settings to a listener, and back down.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use gate::{Config, Gate};
use model::{Clock, SecretString, SystemClock};
use store::StoreUrl;

use crate::data_dir::DataDir;
use crate::doors::{self, Opening};
use crate::failure::Failure;
use crate::flags::Flags;
use crate::settings::Settings;
use crate::stopping::Signals;
use crate::telemetry::Observing;
use crate::{data_dir, demo, keeper, listener, private, rotate_key, stopping, telemetry, welcome};

/// Longest recording of one session in bytes.
const MAX_RECORDING_BYTES: u64 = 110 * 1024 * 1024;

/// How long the store may take to be closed, and what still runs on threads of
/// its own to end.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Starts the gateway and runs it until it is told to stop.
///
/// # Errors
/// Every mistake of the configuration, or what could not be opened.
pub(crate) fn run(flags: Flags) -> Result<(), Failure> {
    private::hide_memory()?;
    let settings = Settings::read(flags).map_err(Failure::Settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let served = runtime.block_on(serve(settings));
    runtime.shutdown_timeout(LAST_WRITES);
    Ok(served?)
}

async fn serve(settings: Settings) -> Result<(), String> {
    let observing = Observing::start(&settings.telemetry)?;
    let listener = bind(settings.listen)?;
    let data = DataDir::open(&settings.data_dir)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let public_url = settings
        .public_url
        .clone()
        .unwrap_or_else(|| own_url(address, &settings));
    let (store, key) = rotate_key::open_store(&settings, &data).await?;
    keeper::close_abandoned(&store, |_| false).await;
    let org = welcome::first_start(&store, &data).await?;
    if settings.demo {
        demo::prepare(&store.org(org), &data).await?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let config = gate_config(&public_url, &data);
    let gate = Gate::new(config, store.clone(), Arc::clone(&clock))?;
    if settings.telemetry.otlp_endpoint.is_some() {
        gate.join_traces(telemetry::join);
    }
    let opening = Opening {
        settings: &settings,
        public_url: &public_url,
        key: &key,
        metrics: observing.metrics.clone(),
        clock,
    };
    let app = doors::open(opening, Arc::clone(&gate))?;
    let keeper = tokio::spawn(keeper::keep(Arc::clone(&gate), observing.metrics.clone()));
    let handle = Handle::new();
    let signals = Signals::hear()?;
    let serving = listener::listen(&settings, listener, app, handle.clone()).await?;
    welcome::print(&public_url, &data, settings.demo).map_err(|error| error.to_string())?;
    tell_ready(&settings, address);
    let served = stopping::serve((serving, handle), signals, &gate, settings.shutdown).await;
    // The lease is given up last: another gateway would end the sessions of runs.
    keeper.abort();
    if tokio::time::timeout(LAST_WRITES, store.close())
        .await
        .is_err()
    {
        tracing::error!("the store could not be closed in time");
    }
    observing.finish();
    served
}

/// The one line that says that this gateway serves, and what.
fn tell_ready(settings: &Settings, address: SocketAddr) {
    if settings.public_url.is_none() && address.ip().is_unspecified() {
        tracing::warn!(
            "listening on every address without a public URL: the MCP door knows no name of \
             this host; give --public-url"
        );
    }
    let store = match settings.store {
        StoreUrl::Sqlite(_) => "sqlite",
        StoreUrl::Postgres(_) => "postgres",
    };
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(%address, store, version, "ready");
}

/// Binds before anything else is opened, so that a taken port changes nothing.
fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    let listener =
        TcpListener::bind(address).map_err(|error| format!("listen: {address}: {error}"))?;
    listener
        .set_nonblocking(true)
        .map_err(|error| error.to_string())?;
    Ok(listener)
}

fn own_url(address: SocketAddr, settings: &Settings) -> String {
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{address}")
}

fn gate_config(public_url: &str, data: &DataDir) -> Config {
    Config {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("DRAWGATE_COMMIT")
            .unwrap_or_default()
            .to_owned(),
        public_url: public_url.to_owned(),
        max_recording_bytes: MAX_RECORDING_BYTES,
        environment: Arc::new(environment),
        rooms: Some(data.join(data_dir::ROOMS)),
        is_reaper: true,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the environment"
)]
fn environment(name: &str) -> Option<SecretString> {
    std::env::var(name).ok().map(SecretString::from)
}
