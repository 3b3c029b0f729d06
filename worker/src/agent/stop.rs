//! A flag that ends an attempt early, for async and for plain threads.

use std::{future::Future, sync::Arc};
use tarquet_common::{codes::cluster, failure::Failure};
use tokio::sync::watch;

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

/// Raised once, for the first reason given.
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
