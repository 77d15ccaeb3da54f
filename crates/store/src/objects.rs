//! Where recordings lie.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use bytes::Bytes;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use secrecy::{ExposeSecret as _, SecretString};

use crate::Error;

/// An object store and the prefix of everything in it.
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: String,
}

impl Objects {
    /// Opens `file:DIRECTORY` or `s3://BUCKET[/PREFIX]`.
    ///
    /// # Errors
    /// [`Error::Config`] when the place is neither, cannot be made, or an
    /// option is unknown.
    pub(crate) fn open(
        place: &str,
        options: &BTreeMap<String, SecretString>,
    ) -> Result<Self, Error> {
        let refused = |what: String| Error::Config(format!("recordings: {what}"));
        if let Some(dir) = place.strip_prefix("file:") {
            let made = std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir);
            made.map_err(|error| refused(format!("{dir}: {error}")))?;
            let store = LocalFileSystem::new_with_prefix(dir)
                .map_err(|error| refused(error.to_string()))?;
            return Ok(Self {
                store: Arc::new(store),
                prefix: String::new(),
            });
        }
        let Some(place) = place.strip_prefix("s3://") else {
            return Err(refused(
                "expected file:DIRECTORY or s3://BUCKET/PREFIX".into(),
            ));
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
        for (name, value) in options {
            let key: AmazonS3ConfigKey = name
                .parse()
                .map_err(|_| refused(format!("unknown option {name:?}")))?;
            builder = builder.with_config(key, value.expose_secret());
        }
        let store = builder
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        Ok(Self {
            store: Arc::new(store),
            prefix,
        })
    }

    /// Writes an object, whole or not at all.
    pub(crate) async fn put(&self, name: &str, data: Vec<u8>) -> Result<(), Error> {
        self.store.put(&self.path(name), data.into()).await?;
        Ok(())
    }

    /// Reads an object.
    pub(crate) async fn get(&self, name: &str) -> Result<Bytes, Error> {
        Ok(self.store.get(&self.path(name)).await?.bytes().await?)
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}{name}", self.prefix))
    }
}
