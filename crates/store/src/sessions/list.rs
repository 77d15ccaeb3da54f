//! Lists of sessions.

use model::{Session, SessionId, SessionStatus};

use super::{COLUMNS, SessionFilter, SessionList, SessionPage, Viewer, session_of};
use crate::db::Row;
use crate::links::id_or_name;
use crate::sql::{Bind, Sql, assembled, like_of_glob, sql};
use crate::{Error, OrgStore};

/// Most sessions that are counted.
const COUNTED: u64 = 10_000;

/// Conditions joined by AND, with their values.
struct Conditions {
    text: String,
    binds: Vec<Bind>,
}

impl Conditions {
    /// Adds `condition`, in which `?` stands for `value`.
    fn add(&mut self, condition: &str, value: Bind) {
        self.binds.push(value);
        let place = format!("${}", self.binds.len());
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace('?', &place));
    }

    fn add_word(&mut self, column: &str, word: Option<&str>) {
        if let Some(word) = word {
            self.add(&format!("{column} = ?"), Bind::text(word.to_owned()));
        }
    }

    /// Adds a word that is a constant of the model. `usual` is the one that the
    /// partial index of the column leaves out; saying so lets the engine use it.
    fn add_constant(&mut self, column: &str, usual: &str, word: Option<&'static str>) {
        let Some(word) = word else { return };
        self.text.push_str(&format!(" AND {column} = '{word}'"));
        if word != usual {
            self.text.push_str(&format!(" AND {column} <> '{usual}'"));
        }
    }

    fn query(self, before: &str, after: &str) -> Sql {
        let text = format!("{before} FROM session WHERE {}{after}", self.text);
        self.binds.into_iter().fold(assembled(text), Sql::bind)
    }

    fn copy(&self) -> Self {
        Self {
            text: self.text.clone(),
            binds: self.binds.clone(),
        }
    }
}

impl OrgStore {
    /// One page of sessions, newest first, and how many there are. Count and
    /// page are one snapshot.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn sessions(
        &self,
        filter: &SessionFilter,
        viewer: &Viewer,
        page: SessionPage,
    ) -> Result<SessionList, Error> {
        let conditions = self.conditions(filter, viewer).await?;
        let mut rest = conditions.copy();
        if let Some((at, id)) = page.after {
            rest.add("created_at <= ?", Bind::Int(at.micros()));
            rest.binds.push(Bind::Int(at.micros()));
            rest.binds.push(Bind::Text(id.to_string()));
            let (time, id) = (rest.binds.len() - 1, rest.binds.len());
            rest.text
                .push_str(&format!(" AND (created_at < ${time} OR id < ${id})"));
        }
        let places = (rest.binds.len() + 1, rest.binds.len() + 2);
        let tail = format!(
            " ORDER BY created_at DESC, id DESC LIMIT ${} OFFSET ${}",
            places.0, places.1
        );
        let query = rest.query(&format!("SELECT {COLUMNS}"), &tail);
        let query = query
            .int(i64::from(page.limit) + 1)
            .int(i64::from(page.offset));
        let count = conditions.query(
            "SELECT COUNT(*) FROM (SELECT 1",
            &format!(" LIMIT {}) AS counted", COUNTED + 1),
        );
        let (rows, counted) = self.inner.db.page_and_count(query, count).await?;
        let total = u64::try_from(counted).unwrap_or_default();
        let has_next_page = rows.len() > page.limit as usize;
        let taken = rows.into_iter().take(page.limit as usize);
        Ok(SessionList {
            items: taken
                .map(|mut row: Row| session_of(&mut row))
                .collect::<Result<_, _>>()?,
            total: total.min(COUNTED),
            total_is_capped: total > COUNTED,
            has_next_page,
        })
    }

    async fn conditions(
        &self,
        filter: &SessionFilter,
        viewer: &Viewer,
    ) -> Result<Conditions, Error> {
        let mut all = Conditions {
            text: "org_id = $1".to_owned(),
            binds: vec![Bind::Text(self.org.to_string())],
        };
        if let Viewer::Own(id) = viewer {
            all.add("user_id = ?", Bind::Text(id.to_string()));
        }
        if let Some(user) = &filter.user {
            self.add_user(&mut all, user).await?;
        }
        if let Some(connection) = &filter.connection {
            let (column, value) = id_or_name(connection);
            if column == "id" {
                all.add("connection_id = ?", Bind::text(value));
            } else if connection.contains(['*', '%']) {
                all.add(
                    "connection LIKE ? ESCAPE '!'",
                    Bind::text(like_of_glob(connection)),
                );
            } else {
                all.add("connection = ?", Bind::text(connection.clone()));
            }
        }
        all.add_word(
            "connection_type",
            filter.kind.map(model::ConnectionType::as_str),
        );
        all.add_word("review_status", filter.review_status.as_deref());
        all.add_constant("status", "done", filter.status.map(SessionStatus::as_str));
        all.add_constant(
            "outcome",
            "success",
            filter.outcome.map(model::SessionOutcome::as_str),
        );
        all.add_word("verb", filter.verb.map(model::Verb::as_str));
        all.add_word("origin", filter.origin.map(model::Origin::as_str));
        if let Some(level) = &filter.risk_level {
            all.add("risk_level = ?", Bind::text(level.clone()));
            if level != "low" {
                all.text.push_str(" AND risk_level <> 'low'");
            }
        }
        if let Some(start) = filter.start_date {
            all.add("created_at >= ?", Bind::Int(start.micros()));
        }
        if let Some(end) = filter.end_date {
            all.add("created_at <= ?", Bind::Int(end.micros()));
        }
        Ok(all)
    }

    /// Those of a user, or of the machine identities with this name: their keys
    /// are all the name they have.
    async fn add_user(&self, all: &mut Conditions, user: &str) -> Result<(), Error> {
        if let Some(known) = self.user(user).await? {
            all.add("user_id = ?", Bind::Text(known.id.to_string()));
            return Ok(());
        }
        let (column, value) = id_or_name(user);
        let condition = match column {
            "id" => "user_id = ?",
            _ => {
                "user_id IN (SELECT c.id FROM credential c WHERE c.org_id = $1 \
                 AND c.kind = 'api_key' AND c.user_id IS NULL AND c.name = ?)"
            }
        };
        all.add(condition, Bind::text(value));
        Ok(())
    }

    /// One session.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let text = format!("SELECT {COLUMNS} FROM session WHERE org_id = $1 AND id = $2");
        let query = assembled(text);
        let row = self.first(query.id(self.org).id(id)).await?;
        let found: Option<Session> = row.map(|mut row| session_of(&mut row)).transpose()?;
        let is_final = matches!(&found, Some(session) if session.status == SessionStatus::Done);
        // What is not final in tables that lag may have ended in the journal.
        if !is_final && self.inner.db.lags() {
            return Err(Error::unavailable("the tables lag behind the journal"));
        }
        Ok(found)
    }

    /// What was asked, exactly.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn session_input(&self, id: SessionId) -> Result<Option<String>, Error> {
        let query = sql("SELECT input FROM session WHERE org_id = $1 AND id = $2");
        let row = self.first(query.id(self.org).id(id)).await?;
        row.map(|mut row| row.text()).transpose()
    }
}
