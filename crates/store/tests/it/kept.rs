//! How sessions are kept: nothing of one is lost, and rows of earlier versions
//! are read.

use model::{
    Code, ConnectionType, Failure, IdentityType, Origin, Person, Session, SessionClient,
    SessionOutcome, SessionStatus, Timestamp, Verb,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};
use store::{OrgStore, SessionFilter, SessionPage, Viewer};

use crate::harness::{ENGINES, Home};
use crate::sessions::{ended, session};

/// What the `detail` of a session was in earlier versions: all of it, as it was
/// opened.
const EARLIER: &str = r#"{"id":"019a0000-0000-7000-8000-0000000000ID",
    "connection":"shop","connection_id":"00000000-0000-0000-0000-000000000005",
    "connection_type":"database","connection_subtype":"postgres",
    "connection_tags":{"team":"shop"},"user_id":"00000000-0000-0000-0000-000000000009",
    "user_email":"ann@b.c","user_name":"Ann","identity_type":"machine","status":"open",
    "outcome":null,"verb":"exec","origin":"api",
    "client":{"name":"probe","version":"1.0","is_agent_credential":true},
    "database":"main","reason":"why","executed_by":null,
    "started_at":"2026-09-21T14:13:20.000001Z","ended_at":null,"exit_code":null,
    "failure":null,"session_batch_id":"b","correlation_id":"c","labels":{"l":1},
    "metadata":{"m":[1]},"integrations_metadata":{"i":null},
    "metrics":{"event_size":0,"truncated":false,"data_masking":{"info_types":{},
    "total_redact_count":0,"transformed_bytes":0,"err_count":0}},"review":null,
    "ai_analysis":null,"guardrails_info":[],"version":1,
    "created_at":"2026-09-21T14:13:20.000000Z","updated_at":"2026-09-21T14:13:20.000002Z"}"#;

/// What `moved` was once such a session had ended.
const EARLIER_MOVED: &str = r#"{"status":"done","outcome":"failed",
    "executed_by":{"id":"7","name":"Bob","email":"bob@b.c"},
    "started_at":"2026-09-21T14:13:20.000001Z","ended_at":"2026-09-21T14:13:21.000000Z",
    "exit_code":3,"failure":{"code":"internal","message":"no"},"labels":{"l":2},
    "integrations_metadata":{},"metrics":{"event_size":9,"truncated":true,
    "data_masking":{"info_types":{"EMAIL":2},"total_redact_count":2,"transformed_bytes":4,
    "err_count":1}},"review":{"status":"APPROVED"},"ai_analysis":{"risk_level":"low"},
    "guardrails_info":[{"name":"g"}],"version":2,"updated_at":"2026-09-21T14:13:22.000000Z"}"#;

/// The statement with which an earlier version had put a session on file.
fn earlier_row(home: &Home, number: &str, moved: Option<&str>) -> String {
    let detail = EARLIER.replace("ID", number);
    let (status, outcome, version, moved) = match moved {
        Some(moved) => ("done", "'failed'", 2, format!("'{moved}'")),
        None => ("open", "NULL", 1, "NULL".to_owned()),
    };
    format!(
        "INSERT INTO session (id, org_id, user_id, connection_id, connection, connection_type, \
         verb, origin, status, outcome, created_at, version, replica, detail, moved, input) \
         VALUES ('019a0000-0000-7000-8000-0000000000{number}', '{org}', \
         '00000000-0000-0000-0000-000000000009', '00000000-0000-0000-0000-000000000005', \
         'shop', 'database', 'exec', 'api', '{status}', {outcome}, 1790000000000000, {version}, \
         'gone', '{detail}', {moved}, 'select 1')",
        org = home.id(),
    )
}

/// What such a session is, as tools show it.
fn earlier(number: &str, moved: Option<&str>) -> Value {
    let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
    let mut whole = read(&EARLIER.replace("ID", number));
    whole.extend(moved.map(read).unwrap_or_default());
    Value::Object(whole)
}

async fn shown(org: &OrgStore) -> Vec<Value> {
    let page = SessionPage {
        limit: 10,
        offset: 0,
        after: None,
    };
    let filter = SessionFilter::default();
    let list = org.sessions(&filter, &Viewer::All, page).await.unwrap();
    list.items.iter().map(|one| json!(one)).collect()
}

#[tokio::test]
async fn rows_of_earlier_versions_are_read() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        for (number, moved) in [("01", None), ("02", Some(EARLIER_MOVED)), ("03", None)] {
            home.house.put(&earlier_row(&home, number, moved)).await;
        }
        let [open, done, left] = [
            earlier("01", None),
            earlier("02", Some(EARLIER_MOVED)),
            earlier("03", None),
        ];
        let all = [left.clone(), done.clone(), open.clone()];
        assert_eq!(shown(&home.org).await, all, "{engine:?}");

        // One that was open goes on as any other.
        let mut going: Session = serde_json::from_value(open).unwrap();
        let read = home.org.session(going.id).await.unwrap();
        assert_eq!(json!(read), json!(going), "{engine:?}");
        going = ended(&going);
        home.org.close_session(&going, None, None).await.unwrap();
        let read = home.org.session(going.id).await.unwrap();
        assert_eq!(json!(read), json!(going), "{engine:?}");

        let ended = home.store.interrupt_abandoned(|_| false).await.unwrap();
        assert_eq!(ended.len(), 1, "{engine:?}");
        let mut left: Session = serde_json::from_value(left).unwrap();
        let read = home.org.session(left.id).await.unwrap().unwrap();
        assert_eq!(read.outcome, Some(SessionOutcome::Interrupted));
        left.status = SessionStatus::Done;
        left.outcome = read.outcome;
        left.exit_code = read.exit_code;
        left.failure.clone_from(&read.failure);
        (left.ended_at, left.updated_at) = (read.ended_at, read.updated_at);
        left.version = 2;
        assert_eq!(json!(read), json!(left), "{engine:?}");
    }
}

#[tokio::test]
async fn what_a_column_tells_and_what_is_empty_is_not_kept_again() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let mut new = session(home.now());
        (new.reason, new.started_at) = (None, Some(new.created_at));
        home.org.open_session(&new, "").await.unwrap();
        let mut done = ended(&new);
        done.metrics.event_size = 7;
        done.ended_at = Some(new.created_at.plus_seconds(2));
        done.updated_at = new.created_at.plus_seconds(2);
        home.org.close_session(&done, None, None).await.unwrap();
        let read = home.org.session(new.id).await.unwrap();
        assert_eq!(json!(read), json!(done), "{engine:?}");
        let kept = home.house.texts("SELECT detail FROM session").await;
        let detail = r#"{"connection_subtype":"postgres","user_email":"a@b.c","user_name":"A"}"#;
        assert_eq!(kept, [detail], "{engine:?}");
        let kept = home.house.texts("SELECT moved FROM session").await;
        let moved =
            r#"{"started_at":0,"ended_at":2000000,"exit_code":0,"metrics":{"event_size":7}}"#;
        assert_eq!(kept, [moved], "{engine:?}");
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z\"\\\\{}ü🦀\u{0}\n ]{1,12}"]
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word().prop_map(Value::from),
        vec(word(), 0..3).prop_map(Value::from),
    ];
    btree_map(word(), value, 0..3).prop_map(|members| members.into_iter().collect())
}

fn moment() -> impl Strategy<Value = Timestamp> {
    // Years of four digits, which RFC 3339 tells.
    (0..253_402_300_799_999_999_i64).prop_map(Timestamp::from_micros)
}

/// Sets what a session is from its beginning.
fn beginning() -> impl Strategy<Value = Session> {
    let client = (word(), word(), any::<bool>()).prop_map(|(name, version, is_agent)| {
        let is_agent_credential = is_agent;
        SessionClient {
            name,
            version,
            is_agent_credential,
        }
    });
    let people = (word(), word(), any::<bool>(), option::of(client));
    let place = (
        word(),
        btree_map(word(), word(), 0..3),
        "[a-z]{3,9}",
        prop_oneof![Just(ConnectionType::Database), Just(ConnectionType::Custom)],
        prop_oneof![Just(Verb::Exec), Just(Verb::Introspect)],
        prop_oneof![Just(Origin::Mcp), Just(Origin::Unknown)],
    );
    let words = prop::array::uniform4(option::of(word()));
    (moment(), people, place, words, object()).prop_map(
        |(at, (user_email, user_name, is_machine, client), place, words, metadata)| {
            let [database, reason, session_batch_id, correlation_id] = words;
            let (connection_subtype, connection_tags, connection, connection_type, verb, origin) =
                place;
            let identity_type = match is_machine {
                true => IdentityType::Machine,
                false => IdentityType::User,
            };
            Session {
                connection,
                connection_type,
                connection_subtype,
                connection_tags,
                user_email,
                user_name,
                identity_type,
                verb,
                origin,
                client,
                database,
                reason,
                session_batch_id,
                correlation_id,
                metadata,
                ..session(at)
            }
        },
    )
}

/// Where a session may stand; what it is from its beginning is of no account.
fn standing() -> impl Strategy<Value = Session> {
    let person =
        prop::array::uniform3(word()).prop_map(|[id, name, email]| Person { id, name, email });
    let failure = word().prop_map(|message| Failure::new(Code::Internal, message));
    let objects = (object(), object(), vec(object(), 0..3));
    let verdicts = (option::of(object()), option::of(object()));
    let times = (
        option::of(moment()),
        option::of(moment()),
        option::of(moment()),
    );
    let figures = (
        prop::array::uniform4(prop_oneof![Just(0_u64), any::<u64>()]),
        any::<bool>(),
        btree_map(word(), any::<u64>(), 0..3),
    );
    let end = (
        option::of(person),
        option::of(failure),
        option::of(any::<i32>()),
        option::of(prop_oneof![
            Just(SessionOutcome::Success),
            Just(SessionOutcome::Killed)
        ]),
    );
    (objects, verdicts, times, figures, end).prop_map(
        |(objects, (review, ai_analysis), (started_at, ended_at, updated_at), figures, end)| {
            let (labels, integrations_metadata, guardrails_info) = objects;
            let (executed_by, failure, exit_code, outcome) = end;
            let at = Timestamp::from_micros(1);
            let mut one = Session {
                outcome,
                executed_by,
                started_at,
                ended_at,
                exit_code,
                failure,
                labels,
                integrations_metadata,
                review,
                ai_analysis,
                guardrails_info,
                updated_at: updated_at.or(ended_at).unwrap_or(at),
                ..session(at)
            };
            let ([event_size, total, bytes, errors], truncated, info_types) = figures;
            (one.metrics.event_size, one.metrics.truncated) = (event_size, truncated);
            let masked = &mut one.metrics.data_masking;
            masked.info_types = info_types;
            masked.total_redact_count = total;
            (masked.transformed_bytes, masked.err_count) = (bytes, errors);
            one
        },
    )
}

/// The session `from`, which stands where `to` does.
fn moved(from: &Session, to: Session) -> Session {
    let from = from.clone();
    Session {
        outcome: to.outcome,
        executed_by: to.executed_by,
        started_at: to.started_at,
        ended_at: to.ended_at,
        exit_code: to.exit_code,
        failure: to.failure,
        labels: to.labels,
        integrations_metadata: to.integrations_metadata,
        metrics: to.metrics,
        review: to.review,
        ai_analysis: to.ai_analysis,
        guardrails_info: to.guardrails_info,
        version: from.version + 1,
        updated_at: to.updated_at,
        ..from
    }
}

#[test]
fn any_session_is_read_back_as_it_was_written() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for engine in ENGINES {
        let home = runtime.block_on(Home::new(engine));
        let org = &home.org;
        let strategy = (beginning(), standing(), standing(), any::<bool>());
        let mut runner = TestRunner::new(Config {
            failure_persistence: None,
            ..Config::with_cases(100)
        });
        let tried = runner.run(&strategy, |(start, first, last, looks)| {
            let new = moved(&start, first);
            let done = Session {
                status: SessionStatus::Done,
                ..moved(&new, last)
            };
            let same =
                |read: Option<Session>, written: &Session| match json!(read) == json!(written) {
                    true => Ok(()),
                    false => Err(TestCaseError::fail(format!("{:?}", json!(read)))),
                };
            runtime.block_on(async {
                org.open_session(&new, "select 1").await.unwrap();
                if looks {
                    same(org.session(new.id).await.unwrap(), &new)?;
                }
                org.close_session(&done, None, None).await.unwrap();
                same(org.session(new.id).await.unwrap(), &done)
            })
        });
        tried.unwrap_or_else(|error| panic!("{engine:?}: {error}"));
    }
}
