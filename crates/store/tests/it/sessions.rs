//! Sessions: written, closed, listed.

use std::collections::BTreeSet;

use futures::future::join_all;
use model::{
    AuditRow, Clock as _, ConnectionType, Id as _, IdentityType, Metrics, Origin, Session,
    SessionId, SessionOutcome, SessionStatus, Timestamp, Verb,
};
use serde_json::{Map, json};
use store::{Cancel, SessionFilter, SessionPage, Viewer};
use uuid::Uuid;

use crate::basics::person;
use crate::harness::{ENGINES, Engine, Home};
use crate::links::connection;

/// An open session that began at `at`.
pub fn session(at: Timestamp) -> Session {
    let clock = model::ManualClock::new(at);
    Session {
        id: SessionId::new(&clock),
        connection: "shop".into(),
        connection_id: Uuid::from_u128(5).to_string(),
        connection_type: ConnectionType::Database,
        connection_subtype: "postgres".into(),
        connection_tags: std::collections::BTreeMap::new(),
        user_id: Uuid::from_u128(9).to_string(),
        user_email: "a@b.c".into(),
        user_name: "A".into(),
        identity_type: IdentityType::User,
        status: SessionStatus::Open,
        outcome: None,
        verb: Verb::Exec,
        origin: Origin::Mcp,
        client: None,
        database: None,
        reason: Some("because of \u{0} and ü".into()),
        executed_by: None,
        started_at: None,
        ended_at: None,
        exit_code: None,
        failure: None,
        session_batch_id: None,
        correlation_id: None,
        labels: Map::new(),
        metadata: Map::new(),
        integrations_metadata: Map::new(),
        metrics: Metrics::default(),
        review: None,
        ai_analysis: None,
        guardrails_info: Vec::new(),
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

/// The session as it ends well.
pub fn ended(session: &Session) -> Session {
    Session {
        status: SessionStatus::Done,
        outcome: Some(SessionOutcome::Success),
        exit_code: Some(0),
        version: session.version + 1,
        ..session.clone()
    }
}

/// An audit row.
pub fn audit(at: Timestamp) -> AuditRow {
    AuditRow {
        actor: Some("ann".into()),
        credential: None,
        client: None,
        operation: "exec".into(),
        objects: vec!["connection shop".into()],
        code: "ok".into(),
        duration_ms: 3,
        address: None,
        request_id: "r".into(),
        correlation_id: None,
        at,
    }
}

const FIRST: SessionPage = SessionPage {
    limit: 100,
    offset: 0,
    after: None,
};

impl Home {
    /// The time of the test.
    pub fn now(&self) -> Timestamp {
        self.house.clock.now()
    }

    async fn ids(&self, filter: &SessionFilter, page: SessionPage) -> Vec<SessionId> {
        let list = self.org.sessions(filter, &Viewer::All, page).await.unwrap();
        list.items.iter().map(|session| session.id).collect()
    }
}

#[tokio::test]
async fn a_session_is_opened_moved_on_and_closed() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let new = session(home.now());
        assert!(org.session(new.id).await.unwrap().is_none());
        org.open_session(&new, "select 'ü'").await.unwrap();
        let read = org.session(new.id).await.unwrap().unwrap();
        assert_eq!(json!(read), json!(new), "{engine:?}");
        let input = org.session_input(new.id).await.unwrap();
        assert_eq!(input.as_deref(), Some("select 'ü'"));
        let mut waiting = new.clone();
        waiting.status = SessionStatus::Pending;
        waiting.version = 2;
        let pending = json!({"status": "PENDING"});
        waiting.review = pending.as_object().cloned();
        org.close_session(&waiting, None, None).await.unwrap();
        let read = org.session(new.id).await.unwrap().unwrap();
        assert_eq!(read.status, SessionStatus::Pending);
        let by_review = SessionFilter {
            review_status: Some("PENDING".into()),
            ..SessionFilter::default()
        };
        assert_eq!(home.ids(&by_review, FIRST).await, [new.id]);
        let id = model::ConnectionId::parse(&new.connection_id).unwrap();
        let open = org.cancel_sessions_of_connection(id).await.unwrap();
        assert_eq!(open, [new.id]);
        let done = ended(&waiting);
        let row = audit(home.now());
        org.close_session(&done, None, Some(&row)).await.unwrap();
        let read = org.session(new.id).await.unwrap().unwrap();
        assert_eq!(json!(read), json!(done));
        assert!(
            org.cancel_sessions_of_connection(id)
                .await
                .unwrap()
                .is_empty()
        );
        org.append_audit(audit(home.now())).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_done_stays_done() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let new = session(home.now());
        home.org.open_session(&new, "").await.unwrap();
        assert!(home.org.request_cancel(new.id, None).await.unwrap());
        let done = ended(&new);
        home.org.close_session(&done, None, None).await.unwrap();
        let mut late = new.clone();
        late.outcome = Some(SessionOutcome::Killed);
        late.version = 9;
        home.org.close_session(&late, None, None).await.unwrap();
        let read = home.org.session(new.id).await.unwrap().unwrap();
        assert_eq!(read.outcome, Some(SessionOutcome::Success), "{engine:?}");
        assert!(!home.org.request_cancel(new.id, None).await.unwrap());
        let mut twice = new.clone();
        twice.reason = Some("again".into());
        // PostgreSQL refuses it, the tables of SQLite do when they are filled.
        let again = home.org.open_session(&twice, "other").await;
        assert_eq!(again.is_err(), engine == Engine::Postgres);
        let read = home.org.session(new.id).await.unwrap().unwrap();
        assert_eq!(read.reason, new.reason, "an id is used once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_ends_at_once_one_stays() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        for _ in 0..30 {
            let new = session(home.now());
            home.org.open_session(&new, "").await.unwrap();
            let done = ended(&new);
            let mut open = new.clone();
            open.version = 5;
            let (one, other) = tokio::join!(
                home.org.close_session(&open, None, None),
                home.org.close_session(&done, None, None)
            );
            one.unwrap();
            other.unwrap();
            let read = home.org.session(new.id).await.unwrap().unwrap();
            assert_eq!(read.status, SessionStatus::Done, "{engine:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_writers_lose_nothing() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let writer = |n: usize| {
            let (org, now) = (home.org.clone(), home.now());
            tokio::spawn(async move {
                for _ in 0..5 {
                    let mut new = session(now);
                    new.connection = format!("c{n}");
                    org.open_session(&new, &format!("input {n}")).await.unwrap();
                    let row = audit(now);
                    org.close_session(&ended(&new), None, Some(&row))
                        .await
                        .unwrap();
                    let read = org.session(new.id).await.unwrap().unwrap();
                    assert_eq!(read.status, SessionStatus::Done);
                }
            })
        };
        for task in join_all((0..200).map(writer)).await {
            task.unwrap();
        }
        let list = home
            .org
            .sessions(&SessionFilter::default(), &Viewer::All, FIRST)
            .await
            .unwrap();
        assert_eq!((list.total, list.has_next_page), (1000, true), "{engine:?}");
    }
}

#[tokio::test]
async fn a_poisoned_write_harms_no_other() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let old = session(home.now());
        home.org.open_session(&old, "").await.unwrap();
        let all: Vec<_> = (0..40)
            .map(|n| {
                if n == 20 {
                    old.clone()
                } else {
                    session(home.now())
                }
            })
            .collect();
        let results = join_all(all.iter().map(|one| home.org.open_session(one, ""))).await;
        for (n, result) in results.iter().enumerate() {
            let refused = engine == Engine::Postgres && n == 20;
            assert_eq!(result.is_err(), refused, "{engine:?} {n} {result:?}");
        }
        let filter = SessionFilter::default();
        let list = home.org.sessions(&filter, &Viewer::All, FIRST).await;
        assert_eq!(list.unwrap().total, 40, "{engine:?}");
    }
}

#[tokio::test]
async fn every_filter_finds_its_sessions() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let user = home.org.create_user(person("ann@b.c", &[])).await.unwrap();
        let start = home.now();
        let mut odd = session(start.plus_seconds(10));
        odd.user_id = user.id.to_string();
        odd.connection = "pg_prod%x".into();
        odd.connection_id = Uuid::from_u128(0xabc).to_string();
        odd.connection_type = ConnectionType::Custom;
        odd.verb = Verb::Connect;
        odd.origin = Origin::Cli;
        for n in 0..5 {
            let new = session(start.plus_seconds(n));
            home.org.open_session(&new, "").await.unwrap();
        }
        home.org.open_session(&odd, "").await.unwrap();
        let mut done = ended(&odd);
        done.outcome = Some(SessionOutcome::Blocked);
        done.review = json!({"status": "REJECTED"}).as_object().cloned();
        done.ai_analysis = json!({"risk_level": "high"}).as_object().cloned();
        home.org.close_session(&done, None, None).await.unwrap();
        let all = SessionFilter::default;
        let some = |text: &str| Some(text.to_owned());
        #[rustfmt::skip]
        let filters = [
            SessionFilter { user: some("ann@b.c"), ..all() },
            SessionFilter { user: Some(user.id.to_string()), ..all() },
            SessionFilter { user: Some(user.subject.clone()), ..all() },
            SessionFilter { connection: some("pg_prod%x"), ..all() },
            SessionFilter { connection: some("pg_*"), ..all() },
            SessionFilter { connection: some("*prod*"), ..all() },
            SessionFilter { connection: Some(odd.connection_id.to_uppercase()), ..all() },
            SessionFilter { kind: Some(ConnectionType::Custom), ..all() },
            SessionFilter { review_status: some("REJECTED"), ..all() },
            SessionFilter { status: Some(SessionStatus::Done), ..all() },
            SessionFilter { outcome: Some(SessionOutcome::Blocked), ..all() },
            SessionFilter { verb: Some(Verb::Connect), ..all() },
            SessionFilter { origin: Some(Origin::Cli), ..all() },
            SessionFilter { risk_level: some("high"), ..all() },
            SessionFilter { start_date: Some(start.plus_seconds(10)), ..all() },
            SessionFilter { start_date: Some(start.plus_seconds(5)), end_date: Some(start.plus_seconds(10)), ..all() },
        ];
        for filter in &filters {
            let found = home.ids(filter, FIRST).await;
            assert_eq!(found, [odd.id], "{engine:?} {filter:?}");
        }
        #[rustfmt::skip]
        let nothing = [
            SessionFilter { user: some("nobody@b.c"), ..all() },
            SessionFilter { connection: some("PG_*"), ..all() },
            SessionFilter { connection: some("pg_prod"), ..all() },
            SessionFilter { connection: some("x_*"), ..all() },
            SessionFilter { end_date: Some(start.plus_seconds(-1)), ..all() },
        ];
        for filter in &nothing {
            assert!(home.ids(filter, FIRST).await.is_empty(), "{filter:?}");
        }
        let own = Viewer::Own(user.id.uuid());
        let mine = home.org.sessions(&all(), &own, FIRST).await.unwrap();
        assert_eq!((mine.total, mine.items[0].id), (1, odd.id));
        let theirs = Viewer::Own(Uuid::from_u128(1));
        let none = home.org.sessions(&all(), &theirs, FIRST).await.unwrap();
        assert_eq!(none.total, 0);
    }
}

#[tokio::test]
async fn pages_have_neither_gap_nor_overlap() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let start = home.now();
        let mut expected = Vec::new();
        for n in 0..57 {
            // Many begin at the same moment.
            let new = session(start.plus_seconds(n / 10));
            home.org.open_session(&new, "").await.unwrap();
            expected.push((new.created_at, new.id.to_string()));
        }
        expected.sort();
        expected.reverse();
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let page = SessionPage {
                limit: 4,
                offset: 0,
                after,
            };
            let list = home
                .org
                .sessions(&SessionFilter::default(), &Viewer::All, page)
                .await
                .unwrap();
            assert_eq!(list.total, 57, "the total is of all pages");
            let keys = list.items.iter().map(|one| (one.created_at, one.id));
            after = keys.clone().next_back();
            seen.extend(keys.map(|(at, id)| (at, id.to_string())));
            if !list.has_next_page {
                break;
            }
        }
        assert_eq!(seen, expected, "{engine:?}");
        let mut by_offset = BTreeSet::new();
        for offset in (0..57).step_by(10) {
            let page = SessionPage {
                limit: 10,
                offset,
                after: None,
            };
            by_offset.extend(home.ids(&SessionFilter::default(), page).await);
        }
        assert_eq!(by_offset.len(), 57);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn totals_are_counted_up_to_ten_thousand() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let now = home.now();
        for (count, total, capped) in [(10_000, 10_000, false), (1, 10_000, true)] {
            let all: Vec<_> = (0..count).map(|_| session(now)).collect();
            for written in join_all(all.iter().map(|one| home.org.open_session(one, ""))).await {
                written.unwrap();
            }
            let page = SessionPage { limit: 1, ..FIRST };
            let list = home
                .org
                .sessions(&SessionFilter::default(), &Viewer::All, page)
                .await
                .unwrap();
            assert_eq!(list.total, total, "{engine:?}");
            assert_eq!(list.total_is_capped, capped);
        }
    }
}

#[tokio::test]
async fn organizations_see_nothing_of_each_other() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let other = home.store.create_organization("other").await.unwrap();
        let other = home.store.org(other.id);
        let new = session(home.now());
        home.org.open_session(&new, "secret").await.unwrap();
        home.org.create_user(person("a@b.c", &[])).await.unwrap();
        let made = home
            .org
            .create_connection(crate::links::connection("shop", &[("A", "1")]))
            .await
            .unwrap();
        assert!(other.session(new.id).await.unwrap().is_none(), "{engine:?}");
        assert!(other.session_input(new.id).await.unwrap().is_none());
        assert!(!other.request_cancel(new.id, None).await.unwrap());
        other.close_session(&ended(&new), None, None).await.unwrap();
        let still = home.org.session(new.id).await.unwrap().unwrap();
        assert_eq!(still.status, SessionStatus::Open);
        let list = other
            .sessions(&SessionFilter::default(), &Viewer::All, FIRST)
            .await
            .unwrap();
        assert_eq!((list.total, list.items.len()), (0, 0));
        assert!(other.user("a@b.c").await.unwrap().is_none());
        assert!(other.connections().await.unwrap().all().is_empty());
        assert!(
            other
                .connection_secrets(made.id)
                .await
                .unwrap()
                .0
                .is_empty()
        );
        assert!(other.delete_connection("shop", None).await.is_err());
        let group = home.org.ensure_group("dba").await.unwrap();
        assert!(other.group(&group.to_string()).await.unwrap().is_none());
        let theirs = other.create_user(person("x@b.c", &["dba"])).await;
        assert!(theirs.is_err(), "no group of another organization");
    }
}

#[tokio::test]
async fn a_session_ends_when_asked_or_when_its_connection_is_gone() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let of = |id: model::ConnectionId| {
            let mut new = session(home.now());
            new.connection_id = id.to_string();
            new
        };
        let kept = org
            .create_connection(connection("kept", &[]))
            .await
            .unwrap()
            .id;
        let gone = org
            .create_connection(connection("gone", &[]))
            .await
            .unwrap()
            .id;
        let [asked, other, open, late] = [kept, kept, gone, gone].map(of);
        for one in [&asked, &other, &open] {
            org.open_session(one, "").await.unwrap();
        }
        let wish = |id| async move { org.cancel_requested(id).await.unwrap() };
        assert_eq!(wish(asked.id).await, None, "{engine:?}");
        for reason in [None, Some("too slow"), Some("too late"), None] {
            assert!(org.request_cancel(asked.id, reason).await.unwrap());
        }
        let reason = Some("too slow".to_owned());
        assert_eq!(wish(asked.id).await, Some(Cancel { reason }));

        let deleted = org.delete_connection("gone", None).await.unwrap();
        assert_eq!(deleted.open, [open.id]);
        org.open_session(&late, "").await.unwrap();
        let reason = None;
        for id in [open.id, late.id] {
            assert_eq!(
                wish(id).await,
                Some(Cancel {
                    reason: reason.clone()
                })
            );
        }
        assert_eq!(wish(other.id).await, None);
        let found = org.cancel_sessions_of_connection(gone).await.unwrap();
        assert_eq!(found.len(), 2);
    }
}
