//! Whose certificates are trusted.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::{Fault, Stage};

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
