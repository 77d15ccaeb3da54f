//! The certificate of the listener, read again when its files change.

use std::path::Path;
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;

use crate::settings::TlsFiles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Reads certificate and key.
///
/// # Errors
/// When they cannot be read or do not fit together.
pub(crate) async fn load(files: &TlsFiles) -> Result<RustlsConfig, String> {
    RustlsConfig::from_pem_file(&files.cert, &files.key)
        .await
        .map_err(|error| {
            format!(
                "tls: {} and {}: {error}",
                files.cert.display(),
                files.key.display()
            )
        })
}

/// Follows the files for ever. A pair that cannot be read leaves the last good
/// one in place.
pub(crate) async fn follow(files: TlsFiles, config: RustlsConfig) {
    let mut seen = changed_at(&files);
    loop {
        tokio::time::sleep(LOOK).await;
        let now = changed_at(&files);
        if now == seen {
            continue;
        }
        seen = now;
        match config.reload_from_pem_file(&files.cert, &files.key).await {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => {
                tracing::error!(%error, "the new certificate cannot be used, the old one stays")
            }
        }
    }
}

fn changed_at(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    let of = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|facts| facts.modified())
            .ok()
    };
    [of(&files.cert), of(&files.key)]
}
