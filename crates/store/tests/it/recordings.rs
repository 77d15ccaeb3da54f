//! Recordings: what was said is read back as it was said.

use model::{SessionId, SessionOutcome, Stream};
use proptest::prelude::*;
use serde_json::json;
use store::OrgStore;

use crate::harness::{ENGINES, Engine, HOMES, Home, House, Shelf};
use crate::sessions::{audit, ended, session};

pub const NO_LIMIT: u64 = u64::MAX;

/// Everything that is recorded, read in pages of `size` bytes.
pub async fn read_all(org: &OrgStore, id: SessionId, size: u64) -> String {
    let mut text = String::new();
    let mut from = 0;
    loop {
        let page = org.read_recording(id, from, size).await.unwrap();
        assert!(page.text.len() as u64 <= size.max(4));
        text.push_str(&page.text);
        match page.next {
            Some(next) => {
                assert!(next > from, "a page makes progress");
                from = next;
            }
            None => return text,
        }
    }
}

#[tokio::test]
async fn the_end_of_a_small_recording_is_written_with_its_session() {
    for (engine, shelf) in HOMES {
        let home = Home::in_house(House::with(engine, shelf)).await;
        let new = session(home.now());
        home.org.open_session(&new, "").await.unwrap();
        let recorder = home.org.recorder(new.id, NO_LIMIT);
        recorder.append(0, Stream::Output, "zwölf \u{0}\n");
        recorder.append(1_234, Stream::Error, "");
        recorder.append(1_235, Stream::Error, "\"quoted\" 🦀\u{7f}");
        assert!(!recorder.needs_flush() && !recorder.truncated());
        let nothing = home.org.read_recording(new.id, 0, 100).await.unwrap();
        assert_eq!((nothing.text.as_str(), nothing.next), ("", None));
        let tail = recorder.finish().await.unwrap();
        home.org
            .close_session(&ended(&new), Some(tail), Some(&audit(home.now())))
            .await
            .unwrap();
        let whole = "zwölf \u{0}\n\"quoted\" 🦀\u{7f}";
        let page = home.org.read_recording(new.id, 0, 100).await.unwrap();
        assert_eq!(page.text, whole, "{engine:?} {shelf:?}");
        assert_eq!(page.total_bytes, whole.len() as u64);
        assert_eq!(page.next, None);
        for size in 0..12 {
            assert_eq!(read_all(&home.org, new.id, size).await, whole);
        }
        let inside = home.org.read_recording(new.id, 3, 4).await.unwrap();
        assert_eq!((inside.text.as_str(), inside.next), ("lf \u{0}", Some(8)));
        let beyond = home.org.read_recording(new.id, 999, 4).await.unwrap();
        assert_eq!((beyond.text.as_str(), beyond.next), ("", None));
    }
}

#[tokio::test]
async fn a_running_session_is_readable_after_a_flush() {
    for (engine, shelf) in HOMES {
        let home = Home::in_house(House::with(engine, shelf)).await;
        let new = session(home.now());
        home.org.open_session(&new, "").await.unwrap();
        let recorder = home.org.recorder(new.id, NO_LIMIT);
        let mut watch = home.store.bus().watch(model::Id::uuid(new.id));
        recorder.append(0, Stream::Output, "one");
        recorder.flush().await.unwrap();
        watch.changed().await;
        assert_eq!(
            read_all(&home.org, new.id, 50).await,
            "one",
            "{engine:?} {shelf:?}"
        );
        recorder.append(5, Stream::Output, "two");
        recorder.append(6, Stream::Output, &"x".repeat(100_000));
        let tail = recorder.finish().await.unwrap();
        home.org
            .close_session(&ended(&new), Some(tail), None)
            .await
            .unwrap();
        let whole = read_all(&home.org, new.id, 30_000).await;
        assert_eq!(whole.len(), 100_006);
        assert!(whole.starts_with("onetwoxxx"));
    }
}

#[tokio::test]
async fn nothing_is_recorded_beyond_the_limit() {
    for (engine, shelf) in HOMES {
        let home = Home::in_house(House::with(engine, shelf)).await;
        let new = session(home.now());
        home.org.open_session(&new, "").await.unwrap();
        let recorder = home.org.recorder(new.id, 6);
        recorder.append(0, Stream::Output, "abcd");
        assert!(!recorder.truncated());
        recorder.append(0, Stream::Output, "eü");
        assert!(recorder.truncated());
        recorder.append(0, Stream::Output, "f");
        let tail = recorder.finish().await.unwrap();
        home.org
            .close_session(&ended(&new), Some(tail), None)
            .await
            .unwrap();
        let whole = read_all(&home.org, new.id, 100).await;
        assert_eq!(
            whole, "abcde",
            "{engine:?} {shelf:?}: no gap, no half character"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_megabytes_are_streamed() {
    for (engine, shelf) in HOMES {
        let home = Home::in_house(House::with(engine, shelf)).await;
        let new = session(home.now());
        home.org.open_session(&new, "").await.unwrap();
        let recorder = home.org.recorder(new.id, NO_LIMIT);
        let chunk = "0123456789abcdeü".repeat(4096);
        let chunks = 50 * 1024 * 1024 / chunk.len() + 1;
        for n in 0..chunks {
            recorder.append(n as u64, Stream::Output, &chunk);
            if recorder.needs_flush() {
                recorder.flush().await.unwrap();
            }
        }
        let tail = recorder.finish().await.unwrap();
        home.org
            .close_session(&ended(&new), Some(tail), None)
            .await
            .unwrap();
        let page = home.org.read_recording(new.id, 0, 1).await.unwrap();
        let total = (chunk.len() * chunks) as u64;
        assert_eq!(page.total_bytes, total, "{engine:?} {shelf:?}");
        let mut from = 0;
        while from < total {
            let page = home.org.read_recording(new.id, from, 5_000_000).await;
            let page = page.unwrap();
            let at = usize::try_from(from).unwrap() % chunk.len();
            let length = page.text.len().min(chunk.len() - at);
            assert_eq!(page.text[..length], chunk[at..at + length]);
            from += page.text.len() as u64;
        }
        assert_eq!(from, total);
    }
}

/// How many recordings lie in the rows of their sessions, and how many segments do
/// not.
async fn places(home: &Home) -> [usize; 2] {
    let query = "SELECT recording FROM session WHERE recording IS NOT NULL";
    let short = home.house.texts(query).await.len();
    let query = "SELECT session_id FROM recording_segment";
    [short, home.house.texts(query).await.len()]
}

#[tokio::test]
async fn only_the_whole_of_a_short_recording_lies_in_the_row_of_its_session() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        // An event has 15 bytes besides its text.
        for (length, is_flushed, expected) in [
            (2_048 - 15, false, [1, 0]),
            (2_048 - 14, false, [1, 1]),
            (1_000, true, [1, 3]),
        ] {
            // Where there may be another gateway, it may have ended the session.
            let expected = match engine {
                Engine::Sqlite => expected,
                Engine::Postgres => [0, expected[0] + expected[1]],
            };
            let new = session(home.now());
            home.org.open_session(&new, "").await.unwrap();
            let recorder = home.org.recorder(new.id, NO_LIMIT);
            let mut said = "x".repeat(length);
            recorder.append(0, Stream::Output, &said);
            if is_flushed {
                recorder.flush().await.unwrap();
                recorder.append(0, Stream::Output, "yz");
                said.push_str("yz");
            }
            let tail = recorder.finish().await.unwrap();
            home.org
                .close_session(&ended(&new), Some(tail), None)
                .await
                .unwrap();
            for size in [100, 5_000] {
                assert_eq!(read_all(&home.org, new.id, size).await, said, "{engine:?}");
            }
            assert_eq!(places(&home).await, expected, "{engine:?} {length}");
        }
    }
}

#[tokio::test]
async fn what_lies_in_the_row_of_a_session_is_read_on_both_engines() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let new = session(home.now());
        home.org.open_session(&new, "").await.unwrap();
        home.org
            .close_session(&ended(&new), None, None)
            .await
            .unwrap();
        assert_eq!(read_all(&home.org, new.id, 9).await, "", "{engine:?}");
        let events = r#"[0.001,"o","zwölf\n"]"#;
        let statement = format!("UPDATE session SET recording = '{events}'");
        home.house.put(&statement).await;
        for size in [1, 3, 100] {
            let said = read_all(&home.org, new.id, size).await;
            assert_eq!(said, "zwölf\n", "{engine:?}");
        }
    }
}

#[tokio::test]
async fn a_late_end_adds_what_was_said_and_nothing_else() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        for looks in [false, true] {
            let new = session(home.now());
            home.org.open_session(&new, "").await.unwrap();
            let mut lost = ended(&new);
            lost.outcome = Some(SessionOutcome::Interrupted);
            // From this age on, a gateway ends a session that it does not know.
            home.house.clock.advance(60);
            home.org.close_session(&lost, None, None).await.unwrap();
            for said in ["first", "second"] {
                if looks {
                    assert!(home.org.session(new.id).await.unwrap().is_some());
                }
                let recorder = home.org.recorder(new.id, NO_LIMIT);
                recorder.append(0, Stream::Output, said);
                let mut late = ended(&lost);
                late.review = json!({"status": "APPROVED"}).as_object().cloned();
                let tail = recorder.finish().await.unwrap();
                home.org
                    .close_session(&late, Some(tail), None)
                    .await
                    .unwrap();
            }
            let read = home.org.session(new.id).await.unwrap();
            assert_eq!(json!(read), json!(lost), "{engine:?}");
            assert_eq!(read_all(&home.org, new.id, 9).await, "first", "{engine:?}");
            let reviews = "SELECT id FROM session WHERE review_status IS NOT NULL";
            assert!(home.house.texts(reviews).await.is_empty(), "{engine:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_recording_reads_alike_wherever_it_lies(
        parts in prop::collection::vec("[a-zü🦀\n\"\u{0}]{0,20}", 0..8),
        places in prop::collection::vec((0_u64..200, 0_u64..100), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let home = Home::new(Engine::Sqlite).await;
            let mut ids = Vec::new();
            for is_flushed in [false, true] {
                let new = session(home.now());
                home.org.open_session(&new, "").await.unwrap();
                let recorder = home.org.recorder(new.id, NO_LIMIT);
                for part in &parts {
                    recorder.append(7, Stream::Error, part);
                }
                if is_flushed {
                    recorder.flush().await.unwrap();
                }
                let tail = recorder.finish().await.unwrap();
                home.org
                    .close_session(&ended(&new), Some(tail), None)
                    .await
                    .unwrap();
                ids.push(new.id);
            }
            for (from, max) in places {
                let mut pages = Vec::new();
                for id in &ids {
                    let page = home.org.read_recording(*id, from, max).await.unwrap();
                    pages.push((page.text, page.total_bytes, page.next));
                }
                assert_eq!(pages[0], pages[1], "from {from}, at most {max}");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_of_any_size_make_the_whole(
        parts in prop::collection::vec("[a-zü🦀\n\"]{0,40}", 1..20),
        flush_every in 1_usize..6,
        size in 0_u64..70,
        shelf in prop_oneof![Just(Shelf::Folder), Just(Shelf::Bucket)],
        large in any::<bool>(),
    ) {
        // Large parts become objects, small ones stay in the store.
        let (times, size) = if large { (2_000, (size + 20) * 1_000) } else { (1, size) };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let parts: Vec<String> = parts.iter().map(|part| part.repeat(times)).collect();
            let home = Home::in_house(House::with(Engine::Sqlite, shelf)).await;
            let id = session(home.now()).id;
            let recorder = home.org.recorder(id, NO_LIMIT);
            for (n, part) in parts.iter().enumerate() {
                recorder.append(n as u64, Stream::Output, part);
                if n % flush_every == 0 {
                    recorder.flush().await.unwrap();
                }
            }
            recorder.flush().await.unwrap();
            recorder.finish().await.unwrap();
            assert_eq!(read_all(&home.org, id, size).await, parts.concat());
        });
    }
}
