//! Real servers on free ports, in private folders, gone on drop.
//!
//! A missing server is a failed test, never a skipped one: the panic names the
//! Debian package to install.

mod certificate;
mod disk;
mod installed;
mod mariadb;
mod network;
mod place;
mod postgres;
mod s3;

pub use certificate::Certificate;
pub use disk::SmallDisk;
pub use installed::installed;
pub use mariadb::MariaDb;
pub use network::{Line, Network};
pub use place::{free_port, must};
pub use postgres::Postgres;
pub use s3::S3;

/// A fresh database on a test server and how to reach it.
#[derive(Clone, Debug)]
pub struct Database {
    /// Host, always `127.0.0.1`.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// A login that owns the database.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Name of the database.
    pub name: String,
}
