//! From errors of the store to what a caller is told. A fault of ours is logged
//! once, here, with an id that the caller gets instead of its text.

use model::{Code, Id as _, Refusal, RunId};
use store::Error;

use crate::{Context, Gate};

impl Gate {
    /// Turns an error of the store into a refusal.
    pub(crate) fn refuse(&self, error: Error) -> Refusal {
        match error {
            Error::Taken { id } => {
                Refusal::new(Code::AlreadyExists, "the name is taken").detail("id", id.to_string())
            }
            Error::Version { current } => Refusal::version_conflict(current),
            Error::Missing(links) => Refusal::missing(&links),
            Error::NotFound => Refusal::new(Code::NotFound, "not found"),
            Error::Managed(owner) => {
                Refusal::new(Code::Managed, format!("the object is managed by {owner}"))
                    .detail("managed_by", owner)
            }
            Error::Protected => Refusal::new(Code::Protected, "the object is built in"),
            Error::InUse(uses) => Refusal::new(Code::Conflict, "the object is still in use")
                .hint("remove these uses first; force removes all but the only reviewers of a connection")
                .detail("uses", uses),
            Error::Unavailable(source) => {
                let incident = self.incident(&source.to_string());
                Refusal::new(Code::Unavailable, "the gateway's store cannot be reached")
                    .hint("try again in a moment")
                    .detail("incident_id", incident)
            }
            other => self.internal(&other.to_string()),
        }
    }

    /// The refusal of an unexpected failure; its text goes to the log only.
    pub(crate) fn internal(&self, text: &str) -> Refusal {
        let incident = self.incident(text);
        Refusal::new(Code::Internal, "an unexpected failure of the gateway")
            .hint("tell your administrator the incident id")
            .detail("incident_id", incident)
    }

    /// Puts a fault into the log and answers its id.
    pub(crate) fn incident(&self, text: &str) -> String {
        let id = RunId::new(&*self.clock).to_string();
        tracing::error!(incident_id = %id, error = %text, "a fault of the gateway");
        id
    }
}

impl Context {
    /// Turns an error of the store into a refusal.
    pub(crate) fn refuse(&self, error: Error) -> Refusal {
        self.gate.refuse(error)
    }

    /// The refusal of an unexpected failure of our own.
    pub(crate) fn fault(&self, what: &str, error: &dyn std::error::Error) -> Refusal {
        self.gate.internal(&format!("{what}: {error}"))
    }
}
