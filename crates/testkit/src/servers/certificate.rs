//! A certificate authority and a server certificate of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::must;

/// A server certificate for `localhost` and `127.0.0.1`, signed by an
/// authority made for it.
pub struct Certificate {
    /// PEM text of the authority.
    pub authority: String,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's key.
    pub key: PathBuf,
}

impl Certificate {
    /// Makes both in `folder`.
    ///
    /// # Panics
    /// When the `openssl` command is missing or fails.
    #[must_use]
    pub fn make(folder: &Path) -> Self {
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
        let path = |name: &str| folder.join(name);
        fs::write(
            path("names"),
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
        )
        .unwrap_or_else(|error| panic!("names of the certificate: {error}"));
        must(
            Command::new("openssl")
                .args([
                    "req",
                    "-x509",
                    "-nodes",
                    "-days",
                    "30",
                    "-subj",
                    "/CN=Tests",
                ])
                .args(curve)
                .arg("-keyout")
                .arg(path("authority.key"))
                .arg("-out")
                .arg(path("authority.pem")),
        );
        must(
            Command::new("openssl")
                .args(["req", "-nodes", "-subj", "/CN=localhost"])
                .args(curve)
                .arg("-keyout")
                .arg(path("server.key"))
                .arg("-out")
                .arg(path("server.csr")),
        );
        must(
            Command::new("openssl")
                .args(["x509", "-req", "-days", "30", "-CAcreateserial", "-in"])
                .arg(path("server.csr"))
                .arg("-CA")
                .arg(path("authority.pem"))
                .arg("-CAkey")
                .arg(path("authority.key"))
                .arg("-extfile")
                .arg(path("names"))
                .arg("-out")
                .arg(path("server.pem")),
        );
        let authority = fs::read_to_string(path("authority.pem"))
            .unwrap_or_else(|error| panic!("authority: {error}"));
        Self {
            authority,
            certificate: path("server.pem"),
            key: path("server.key"),
        }
    }
}
