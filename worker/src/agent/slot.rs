//! One slot: lease after lease, one attempt at a time.

use super::{
    drain::Drain,
    renewal::Renewal,
    session::{Session, Unanswered},
};
use crate::attempt::{Attempt, AttemptContext, ProgressCell, Stop, StopReason, panic_words};
use std::{any::Any, sync::Arc, time::Duration};
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
    leasing::{Acquire, Complete, Completed, Fail, Lease},
    receipt::Receipt,
};

/// What all slots of a worker share.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) session: Arc<Session>,
    pub(super) attempt: Arc<dyn Attempt>,
    pub(super) drain: Drain,
    /// Raised when the grace of a drain is over.
    pub(super) hurry: Stop,
}

impl Slot {
    /// Works until the worker is drained. A refusal of `acquire` ends it with the reason.
    pub(super) async fn run(self) -> Result<(), Failure> {
        loop {
            let lease = tokio::select! {
                biased;
                _ = self.drain.asked() => return Ok(()),
                lease = self.acquire() => lease,
            };
            match lease {
                Ok(Some(lease)) => self.work(lease).await,
                Ok(None) => {}
                Err(Unanswered::Silence(why)) => tracing::warn!(why, "the coordinator cannot be reached"),
                Err(Unanswered::Refused(failure)) if failure.code == cluster::WORKER_DRAINING => {
                    self.drain.ask("drain");
                }
                Err(Unanswered::Refused(failure)) => return Err(failure),
            }
        }
    }

    /// A repeat after a lost reply carries the same number, so a lease that was granted is not lost with it.
    async fn acquire(&self) -> Result<Option<Lease>, Unanswered> {
        let ask = Acquire {
            worker: self.session.settings.worker.clone(),
            request: self.session.next_request(),
            // A worker is taken for gone when nothing was heard of it for a lease: an idle one asks more often than that.
            wait_ms: self.session.settings.acquire_wait_ms.min(self.session.terms().lease_ttl_ms / 3),
        };
        let patience = Duration::from_millis(self.session.terms().orphan_after_ms);
        self.session.until_answered("acquire", patience, || self.session.leasing.acquire(ask.clone())).await
    }

    async fn work(&self, lease: Lease) {
        tracing::info!(shard = %lease.shard, stage = lease.stage_name, attempt = %lease.attempt, "leased");
        let stop = Stop::default();
        let progress = Arc::new(ProgressCell::of_lease(&lease));
        let renewal = Renewal {
            session: self.session.clone(),
            lease: lease.clone(),
            progress: progress.clone(),
            stop: stop.clone(),
            drain: self.drain.clone(),
        };
        // It goes on while the outcome is being reported: the receipt may take a while to become durable.
        let renewals = AbortOnDrop(tokio::spawn(renewal.run()));
        let ended = self.attempt(&lease, &progress, &stop).await;
        match ended {
            Ok(receipt) => self.complete(&lease, receipt).await,
            Err(failure) => self.give_back(&lease, &progress, &stop, failure).await,
        }
        drop(renewals);
    }

    /// Runs the attempt on a task of its own, so that a panic is its own end and nobody else's.
    async fn attempt(
        &self,
        lease: &Lease,
        progress: &Arc<ProgressCell>,
        stop: &Stop,
    ) -> Result<Receipt, Failure> {
        let context = AttemptContext {
            progress: progress.clone(),
            stop: stop.clone(),
            slot_bytes: self.session.settings.slot_bytes,
        };
        let (attempt, of) = (self.attempt.clone(), lease.clone());
        let mut task = AbortOnDrop(tokio::spawn(async move { attempt.run(&of, context).await }));
        let joined = tokio::select! {
            joined = &mut task.0 => joined,
            _ = self.hurry.raised() => {
                stop.raise(StopReason::Drained);
                (&mut task.0).await
            }
        };
        match joined {
            Ok(ended) => ended,
            Err(died) if died.is_panic() => {
                if let Some(item) = progress.at_item() {
                    progress.blame(item);
                }
                Err(panicked(lease, died.into_panic().as_ref()))
            }
            Err(_) => Err(Failure::new(cluster::DRAINED, "the worker's process ended the attempt")),
        }
    }

    /// Hands in the receipt. Its uploads are discarded only on the coordinator's word that another receipt won:
    /// after a refusal or silence ours may be the one that counts.
    async fn complete(&self, lease: &Lease, receipt: Receipt) {
        let ask = Complete { worker: self.session.settings.worker.clone(), receipt };
        let patience = Duration::from_millis(self.session.terms().orphan_after_ms);
        let verb = || self.session.leasing.complete(ask.clone());
        let Some(answered) =
            self.before_leaving(self.session.until_answered("complete", patience, verb)).await
        else {
            return tracing::warn!(shard = %lease.shard, "the receipt was not answered before the worker left");
        };
        match answered {
            Ok(Completed::Accepted) => tracing::info!(shard = %lease.shard, "accepted"),
            Ok(Completed::Superseded) => {
                tracing::info!(shard = %lease.shard, "superseded by another attempt");
                self.attempt.discard(lease, &ask.receipt).await;
            }
            Err(Unanswered::Refused(failure)) => {
                tracing::warn!(shard = %lease.shard, %failure, code = %failure.code, "the receipt was refused");
            }
            Err(Unanswered::Silence(why)) => {
                tracing::warn!(shard = %lease.shard, why, "the receipt was not answered");
            }
        }
    }

    /// Reports the failure, unless the coordinator has no use for it.
    async fn give_back(&self, lease: &Lease, progress: &ProgressCell, stop: &Stop, failure: Failure) {
        let failure = match stop.reason() {
            Some(StopReason::Told) => return tracing::info!(shard = %lease.shard, "stopped as told"),
            Some(StopReason::Orphaned) => {
                Failure::new(cluster::ORPHANED, "the coordinator did not answer, so the attempt was stopped")
            }
            Some(StopReason::Drained) => {
                Failure::new(cluster::DRAINED, "the worker left before the attempt was finished")
            }
            None => failure,
        };
        tracing::warn!(shard = %lease.shard, code = %failure.code, %failure, causes = ?failure.causes, "attempt failed");
        let ask = Fail {
            worker: self.session.settings.worker.clone(),
            shard: lease.shard.clone(),
            round: lease.round,
            attempt: lease.attempt,
            failure,
            killer: progress.blamed(),
        };
        let patience = match stop.reason() {
            Some(_) => GIVE_BACK_PATIENCE,
            None => Duration::from_millis(self.session.terms().orphan_after_ms),
        };
        let verb = || self.session.leasing.fail(ask.clone());
        match self.before_leaving(self.session.until_answered("fail", patience, verb)).await {
            Some(Ok(())) => {}
            unanswered => tracing::info!(shard = %lease.shard, ?unanswered, "the failure was not taken"),
        }
    }

    /// What is reported, unless the worker has to leave first: the grace of a drain is over, and nobody has answered for a
    /// while longer.
    async fn before_leaving<T>(&self, report: impl Future<Output = T>) -> Option<T> {
        let leaves = async {
            self.hurry.raised().await;
            tokio::time::sleep(GIVE_BACK_PATIENCE).await;
        };
        tokio::select! {
            biased;
            answered = report => Some(answered),
            () = leaves => None,
        }
    }
}

/// How long a worker that leaves, or was left, tries to hand a lease back; it expires by itself otherwise.
const GIVE_BACK_PATIENCE: Duration = Duration::from_secs(5);

fn panicked(lease: &Lease, payload: &(dyn Any + Send)) -> Failure {
    let mut failure = Failure::new(
        ourselves::PANICKED,
        format!("the attempt at shard {} of stage {} panicked", lease.shard.shard, lease.stage_name),
    );
    failure.causes.push(panic_words(payload));
    failure
}

/// Ends a task when dropped.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
