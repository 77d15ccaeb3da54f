//! The certificate of the listener, read again when its files change.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::settings::TlsFiles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// What is wrong with certificate and key, by the name of the setting.
pub(crate) fn problems(files: &TlsFiles) -> Vec<(&'static str, String)> {
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| match chain.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(chain),
        });
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let (chain, key) = match (chain, key) {
        (Ok(chain), Ok(key)) => (chain, key),
        (chain, key) => {
            let told = |name, path: &Path, error: Option<pem::Error>| {
                error.map(|error| (name, format!("{} cannot be read: {error}", path.display())))
            };
            let problems = [
                told("tls_cert", &files.cert, chain.err()),
                told("tls_key", &files.key, key.err()),
            ];
            return problems.into_iter().flatten().collect();
        }
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let used = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    match used {
        Ok(_) => Vec::new(),
        Err(error) => vec![("tls_cert, tls_key", format!("cannot be used: {error}"))],
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_told_before_it_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            cert: dir.path().join("cert.pem"),
            key: dir.path().join("none.pem"),
        };
        std::fs::write(&files.cert, "hello").unwrap();
        let told = problems(&files);
        let names: Vec<_> = told.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["tls_cert", "tls_key"], "{told:?}");
    }
}
