//! Recordings in a bucket: what lies there, and what happens when it is away.

use std::time::{Duration, Instant};

use model::{SecretString, SessionId, Stream};
use store::{Error, OrgStore, Recorder};
use testkit::servers::{Line, Network, S3};

use crate::harness::{Engine, Home, House, Shelf, options};
use crate::recordings::{NO_LIMIT, read_all};
use crate::sessions::{ended, session};

/// More than is kept in the store itself.
const LARGE: usize = 100_000;

/// An error that says that the bucket cannot be used, in reasonable time, and
/// what it says.
async fn refusal<T>(attempt: impl Future<Output = Result<T, Error>>) -> String {
    let began = Instant::now();
    let Err(error) = attempt.await else {
        panic!("nothing is wrong");
    };
    assert!(began.elapsed() < Duration::from_secs(20), "{began:?}");
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    let told = format!("{error} {error:?}");
    assert!(told.contains("recordings: "), "{told}");
    told
}

/// A recorder of an open session.
async fn open(org: &OrgStore, home: &Home) -> (model::Session, Recorder) {
    let new = session(home.now());
    org.open_session(&new, "").await.unwrap();
    let recorder = org.recorder(new.id, NO_LIMIT);
    (new, recorder)
}

#[tokio::test]
async fn segments_are_objects_under_the_prefix() {
    let server = S3::shared();
    let home = Home::in_house(House::with(Engine::Sqlite, Shelf::Bucket)).await;
    let (new, recorder) = open(&home.org, &home).await;
    recorder.append(0, Stream::Output, &"a".repeat(LARGE));
    recorder.flush().await.unwrap();
    recorder.append(1_500, Stream::Error, &"b".repeat(LARGE));
    recorder.finish().await.unwrap();
    let objects = server.objects(&home.house.recordings);
    let names: Vec<_> = objects.keys().cloned().collect();
    let (_, prefix) = home.house.recordings.split_once("recordings/").unwrap();
    let name = |seq| format!("{prefix}/{}/{}/{seq:06}.jsonl", home.id(), new.id);
    assert_eq!(names, [name(0), name(1)]);
    let line = format!("[1.500,\"e\",\"{}\"]\n", "b".repeat(LARGE));
    assert_eq!(server.object(&names[1]), line);
    assert_eq!(objects[&names[1]], line.len() as u64);
    assert!(!home.house.folder.path().join("recordings").exists());
}

/// A home whose bucket is behind a network.
async fn behind(network: &Network, server: &S3) -> Home {
    let mut house = House::with(Engine::Sqlite, Shelf::Folder);
    house.recordings = server.place();
    house.options = options(server);
    let endpoint = format!("http://127.0.0.1:{}", network.port());
    house
        .options
        .insert("endpoint".into(), SecretString::from(endpoint));
    Home::in_house(house).await
}

/// Records `texts` one segment each, the way a run does that goes on although
/// its recording cannot be flushed.
async fn record(recorder: &Recorder, texts: &[String]) {
    for text in texts {
        recorder.append(0, Stream::Output, text);
        // The answer tells of the segment before.
        let _ = recorder.flush().await;
    }
}

fn texts(from: u32, to: u32) -> Vec<String> {
    (from..to)
        .map(|number| format!("{number:05}").repeat(LARGE / 5))
        .collect()
}

async fn assert_whole(org: &OrgStore, id: SessionId, texts: &[String]) {
    let read = read_all(org, id, 1_000_000).await;
    assert!(read == texts.concat(), "{} bytes were read", read.len());
}

#[tokio::test]
async fn a_bucket_that_is_away_is_told_and_written_to_when_it_is_back() {
    let mut server = S3::start();
    let network = Network::to(server.port()).await;
    let home = behind(&network, &server).await;
    let all = texts(0, 6);
    let (new, recorder) = open(&home.org, &home).await;
    record(&recorder, &all[..2]).await;
    recorder.flush().await.unwrap();
    assert_whole(&home.org, new.id, &all[..2]).await;

    network.set(Line::Cut);
    record(&recorder, &all[2..3]).await;
    let told = refusal(recorder.flush()).await;
    assert!(told.contains("PUT"), "{told}");
    // What was not written before is neither forgotten nor overtaken.
    record(&recorder, &all[3..4]).await;
    let read = home.org.read_recording(new.id, 0, 10);
    let (_, told) = tokio::join!(refusal(recorder.finish()), refusal(read));
    assert!(told.contains("GET"), "{told}");

    network.set(Line::Whole);
    record(&recorder, &all[4..]).await;
    let tail = recorder.finish().await.unwrap();
    let closed = home.org.close_session(&ended(&new), Some(tail), None).await;
    closed.unwrap();
    assert_whole(&home.org, new.id, &all).await;

    // A server that is gone is as clear as a broken line.
    server.stop();
    refusal(home.org.read_recording(new.id, 0, 10)).await;
}

#[tokio::test]
async fn a_short_outage_is_not_noticed() {
    let server = S3::shared();
    let network = Network::to(server.port()).await;
    let home = behind(&network, &server).await;
    let all = texts(0, 4);
    let (new, recorder) = open(&home.org, &home).await;
    network.set(Line::Cut);
    let outage = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        network.set(Line::Whole);
    };
    let run = async {
        for text in &all {
            recorder.append(0, Stream::Output, text);
            recorder.flush().await.unwrap();
        }
        recorder.finish().await.unwrap()
    };
    let (tail, ()) = tokio::join!(run, outage);
    let closed = home.org.close_session(&ended(&new), Some(tail), None).await;
    closed.unwrap();
    assert_whole(&home.org, new.id, &all).await;
}

#[tokio::test]
async fn a_flush_that_must_not_wait_does_not() {
    let server = S3::shared();
    let network = Network::to(server.port()).await;
    let home = behind(&network, &server).await;
    let all = texts(0, 3);
    let (new, recorder) = open(&home.org, &home).await;
    network.set(Line::Silent);
    record(&recorder, &all[..1]).await;
    recorder.append(0, Stream::Output, &all[1]);
    // A flush that waits holds what a second one would have to wait for.
    let mut waits = Box::pin(recorder.flush());
    let moment = Duration::from_millis(200);
    assert!(tokio::time::timeout(moment, &mut waits).await.is_err());
    let quick = tokio::time::timeout(moment, recorder.flush_if_idle()).await;
    quick.unwrap().unwrap();
    drop(waits);
    let quick = tokio::time::timeout(moment, recorder.flush_if_idle()).await;
    quick.unwrap().unwrap();
    network.set(Line::Whole);
    recorder.append(0, Stream::Output, &all[2]);
    recorder.finish().await.unwrap();
    assert_whole(&home.org, new.id, &all).await;
}

#[tokio::test]
async fn credentials_are_not_repeated() {
    let server = S3::shared();
    for (option, canary) in [
        ("secret_access_key", "canary-of-a-secret"),
        ("access_key_id", "CANARYOFAKEYID"),
    ] {
        let mut house = House::with(Engine::Sqlite, Shelf::Bucket);
        let wrong = SecretString::from(canary);
        house.options.insert(option.into(), wrong);
        let home = Home::in_house(house).await;
        let (_, recorder) = open(&home.org, &home).await;
        recorder.append(0, Stream::Output, &"x".repeat(LARGE));
        let told = refusal(recorder.finish()).await;
        assert!(told.contains("403"), "the server refuses it: {told}");
        for credential in [canary, server.secret(), server.key_id()] {
            assert!(!told.contains(credential), "{credential} in {told}");
        }
        assert!(server.objects(&home.house.recordings).is_empty());
    }
}
