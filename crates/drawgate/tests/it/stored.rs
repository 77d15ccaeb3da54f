//! A gateway whose store the test reads and changes beside it.

use std::sync::Arc;

use testkit::servers::{Database, Postgres};

use crate::gateway::{Engine, Gateway, Setup};

/// A gateway on PostgreSQL, with a connection `bash`.
pub struct Stored {
    pub gateway: Gateway,
    server: Arc<Postgres>,
    store: Database,
}

impl Stored {
    pub async fn start() -> Self {
        let server = Postgres::shared();
        let d = server.database();
        let url = format!(
            "postgres://{}:{}@{}:{}/{}",
            d.user, d.password, d.host, d.port, d.name
        );
        let setup = Setup::new(Engine::Sqlite).with(&["--store", &url]);
        let gateway = setup.start();
        gateway.admin().connect_bash("bash").await;
        Self {
            gateway,
            server,
            store: d,
        }
    }

    /// Runs a script in the store.
    pub fn sql(&self, script: &str) -> String {
        let said = self.server.psql(&self.store.name, script);
        said.trim_end().to_owned()
    }
}
