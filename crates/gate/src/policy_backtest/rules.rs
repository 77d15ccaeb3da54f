//! The rules of a file, compiled for the connections they reach.

use std::sync::Arc;

use model::{PolicyFile, Refusal, Session};
use moka::sync::Cache;
use policy::FileReach;
use sql::Dialect;
use store::ConnectionSet;

use crate::{Context, Rehearsal, dialect};

/// Most connections of which is kept what reaches them.
const MOST_PLACES: u64 = 1000;

/// Most sets of rules that are kept compiled.
const MOST: u64 = 32;

/// The rules of a file.
pub(super) struct FileRules {
    file: Arc<PolicyFile>,
    connections: Arc<ConnectionSet>,
    /// By id and name of the connection.
    places: Cache<(String, String), Arc<Place>>,
    compiled: Cache<FileReach, Arc<Rehearsal>>,
}

/// What is known about a connection.
struct Place {
    reach: FileReach,
    dialect: Option<Dialect>,
}

/// What the rules of the file are for one session.
pub(super) struct Reached {
    pub(super) rules: Arc<Rehearsal>,
    pub(super) dialect: Option<Dialect>,
}

impl FileRules {
    /// The rules of a checked file, with the connections that there are.
    ///
    /// # Errors
    /// `unavailable` when the store does not answer.
    pub(super) async fn new(context: &Context, file: PolicyFile) -> Result<Self, Refusal> {
        let connections = context.store().connections().await;
        Ok(Self {
            file: Arc::new(file),
            connections: connections.map_err(|error| context.refuse(error))?,
            places: Cache::new(MOST_PLACES),
            compiled: Cache::new(MOST),
        })
    }

    /// The rules that reach the connection of a session: as it is now, or, when it is
    /// gone, as it was called then.
    ///
    /// # Errors
    /// `invalid_argument` when the rules cannot be used together.
    pub(super) async fn of(
        &self,
        context: &Context,
        session: &Session,
    ) -> Result<Reached, Refusal> {
        let key = (session.connection_id.clone(), session.connection.clone());
        let place = self.places.get_with(key, || Arc::new(self.place(session)));
        let (reach, dialect) = (&place.reach, place.dialect);
        if let Some(rules) = self.compiled.get(reach) {
            return Ok(Reached { rules, dialect });
        }
        let rules = Arc::new(self.compile(context, reach).await?);
        self.compiled.insert(reach.clone(), Arc::clone(&rules));
        Ok(Reached { rules, dialect })
    }

    fn place(&self, session: &Session) -> Place {
        match self.connections.find(&session.connection_id) {
            Some(known) => Place {
                reach: FileReach::of(&self.file, &known.name, &known.attributes),
                dialect: dialect::of(known),
            },
            None => Place {
                reach: FileReach::of(&self.file, &session.connection, &[]),
                dialect: dialect::of_kind(session.connection_type, &session.connection_subtype),
            },
        }
    }

    async fn compile(&self, context: &Context, reach: &FileReach) -> Result<Rehearsal, Refusal> {
        let (file, reach) = (Arc::clone(&self.file), reach.clone());
        // What is shown of a finding is of no matter here, and so is the key of it.
        let work = move || Rehearsal::of_file(&file, &reach, b"");
        let compiled = tokio::task::spawn_blocking(work).await;
        let compiled = compiled.map_err(|error| context.fault("rules of a backtest", &error))?;
        compiled
            .map_err(|why| Refusal::invalid("/file", format!("rules that work together: {why}")))
    }
}
