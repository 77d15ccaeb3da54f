//! A call under way, and what becomes of it when its client goes away.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use model::Scopes;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// A call under way. It runs where it is polled; dropped before its end, it goes
/// on in a task of its own, so that what was begun is always recorded.
pub struct Running {
    work: Option<BoxFuture<'static, Ended>>,
    cancel: Option<CancellationToken>,
}

/// How a call ended.
#[derive(Debug)]
pub enum Ended {
    /// With a JSON-RPC message.
    Answered(Vec<u8>),
    /// The credential lacks these scopes; nothing ran.
    LacksScope {
        /// The scopes the call needs.
        needed: Scopes,
        /// The same as a JSON-RPC message, for when a stream has already begun.
        message: Vec<u8>,
    },
}

impl Running {
    /// Work that goes on when the client goes away; `cancel` is fired then.
    pub fn new(work: BoxFuture<'static, Ended>, cancel: Option<CancellationToken>) -> Self {
        Self {
            work: Some(work),
            cancel,
        }
    }
}

impl Future for Running {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let ended = work.as_mut().poll(context);
        if ended.is_ready() {
            self.work = None;
        }
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else {
            return;
        };
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    /// Work that tells whether it was cancelled once it is let go.
    fn work(cancel: &CancellationToken) -> (BoxFuture<'static, Ended>, oneshot::Receiver<bool>) {
        let (tell, told) = oneshot::channel();
        let cancel = cancel.clone();
        let work = async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let _ = tell.send(cancel.is_cancelled());
            Ended::Answered(Vec::new())
        };
        (work.boxed(), told)
    }

    #[tokio::test]
    async fn dropped_work_goes_on() {
        let token = CancellationToken::new();
        let (work, told) = work(&token);
        let mut running = Running::new(work, None);
        assert!(futures::poll!(&mut running).is_pending());
        drop(running);
        assert_eq!(told.await, Ok(false));
    }

    #[tokio::test]
    async fn dropped_work_is_cancelled_where_the_wire_says_so() {
        let token = CancellationToken::new();
        let (work, told) = work(&token);
        let mut running = Running::new(work, Some(token.clone()));
        assert!(futures::poll!(&mut running).is_pending());
        drop(running);
        assert_eq!(told.await, Ok(true));
    }

    #[tokio::test]
    async fn finished_work_is_not_cancelled() {
        let token = CancellationToken::new();
        let (work, told) = work(&token);
        Running::new(work, Some(token.clone())).await;
        assert_eq!(told.await, Ok(false));
        assert!(!token.is_cancelled());
    }
}
