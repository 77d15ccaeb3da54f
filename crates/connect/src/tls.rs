//! TLS to targets, verified unless the connection asks otherwise.

use std::sync::Arc;

use model::Tls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::TlsConnector;

use crate::{Fault, Stage};

/// Makes the connector of a PostgreSQL target. `roots` is PEM text of the authorities to
/// trust; the platform's when absent.
#[cfg(feature = "postgres")]
pub(crate) fn connector(tls: Tls, roots: Option<&str>) -> Result<TlsConnector, Fault> {
    let refuse = |error: rustls::Error| {
        Fault::unavailable(Stage::Tls, format!("TLS cannot be set up: {error}"))
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refuse)?;
    let config = match (tls, roots) {
        (Tls::Unverified, _) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth(),
        (_, Some(pem)) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(read_authorities(pem)?);
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        (_, None) => builder
            .with_platform_verifier()
            .map_err(refuse)?
            .with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The authorities in PEM text, each of them usable.
pub(crate) fn read_authorities(pem: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let unreadable = || {
        Fault::invalid(
            Stage::Tls,
            "the connection's `SSLROOTCERT` holds no readable PEM certificate",
        )
    };
    let authorities: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| unreadable())?;
    let mut roots = RootCertStore::empty();
    for authority in &authorities {
        roots.add(authority.clone()).map_err(|_| unreadable())?;
    }
    if roots.is_empty() {
        return Err(unreadable());
    }
    Ok(authorities)
}

/// The authorities that this machine trusts.
#[cfg(feature = "mysql")]
pub(crate) fn platform_authorities() -> Vec<CertificateDer<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "an authority of this machine cannot be read");
    }
    // Among many old ones some may be unusable; they are no reason to trust
    // none of the others.
    let is_usable =
        |authority: &CertificateDer<'static>| RootCertStore::empty().add(authority.clone()).is_ok();
    found.certs.into_iter().filter(is_usable).collect()
}

/// Accepts every certificate but still checks that the server owns its key:
/// `SSLMODE=require`.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
