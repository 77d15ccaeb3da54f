//! Where recordings lie.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt as _, RetryConfig};
use secrecy::{ExposeSecret as _, SecretString};

use crate::Error;

/// How long requests to a bucket are repeated. Short of the time that a caller
/// waits for an answer, so that a bucket that is away is told as such.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest pause between two attempts.
const PAUSE: Duration = Duration::from_secs(2);

/// Options that no message may repeat.
const CREDENTIALS: [&str; 3] = ["access_key_id", "secret_access_key", "token"];

/// An object store and the prefix of everything in it.
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    credentials: Vec<SecretString>,
}

impl Objects {
    /// Opens `file:DIRECTORY` or `s3://BUCKET[/PREFIX]`.
    ///
    /// # Errors
    /// [`Error::Config`] when the place is neither, cannot be made, or an
    /// option is unknown or cannot be used.
    pub(crate) fn open(
        place: &str,
        options: &BTreeMap<String, SecretString>,
    ) -> Result<Self, Error> {
        if let Some(dir) = place.strip_prefix("file:") {
            return Self::folder(dir);
        }
        match place.strip_prefix("s3://") {
            Some(place) => Self::bucket(place, options),
            None => Err(refused("expected file:DIRECTORY or s3://BUCKET/PREFIX")),
        }
    }

    /// Checks a place and options as [`Objects::open`] does, and makes nothing.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub(crate) fn check(
        place: &str,
        options: &BTreeMap<String, SecretString>,
    ) -> Result<(), Error> {
        match place.strip_prefix("file:") {
            Some("") => Err(refused("file: needs a folder")),
            Some(_) => Ok(()),
            None => Self::open(place, options).map(drop),
        }
    }

    fn folder(dir: &str) -> Result<Self, Error> {
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir);
        made.map_err(|error| refused(format!("{dir}: {error}")))?;
        let store =
            LocalFileSystem::new_with_prefix(dir).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            store: Arc::new(store),
            prefix: String::new(),
            credentials: Vec::new(),
        })
    }

    fn bucket(place: &str, options: &BTreeMap<String, SecretString>) -> Result<Self, Error> {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(refused("s3:// needs the name of a bucket"));
        }
        check_endpoint(options)?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    max_backoff: PAUSE,
                    ..BackoffConfig::default()
                },
                max_retries: usize::MAX,
                retry_timeout: PATIENCE,
            });
        for (name, value) in options {
            let key: AmazonS3ConfigKey = name
                .parse()
                .map_err(|_| refused(format!("unknown option {name:?}")))?;
            builder = builder.with_config(key, value.expose_secret());
        }
        let credentials = CREDENTIALS
            .iter()
            .filter_map(|name| options.get(*name).cloned())
            .collect::<Vec<_>>();
        let store = builder
            .build()
            .map_err(|error| refused(without(&credentials, error.to_string())))?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        Ok(Self {
            store: Arc::new(store),
            prefix,
            credentials,
        })
    }

    /// Writes an object, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Unavailable`], without credentials.
    pub(crate) async fn put(&self, name: &str, data: Bytes) -> Result<(), Error> {
        let put = self.store.put(&self.path(name), data.into()).await;
        put.map_err(|error| self.failed(&error))?;
        Ok(())
    }

    /// Reads an object.
    ///
    /// # Errors
    /// As [`Objects::put`].
    pub(crate) async fn get(&self, name: &str) -> Result<Bytes, Error> {
        let got = async { self.store.get(&self.path(name)).await?.bytes().await };
        got.await.map_err(|error| self.failed(&error))
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}{name}", self.prefix))
    }

    /// A server may repeat the credentials in its answer, and the error holds
    /// the answer.
    fn failed(&self, error: &object_store::Error) -> Error {
        let told = without(&self.credentials, error.to_string());
        Error::unavailable(format!("recordings: {told}"))
    }
}

fn refused(what: impl AsRef<str>) -> Error {
    Error::Config(format!("recordings: {}", what.as_ref()))
}

/// `text` with every credential blotted out.
fn without(credentials: &[SecretString], text: String) -> String {
    credentials
        .iter()
        .map(SecretString::expose_secret)
        .filter(|credential| !credential.is_empty())
        .fold(text, |text, credential| {
            text.replace(credential, "[redacted]")
        })
}

/// Refuses an endpoint that every request would fail at, or that holds a
/// password, which messages would repeat.
fn check_endpoint(options: &BTreeMap<String, SecretString>) -> Result<(), Error> {
    let option = |name: &str| options.get(name).map(SecretString::expose_secret);
    let Some(endpoint) = option("endpoint") else {
        return Ok(());
    };
    let secure = endpoint.starts_with("https://");
    if !secure && !endpoint.starts_with("http://") {
        return Err(refused("the endpoint is not an http or https address"));
    }
    if endpoint.contains('@') {
        return Err(refused("the endpoint may not hold a login"));
    }
    let allowed = option("allow_http").is_some_and(|allow| allow == "true");
    if !secure && !allowed {
        return Err(refused(
            "the endpoint is plain http, which must be allowed: AWS_ALLOW_HTTP=true",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(place: &str, options: &[(&str, &str)]) -> String {
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect();
        match Objects::open(place, &options) {
            Err(Error::Config(told)) => told,
            Err(error) => panic!("not a mistake of the configuration: {error}"),
            Ok(_) => String::new(),
        }
    }

    #[test]
    fn a_bucket_that_cannot_be_used_is_told_without_its_credentials() {
        let key = ("access_key_id", "AKIDCANARY");
        let secret = ("secret_access_key", "canary-secret");
        let good = [key, secret, ("endpoint", "https://s3.example.com")];
        assert_eq!(told("s3://bucket/prefix", &good), "");
        let plain = ("endpoint", "http://s3.example.com");
        assert_eq!(told("s3://b", &[plain, ("allow_http", "true")]), "");
        for (place, options, why) in [
            ("s3://", &good[..], "name of a bucket"),
            ("s3:///prefix", &good, "name of a bucket"),
            ("ftp://bucket", &good, "expected file:"),
            ("s3://b", &[key, secret, plain], "AWS_ALLOW_HTTP=true"),
            ("s3://b", &[key, secret, ("colour", "red")], "colour"),
            ("s3://b", &[("endpoint", "s3.example.com")], "https"),
            (
                "s3://b",
                &[("endpoint", "https://u:canary-secret@h")],
                "login",
            ),
            ("s3://b", &[key], "secret"),
            ("s3://b", &[secret], "key"),
        ] {
            let told = told(place, options);
            assert!(told.starts_with("recordings: "), "{told}");
            assert!(told.to_lowercase().contains(&why.to_lowercase()), "{told}");
            for credential in ["AKIDCANARY", "canary-secret"] {
                assert!(!told.contains(credential), "{told}");
            }
        }
    }

    #[test]
    fn credentials_are_blotted_out() {
        let credentials = ["one", "", "two"].map(SecretString::from);
        assert_eq!(
            without(&credentials, "<Key>one</Key> two three".into()),
            "<Key>[redacted]</Key> [redacted] three"
        );
    }
}
