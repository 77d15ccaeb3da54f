//! Idempotent calls, gateways that stop, and wake-ups.

use std::time::Duration;

use futures::future::join_all;
use model::{Finish, Id as _, SessionOutcome, SessionStatus};
use store::{CallKey, Claim, Store};
use uuid::Uuid;

use crate::harness::{ENGINES, Engine, Home};
use crate::sessions::{ended, session};

fn call(key: &str) -> CallKey {
    CallKey {
        caller: Uuid::from_u128(3),
        tool: "exec".into(),
        key: key.into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_claims_one_is_fresh() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let key = call("k");
        let claims = join_all((0..64).map(|_| home.org.claim(&key, "digest"))).await;
        let (mut fresh, mut waiting) = (0, 0);
        for claim in claims {
            match claim.unwrap() {
                Claim::Fresh => fresh += 1,
                Claim::InFlight { session: None } => waiting += 1,
                other => panic!("{engine:?}: {other:?}"),
            }
        }
        assert_eq!((fresh, waiting), (1, 63), "{engine:?}");
    }
}

#[tokio::test]
async fn a_settled_call_is_replayed_for_a_day() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let (org, key) = (&home.org, call("k"));
        assert_eq!(org.claim(&key, "d").await.unwrap(), Claim::Fresh);
        let id = session(home.now()).id;
        assert!(org.attach(&key, id).await.unwrap());
        let joined = org.claim(&key, "d").await.unwrap();
        assert_eq!(joined, Claim::InFlight { session: Some(id) }, "{engine:?}");
        assert_eq!(org.claim(&key, "e").await.unwrap(), Claim::Mismatch);
        org.settle(&key, "{\"a\":1}").await.unwrap();
        org.release(&key).await.unwrap();
        let replay = Claim::Replay("{\"a\":1}".into());
        assert_eq!(org.claim(&key, "d").await.unwrap(), replay);
        assert_eq!(org.claim(&key, "e").await.unwrap(), Claim::Mismatch);
        let mut elsewhere = key.clone();
        elsewhere.caller = Uuid::from_u128(4);
        assert_eq!(org.claim(&elsewhere, "d").await.unwrap(), Claim::Fresh);
        home.house.clock.advance(24 * 3600 - 1);
        home.store.heartbeat().await.unwrap();
        assert_eq!(org.claim(&key, "d").await.unwrap(), replay);
        home.house.clock.advance(1);
        assert_eq!(org.claim(&key, "d").await.unwrap(), Claim::Fresh);
    }
}

#[tokio::test]
async fn a_released_key_is_free_again() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let key = call("k");
        home.org.claim(&key, "d").await.unwrap();
        home.org.release(&key).await.unwrap();
        let again = home.org.claim(&key, "other").await.unwrap();
        assert_eq!(again, Claim::Fresh, "{engine:?}");
    }
}

/// A second gateway after the first one is gone: its process ended, or its
/// lease lapsed.
async fn successor(home: &Home) -> Store {
    match home.house.engine {
        Engine::Sqlite => {
            home.store.close().await;
            home.house.open().await
        }
        Engine::Postgres => {
            let next = home.house.open().await;
            let alive = next.interrupt_abandoned(|_| false).await.unwrap();
            assert!(alive.is_empty(), "the first one lives");
            home.house.clock.advance(31);
            next.heartbeat().await.unwrap();
            next
        }
    }
}

#[tokio::test]
async fn calls_of_a_gone_gateway_are_taken_over() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let id = session(home.now()).id;
        home.org.claim(&call("bare"), "d").await.unwrap();
        home.org.claim(&call("run"), "d").await.unwrap();
        assert!(home.org.attach(&call("run"), id).await.unwrap());
        let next = successor(&home).await;
        let org = next.org(home.id());
        let bare = org.claim(&call("bare"), "d").await.unwrap();
        assert_eq!(bare, Claim::Fresh, "{engine:?}");
        let run = org.claim(&call("run"), "d").await.unwrap();
        assert_eq!(run, Claim::Abandoned { session: id });
        let again = org.claim(&call("bare"), "d").await.unwrap();
        assert_eq!(again, Claim::InFlight { session: None });
    }
}

#[tokio::test]
async fn a_claim_that_was_taken_over_is_not_the_first_gateways_any_more() {
    let home = Home::new(Engine::Postgres).await;
    let (late, key) = (&home.org, call("k"));
    assert_eq!(late.claim(&key, "d").await.unwrap(), Claim::Fresh);
    let next = successor(&home).await;
    let own = next.org(home.id());
    assert_eq!(own.claim(&key, "d").await.unwrap(), Claim::Fresh);
    // The first one was slow, not gone, and comes back.
    let ours = session(home.now()).id;
    assert!(!late.attach(&key, session(home.now()).id).await.unwrap());
    assert!(own.attach(&key, ours).await.unwrap());
    late.settle(&key, "{\"late\":1}").await.unwrap();
    late.release(&key).await.unwrap();
    let joined = own.claim(&key, "d").await.unwrap();
    assert_eq!(
        joined,
        Claim::InFlight {
            session: Some(ours)
        }
    );
    own.settle(&key, "{\"own\":1}").await.unwrap();
    let replay = late.claim(&key, "d").await.unwrap();
    assert_eq!(replay, Claim::Replay("{\"own\":1}".into()));
}

#[tokio::test]
async fn sessions_of_a_gone_gateway_are_ended() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let [open, done, waiting] = [(); 3].map(|()| session(home.now()));
        for new in [&open, &done, &waiting] {
            home.org.open_session(new, "").await.unwrap();
        }
        home.org
            .close_session(&ended(&done), None, None)
            .await
            .unwrap();
        let mut pending = waiting.clone();
        pending.status = SessionStatus::Pending;
        home.org.close_session(&pending, None, None).await.unwrap();
        let next = successor(&home).await;
        let org = next.org(home.id());
        let mine = session(home.now());
        org.open_session(&mine, "").await.unwrap();
        let ended = next.interrupt_abandoned(|_| false).await.unwrap();
        assert_eq!(ended, [(home.id(), open.id)], "{engine:?}");
        let read = org.session(open.id).await.unwrap().unwrap();
        assert_eq!(read.status, SessionStatus::Done);
        assert_eq!(read.outcome, Some(SessionOutcome::Interrupted));
        assert_eq!(read.exit_code, Some(Finish::NEVER_RAN));
        assert!(read.ended_at.is_some() && read.failure.is_some());
        assert_eq!(read.version, 2);
        let read = org.session(waiting.id).await.unwrap().unwrap();
        assert_eq!(read.status, SessionStatus::Pending, "it waits on");
        assert!(
            next.interrupt_abandoned(|_| false)
                .await
                .unwrap()
                .is_empty()
        );
        home.house.clock.advance(3600);
        let late = next.interrupt_abandoned(|id| id == mine.id).await.unwrap();
        assert!(late.is_empty(), "it runs, late as the lease is");
        let lost = next.interrupt_abandoned(|_| false).await.unwrap();
        assert_eq!(lost, [(home.id(), mine.id)], "no run of a living gateway");
    }
}

#[tokio::test]
async fn every_gateway_hears_of_a_change() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let id = session(home.now()).id.uuid();
        let twin = home.twin().await;
        let ears = [Some(&home.store), twin.as_ref()];
        let watches = ears.into_iter().flatten();
        let mut watches: Vec<_> = watches.map(|store| store.bus().watch(id)).collect();
        for _ in 0..20 {
            // What was heard while the connection was made does not count.
            for watch in &mut watches {
                let quiet = Duration::from_millis(30);
                while tokio::time::timeout(quiet, watch.changed()).await.is_ok() {}
            }
            home.store.bus().publish(id);
            for watch in &mut watches {
                let heard = tokio::time::timeout(Duration::from_secs(10), watch.changed());
                heard
                    .await
                    .unwrap_or_else(|_| panic!("{engine:?} hears nothing"));
            }
        }
        home.store.bus().publish(Uuid::from_u128(1));
        for watch in &mut watches {
            let quiet = Duration::from_millis(50);
            let heard = tokio::time::timeout(quiet, watch.changed()).await;
            assert!(heard.is_err(), "somebody else's change");
        }
    }
}
