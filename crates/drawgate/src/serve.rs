//! `drawgate start`: from settings to a listener, and back down.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use gate::{Config, Gate};
use model::{Clock, SecretString, SystemClock};
use tokio::signal::unix::{SignalKind, signal};

use crate::data_dir::DataDir;
use crate::doors::{self, Opening};
use crate::flags::Flags;
use crate::settings::Settings;
use crate::telemetry::Observing;
use crate::{data_dir, demo, keeper, rotate_key, tls, welcome};

/// Longest recording of one session in bytes.
const MAX_RECORDING_BYTES: u64 = 110 * 1024 * 1024;

/// How long open requests get to end after the runs have.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Starts the gateway and runs it until it is told to stop.
///
/// # Errors
/// Every mistake of the configuration, or what could not be opened.
pub(crate) fn run(flags: Flags) -> Result<(), String> {
    let settings = Settings::read(flags)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), String> {
    let observing = Observing::start(&settings.telemetry)?;
    let data = DataDir::open(&settings.data_dir)?;
    let listener = bind(settings.listen)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let public_url = settings
        .public_url
        .clone()
        .unwrap_or_else(|| own_url(address, &settings));
    let (store, key) = rotate_key::open_store(&settings, &data).await?;
    keeper::close_abandoned(&store).await;
    let org = welcome::first_start(&store, &data).await?;
    if settings.demo {
        demo::prepare(&store.org(org), &data).await?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let gate = Gate::new(
        gate_config(&public_url, &data),
        store.clone(),
        Arc::clone(&clock),
    )?;
    let opening = Opening {
        settings: &settings,
        public_url: &public_url,
        key: &key,
        metrics: observing.metrics.clone(),
        clock,
    };
    let app = doors::open(opening, Arc::clone(&gate))?;
    let keeper = tokio::spawn(keeper::keep(store.clone(), observing.metrics.clone()));
    let handle = Handle::new();
    let patience = settings.shutdown;
    let stopping = tokio::spawn(stop(handle.clone(), Arc::clone(&gate), patience));
    let serving = listen(&settings, listener, app, handle).await?;
    welcome::print(&public_url, &data, settings.demo).map_err(|error| error.to_string())?;
    let served = serving.await.map_err(|error| error.to_string())?;
    keeper.abort();
    stopping.abort();
    // Runs without a caller go on for as long as they were promised, also when
    // the last connection closed before.
    gate.drain(patience).await;
    store.close().await;
    observing.finish();
    served.map_err(|error| error.to_string())
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

type Serving = tokio::task::JoinHandle<std::io::Result<()>>;

/// Serves the doors. A small answer must not wait for the next (Nagle), hence
/// no delay.
async fn listen(
    settings: &Settings,
    listener: TcpListener,
    app: Router,
    handle: Handle<SocketAddr>,
) -> Result<Serving, String> {
    let said = |error: std::io::Error| error.to_string();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    match &settings.tls {
        None => {
            let server = axum_server::from_tcp(listener).map_err(said)?;
            let server = server.acceptor(NoDelayAcceptor::new()).handle(handle);
            Ok(tokio::spawn(server.serve(service)))
        }
        Some(files) => {
            let config = tls::load(files).await?;
            tokio::spawn(tls::follow(files.clone(), config.clone()));
            let server = axum_server::from_tcp_rustls(listener, config).map_err(said)?;
            let server = server
                .map(|acceptor| acceptor.acceptor(NoDelayAcceptor::new()))
                .handle(handle);
            Ok(tokio::spawn(server.serve(service)))
        }
    }
}

/// Waits for a signal; then runs get time to end, the rest is interrupted, and
/// the listener closes after the last answer, or a little later when a client
/// does not take it. A second signal ends at once.
async fn stop(handle: Handle<SocketAddr>, gate: Arc<Gate>, patience: Duration) {
    signaled().await;
    tracing::info!(runs = gate.runs_in_progress(), "stopping");
    handle.graceful_shutdown(Some(patience + LAST_ANSWERS));
    tokio::select! {
        () = gate.drain(patience) => {}
        () = signaled() => return handle.shutdown(),
    }
    tokio::time::sleep(LAST_ANSWERS).await;
    handle.shutdown();
}

async fn signaled() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::error!("signals cannot be received");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
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
