//! Carries wake-ups between gateways that share a store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::bus::News;
use crate::db::{Db, Ear};
use crate::{Bus, Error};

/// Ids per notification: PostgreSQL carries at most 8000 bytes.
const IDS: usize = 200;

/// Pause before another try when the engine is away.
const PAUSE: Duration = Duration::from_millis(500);

/// Longest silence before this gateway tells itself something, and then before it
/// listens anew.
const SILENCE: Duration = Duration::from_secs(10);

/// Stands for every id.
const EVERYTHING: &str = "*";

/// Begins a payload of signals.
const SIGNALS: char = '!';

/// Says nothing but that it can be heard.
const HERE: &str = ".";

/// Tells other gateways what is published and rung here, and followers here what
/// is published and rung there.
pub(crate) fn connect(
    db: &Arc<Db>,
    bus: &Bus,
    news: Receiver<News>,
    replica: Uuid,
) -> [JoinHandle<()>; 2] {
    [
        tokio::spawn(tell(Arc::clone(db), bus.clone(), news, replica)),
        tokio::spawn(hear(Arc::clone(db), bus.clone(), replica)),
    ]
}

async fn tell(db: Arc<Db>, bus: Bus, mut news: Receiver<News>, replica: Uuid) {
    let mut waiting = Vec::new();
    while news.recv_many(&mut waiting, 4096).await > 0 {
        let mut payloads = payloads(&waiting.drain(..).collect(), bus.take_overflow());
        for payload in &mut payloads {
            while let Err(error) = db.notify(format!("{replica} {payload}")).await {
                tracing::warn!(%error, "cannot tell other gateways; trying again");
                tokio::time::sleep(PAUSE).await;
                // Who listens now may have missed more than this.
                if !payload.starts_with(SIGNALS) {
                    EVERYTHING.clone_into(payload);
                }
            }
        }
    }
}

fn payloads(news: &BTreeSet<News>, overflowed: bool) -> Vec<String> {
    let (mut changed, mut signals) = (Vec::new(), Vec::new());
    for one in news {
        match one {
            News::Changed(id) => changed.push(id.to_string()),
            News::Signal(id) => signals.push(id.to_string()),
            News::Here => {}
        }
    }
    let mut payloads: Vec<String> = if overflowed {
        vec![EVERYTHING.to_owned()]
    } else {
        changed.chunks(IDS).map(|ids| ids.join(",")).collect()
    };
    let signals = signals.chunks(IDS);
    payloads.extend(signals.map(|ids| format!("{SIGNALS}{}", ids.join(","))));
    if payloads.is_empty() {
        payloads.push(HERE.to_owned());
    }
    payloads
}

async fn hear(db: Arc<Db>, bus: Bus, replica: Uuid) {
    let own = replica.to_string();
    loop {
        match db.listen().await {
            Ok(None) => return,
            Ok(Some(ear)) => {
                bus.wake_all();
                match listen(ear, &bus, &own).await {
                    Ok(()) => tracing::warn!("nothing is heard of other gateways; trying again"),
                    Err(error) => {
                        tracing::warn!(%error, "cannot hear other gateways; trying again");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "cannot hear other gateways; trying again"),
        }
        bus.wake_all();
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until that fails, or until not even this gateway itself is heard: a
/// connection may be dead without a word, and some poolers take `LISTEN` and
/// deliver nothing.
async fn listen(mut ear: Ear, bus: &Bus, own: &str) -> Result<(), Error> {
    let mut has_asked = false;
    loop {
        match tokio::time::timeout(SILENCE, ear.hear()).await {
            Ok(heard) => {
                has_asked = false;
                match heard? {
                    Some(payload) => deliver(bus, own, &payload),
                    None => bus.wake_all(),
                }
            }
            Err(_) if has_asked => return Ok(()),
            Err(_) => has_asked = bus.tell(News::Here),
        }
    }
}

fn deliver(bus: &Bus, own: &str, payload: &str) {
    let Some((from, ids)) = payload.split_once(' ') else {
        return;
    };
    if from == own {
        bus.note_heard();
        return;
    }
    let read = |ids: &str, then: &dyn Fn(Uuid)| {
        let ids = ids.split(',').filter_map(|id| Uuid::try_parse(id).ok());
        ids.for_each(then);
    };
    if ids == EVERYTHING {
        bus.wake_all();
    } else if let Some(signals) = ids.strip_prefix(SIGNALS) {
        read(signals, &|id| bus.ring(id));
    } else {
        read(ids, &|id| bus.wake(id));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn every_kind_of_news_arrives_as_what_it_is() {
        let (there, _news) = Bus::shared();
        let (changed, rung) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut watch = there.watch(changed);
        let signal = there.follow_signal(rung);
        let news = BTreeSet::from([News::Changed(changed), News::Signal(rung), News::Here]);
        let payloads = payloads(&news, false);
        assert_eq!(payloads.len(), 2, "{payloads:?}");
        for payload in payloads {
            deliver(&there, "here", &format!("other {payload}"));
        }
        assert!(watch.changed().now_or_never().is_some());
        assert!(signal.rung().now_or_never().is_some());
    }

    #[test]
    fn what_wakes_everybody_rings_no_signal() {
        let (there, _news) = Bus::shared();
        let signal = there.follow_signal(Uuid::from_u128(2));
        let mut watch = there.watch(Uuid::from_u128(1));
        for payload in payloads(&BTreeSet::from([News::Changed(Uuid::nil())]), true) {
            deliver(&there, "here", &format!("other {payload}"));
        }
        assert!(watch.changed().now_or_never().is_some());
        assert!(signal.rung().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_gateway_hears_itself_or_says_so() {
        let (bus, mut news) = Bus::shared();
        let hears = |patience| bus.hears(Duration::from_secs(3600), patience);
        assert!(!hears(Duration::from_millis(10)).await);
        assert_eq!(news.recv().await, Some(News::Here));
        let (heard, ()) = tokio::join!(hears(Duration::from_secs(60)), async {
            assert_eq!(news.recv().await, Some(News::Here));
            deliver(&bus, "here", &format!("here {HERE}"));
        });
        assert!(heard);
        assert!(hears(Duration::ZERO).await, "it was heard not long ago");
    }
}
