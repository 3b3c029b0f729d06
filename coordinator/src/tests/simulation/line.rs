//! The line between a worker and the coordinators: messages that are lost, come late, or come twice.

use super::world::{Process, SEATS, World};
use crate::{ByWorker, CoordinatorHandle};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tarquet_common::leasing::{
    Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Register,
    Registered, Renew,
};
use tarquet_common::seal::WorkerSecret;

/// How long a worker waits for an answer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// A worker's way to coordinators.
pub(super) struct Line {
    world: Arc<World>,
    process: Arc<Process>,
    side: AtomicUsize,
    secret: WorkerSecret,
}

fn unreachable() -> LeasingError {
    LeasingError::Unreachable("nothing heard".to_owned())
}

impl Line {
    pub(super) fn new(world: &Arc<World>, process: &Arc<Process>) -> Self {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&process.id.to_le_bytes());
        let secret = WorkerSecret::read(&secret).expect("it is long enough");
        Self { world: world.clone(), process: process.clone(), side: AtomicUsize::new(0), secret }
    }

    /// The coordinator that it speaks to, or the next one.
    fn other_end(&self) -> Option<CoordinatorHandle> {
        let side = self.side.load(Relaxed);
        let wanders = self.world.permille(20) && self.world.seated().len() == SEATS;
        if let Some(handle) = self.world.seat(side).filter(|_| !wanders) {
            return Some(handle);
        }
        let side = (side + 1) % SEATS;
        self.side.store(side, Relaxed);
        if wanders {
            self.world.fire("worker turns to the other coordinator");
        }
        self.world.seat(side)
    }

    /// The call owns its coordinator and its message, so that it can be sent off by itself.
    async fn call<A: Clone, T: Send, F>(
        &self,
        ask: A,
        call: impl Fn(ByWorker, A) -> F,
    ) -> Result<T, LeasingError>
    where
        F: Future<Output = Result<T, LeasingError>> + Send + 'static,
    {
        self.process.alive().await;
        self.world.pause(1, 15).await;
        let Some(handle) = self.other_end().map(|handle| handle.as_worker(&self.secret)) else {
            self.world.pause(50, 200).await;
            return Err(unreachable());
        };
        if self.world.goes_wrong(self.world.faults.repeat, "message repeated late") {
            let (world, again) = (self.world.clone(), call(handle.clone(), ask.clone()));
            tokio::spawn(async move {
                world.pause(20, 4_000).await;
                // Nobody listens for long.
                tokio::time::timeout(PATIENCE, again).await.ok();
            });
        }
        if self.world.goes_wrong(self.world.faults.drop, "message lost") {
            self.world.pause(100, 400).await;
            return Err(unreachable());
        }
        let said =
            tokio::time::timeout(PATIENCE, call(handle, ask)).await.unwrap_or_else(|_| Err(unreachable()));
        self.process.alive().await;
        self.world.pause(1, 15).await;
        if self.world.goes_wrong(self.world.faults.drop, "reply lost") {
            return Err(unreachable());
        }
        said
    }

    pub(super) async fn register(&self, ask: Register) -> Result<Registered, LeasingError> {
        self.call(ask, |to, ask| async move { to.register(ask).await }).await
    }

    pub(super) async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError> {
        self.call(ask, |to, ask| async move { to.acquire(ask).await }).await
    }

    pub(super) async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError> {
        self.call(ask, |to, ask| async move { to.renew(ask).await }).await
    }

    pub(super) async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError> {
        self.call(ask, |to, ask| async move { to.complete(ask).await }).await
    }

    pub(super) async fn fail(&self, ask: Fail) -> Result<(), LeasingError> {
        self.call(ask, |to, ask| async move { to.fail(ask).await }).await
    }

    pub(super) async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError> {
        self.call(ask, |to, ask| async move { to.goodbye(ask).await }).await
    }
}
