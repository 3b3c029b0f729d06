//! What an attempt is asked for and given, and the flag that ends it early.

use super::progress::ProgressCell;
use async_trait::async_trait;
use std::{any::Any, future::Future, sync::Arc};
use tarquet_common::{codes::cluster, failure::Failure, leasing::Lease, receipt::Receipt};
use tokio::sync::watch;

/// The work behind a lease, whatever its kind and stage.
#[async_trait]
pub trait Attempt: Send + Sync + 'static {
    /// Does the shard and returns the proof. Everything it began and does not hand in with a receipt it cleans
    /// up itself, also when it fails or is stopped.
    ///
    /// CPU work belongs on other threads: this future shares its thread with the renewals.
    async fn run(&self, lease: &Lease, context: AttemptContext) -> Result<Receipt, Failure>;

    /// Aborts the uploads of a receipt that lost. Errors are its own to log: an upload that stays behind
    /// is never completed.
    async fn discard(&self, lease: &Lease, receipt: &Receipt);
}

/// What an attempt is given besides its lease.
#[derive(Clone, Debug)]
pub struct AttemptContext {
    /// Where it tells how far it is. Read by the renewals.
    pub progress: Arc<ProgressCell>,
    /// Raised when it should end early. It may end with any failure then; none is reported.
    pub stop: Stop,
    /// Memory it may use, in bytes: fetch, ring, row group and upload parts together.
    pub slot_bytes: u64,
}

/// Why an attempt should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The coordinator said so: the shard is done, the job is over, or the lease is another's.
    Told,
    /// No answer for too long.
    Orphaned,
    /// The worker leaves and the grace is over.
    Drained,
}

/// Ends an attempt early, for async and for plain threads. Raised once, for the first reason given.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<Option<StopReason>>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Stop {
    /// Raises the flag. Later reasons are ignored.
    pub fn raise(&self, reason: StopReason) {
        self.0.send_if_modified(|state| {
            let first = state.is_none();
            if first {
                *state = Some(reason);
            }
            first
        });
    }

    /// Whether it is raised, for loops on plain threads.
    pub fn is_raised(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// The reason, if it is raised.
    pub fn reason(&self) -> Option<StopReason> {
        *self.0.borrow()
    }

    /// The failure of what was ended by it.
    pub fn failure() -> Failure {
        Failure::new(cluster::STOPPED, "the attempt was stopped")
    }

    /// What `work` comes to, unless the flag is raised first: then `STOPPED`, and `work` is dropped.
    pub async fn unless<T, E: Into<Failure>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            done = work => done.map_err(Into::into),
            _ = self.raised() => Err(Self::failure()),
        }
    }

    /// Waits until it is raised.
    pub async fn raised(&self) -> StopReason {
        let mut seen = self.0.subscribe();
        let state = seen.wait_for(Option::is_some).await.expect("the sender is held by self");
        state.expect("waited for it")
    }
}

/// What a panic said.
pub fn panic_words(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
