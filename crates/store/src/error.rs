//! What can go wrong in the store.

use std::sync::Arc;

use uuid::Uuid;

/// An error of the store.
///
/// Its text may hold facts of the engine; the gate turns it into a refusal and
/// never shows it raw.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is taken by another object.
    #[error("the name is taken")]
    Taken {
        /// Id of the object that has the name.
        id: Uuid,
    },
    /// The given version is not the stored one.
    #[error("the object was changed: it is at version {current}")]
    Version {
        /// The stored version.
        current: i64,
    },
    /// Links that do not exist: kind and reference of each.
    #[error("unknown links: {0:?}")]
    Missing(Vec<(&'static str, String)>),
    /// The object does not exist in this organization.
    #[error("not found")]
    NotFound,
    /// The object is owned by the named agent, bundle or profile.
    #[error("the object is managed by {0}")]
    Managed(String),
    /// A built-in object.
    #[error("the object is built in")]
    Protected,
    /// The object is still named by others, each as kind and name.
    #[error("still in use by {}", .0.join(", "))]
    InUse(Vec<String>),
    /// The engine or the recordings cannot be reached or refuse to write.
    #[error("the store is unavailable: {0}")]
    Unavailable(Arc<dyn std::error::Error + Send + Sync>),
    /// The engine refused these very values.
    #[error("the store refused what was to be written: {0}")]
    Rejected(String),
    /// What is stored cannot be read.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// The configuration is wrong, or does not fit what is stored.
    #[error("{0}")]
    Config(String),
}

impl Error {
    /// The store is closed or closing.
    pub(crate) fn closed() -> Self {
        Self::unavailable("the store is closed")
    }

    /// A failure of something outside the process.
    pub(crate) fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(source.into()))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Corrupt(error.to_string())
            }
            sqlx::Error::Database(error) if is_about_data(&*error) => {
                Self::Rejected(error.message().to_owned())
            }
            other => Self::unavailable(other),
        }
    }
}

/// Whether the engine refused what was written, and not to write: constraints,
/// and data exceptions of class 22 (SQL:2016 part 2, section 24).
fn is_about_data(error: &dyn sqlx::error::DatabaseError) -> bool {
    use sqlx::error::ErrorKind;
    !matches!(error.kind(), ErrorKind::Other)
        || error
            .code()
            .is_some_and(|code| code.len() == 5 && code.starts_with("22"))
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}
