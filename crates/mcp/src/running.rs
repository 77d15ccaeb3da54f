//! A call under way, and what becomes of it when its client goes away.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use model::Scopes;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::refused::Fault;
use crate::{reply, wire};

/// A call under way. It runs where it is polled, until it is let go; dropped
/// before its end, it goes on in a task of its own, so that what was begun is
/// always recorded.
pub struct Running {
    work: Work,
    cancel: Option<CancellationToken>,
}

enum Work {
    /// Done where it is polled.
    Here(BoxFuture<'static, Ended>),
    /// Done in a task of its own.
    Elsewhere(oneshot::Receiver<Ended>),
    /// There is no more to do.
    Done,
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
            work: Work::Here(work),
            cancel,
        }
    }

    /// Lets the work go on in a task of its own while `beside` is done beside it.
    /// Whoever polls it waits for the end only: a client that does not read its
    /// answer must not hold up a call that holds a connection of the store.
    pub fn let_go(mut self, beside: impl Future<Output = ()> + Send + 'static) -> Self {
        let Work::Here(work) = std::mem::replace(&mut self.work, Work::Done) else {
            return self;
        };
        let (tell, told) = oneshot::channel();
        let task = async move {
            tokio::pin!(beside);
            let mut work = work;
            let ended = tokio::select! {
                ended = &mut work => ended,
                () = &mut beside => work.await,
            };
            // Who went away does not mind.
            let _ = tell.send(ended);
        };
        tokio::spawn(task.in_current_span());
        self.work = Work::Elsewhere(told);
        self
    }
}

impl Future for Running {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let ended = match &mut self.work {
            Work::Here(work) => work.as_mut().poll(context),
            Work::Elsewhere(told) => {
                let told = Pin::new(told).poll(context);
                told.map(|told| told.unwrap_or_else(|_| lost()))
            }
            Work::Done => Poll::Pending,
        };
        if ended.is_ready() {
            self.work = Work::Done;
        }
        ended
    }
}

/// The end of work whose task ended without telling any.
fn lost() -> Ended {
    let fault = Fault::new(
        wire::INTERNAL_ERROR,
        "an unexpected failure ended this call",
    );
    Ended::Answered(reply::fault(None, &fault))
}

impl Drop for Running {
    fn drop(&mut self) {
        let work = std::mem::replace(&mut self.work, Work::Done);
        if matches!(work, Work::Done) {
            return;
        }
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
        if let (Work::Here(work), Ok(runtime)) = (work, Handle::try_current()) {
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

    #[tokio::test]
    async fn work_that_was_let_go_needs_nobody_who_polls_it() {
        for cancels in [true, false] {
            let token = CancellationToken::new();
            let (work, told) = work(&token);
            let cancel = cancels.then(|| token.clone());
            let running = Running::new(work, cancel).let_go(std::future::pending());
            assert_eq!(told.await, Ok(false), "nobody polls, nobody left");
            let Ended::Answered(message) = running.await else {
                panic!("it was answered");
            };
            assert_eq!(message, Vec::<u8>::new());
            assert!(!token.is_cancelled());
        }
    }

    #[tokio::test]
    async fn leaving_work_that_was_let_go_cancels_it_where_the_wire_says_so() {
        for cancels in [true, false] {
            let token = CancellationToken::new();
            let (work, told) = work(&token);
            let cancel = cancels.then(|| token.clone());
            drop(Running::new(work, cancel).let_go(std::future::pending()));
            assert_eq!(told.await, Ok(cancels));
        }
    }

    #[tokio::test]
    async fn what_is_done_beside_ends_with_the_work() {
        let token = CancellationToken::new();
        let (work, told) = work(&token);
        let beside = token.clone();
        let running = Running::new(work, None).let_go(async move { beside.cancel() });
        assert_eq!(told.await, Ok(true));
        running.await;
    }
}
