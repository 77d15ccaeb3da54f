//! Where the store keeps things.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::objects::Objects;
use crate::{Error, MasterKey};

/// Everything that [`Store::open`](crate::Store::open) needs to know.
pub struct Config {
    /// Where state is kept.
    pub url: StoreUrl,
    /// Where recordings are kept: `file:DIRECTORY` or `s3://BUCKET[/PREFIX]`.
    pub recordings: String,
    /// Options of an S3 bucket, with the names of `object_store`, for
    /// instance `endpoint`, `region`, `access_key_id`, `secret_access_key`,
    /// `allow_http`. The environment is not read.
    pub recording_options: BTreeMap<String, SecretString>,
    /// Seals secrets at rest.
    pub key: MasterKey,
}

/// The engine that holds the state, and where it is.
#[derive(Clone)]
pub enum StoreUrl {
    /// A SQLite file, used by this process only.
    Sqlite(PathBuf),
    /// A PostgreSQL database, shared by many gateways.
    Postgres(SecretString),
}

impl StoreUrl {
    /// Reads `sqlite:PATH` or `postgres://…` (also `postgresql://…`).
    ///
    /// # Errors
    /// [`Error::Config`] when the text is neither. The text is not repeated in
    /// it, because it may hold a password.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(PathBuf::from(path)));
            }
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(SecretString::from(text)));
        }
        Err(Error::Config(
            "store: expected sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE".into(),
        ))
    }
}

/// Checks a place of recordings and its options, and makes nothing.
///
/// # Errors
/// [`Error::Config`] when the place is none, or an option is unknown or cannot be
/// used.
pub fn check_recordings(
    place: &str,
    options: &BTreeMap<String, SecretString>,
) -> Result<(), Error> {
    Objects::check(place, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_both_engines_are_read_and_others_refused() {
        let path = |text: &str| match StoreUrl::parse(text) {
            Ok(StoreUrl::Sqlite(path)) => path.display().to_string(),
            _ => String::new(),
        };
        assert_eq!(path("sqlite:data/drawgate.db"), "data/drawgate.db");
        assert_eq!(path("sqlite:///var/lib/d.db"), "/var/lib/d.db");
        assert!(matches!(
            StoreUrl::parse("postgres://a:b@localhost/d"),
            Ok(StoreUrl::Postgres(_))
        ));
        for bad in ["", "sqlite:", "mysql://x", "drawgate.db"] {
            assert!(
                matches!(StoreUrl::parse(bad), Err(Error::Config(_))),
                "{bad}"
            );
        }
    }
}
