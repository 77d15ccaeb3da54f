//! Carries wake-ups between gateways that share a store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::Bus;
use crate::db::Db;

/// Ids per notification: PostgreSQL carries at most 8000 bytes.
const IDS: usize = 200;

/// Pause before another try when the engine is away.
const PAUSE: Duration = Duration::from_millis(500);

/// Stands for every id.
const EVERYTHING: &str = "*";

/// Tells other gateways what is published here, and wakes followers here of
/// what is published there.
pub(crate) fn connect(
    db: &Arc<Db>,
    bus: &Bus,
    ids: Receiver<Uuid>,
    replica: Uuid,
) -> [JoinHandle<()>; 2] {
    [
        tokio::spawn(tell(Arc::clone(db), bus.clone(), ids, replica)),
        tokio::spawn(hear(Arc::clone(db), bus.clone(), replica)),
    ]
}

async fn tell(db: Arc<Db>, bus: Bus, mut ids: Receiver<Uuid>, replica: Uuid) {
    let mut waiting = Vec::new();
    while ids.recv_many(&mut waiting, 4096).await > 0 {
        let distinct: BTreeSet<Uuid> = waiting.drain(..).collect();
        let words: Vec<String> = distinct.iter().map(Uuid::to_string).collect();
        let mut payloads: Vec<String> = words.chunks(IDS).map(|ids| ids.join(",")).collect();
        if bus.take_overflow() {
            payloads = vec![EVERYTHING.to_owned()];
        }
        for mut payload in payloads {
            while let Err(error) = db.notify(format!("{replica} {payload}")).await {
                tracing::warn!(%error, "cannot tell other gateways; trying again");
                tokio::time::sleep(PAUSE).await;
                EVERYTHING.clone_into(&mut payload);
            }
        }
    }
}

async fn hear(db: Arc<Db>, bus: Bus, replica: Uuid) {
    let own = replica.to_string();
    loop {
        match db.listen().await {
            Ok(None) => return,
            Ok(Some(mut ear)) => {
                bus.wake_all();
                loop {
                    match ear.hear().await {
                        Ok(Some(payload)) => deliver(&bus, &own, &payload),
                        Ok(None) => bus.wake_all(),
                        Err(error) => {
                            tracing::warn!(%error, "cannot hear other gateways; trying again");
                            break;
                        }
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "cannot hear other gateways; trying again"),
        }
        bus.wake_all();
        tokio::time::sleep(PAUSE).await;
    }
}

fn deliver(bus: &Bus, own: &str, payload: &str) {
    let Some((from, ids)) = payload.split_once(' ') else {
        return;
    };
    if from == own {
        return;
    }
    if ids == EVERYTHING {
        bus.wake_all();
    }
    ids.split(',')
        .filter_map(|id| Uuid::try_parse(id).ok())
        .for_each(|id| bus.wake(id));
}
