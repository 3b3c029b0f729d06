//! Keeping one lease alive.

use super::{drain::Drain, session::Session};
use crate::attempt::{ProgressCell, Stop, StopReason};
use std::{sync::Arc, time::Duration};
use tarquet_common::leasing::{Directive, Lease, LeasingError, Renew};
use tokio::time::Instant;

/// The renewals of one attempt. Ends when the attempt is to stop; dropping it ends it too.
pub(super) struct Renewal {
    pub(super) session: Arc<Session>,
    pub(super) lease: Lease,
    pub(super) progress: Arc<ProgressCell>,
    pub(super) stop: Stop,
    pub(super) drain: Drain,
}

/// What one renewal brought.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Directive(Directive),
    /// An answer that is no directive: say it again at once.
    Registered,
    /// The lease is not ours.
    Refused,
    Silence,
}

impl Renewal {
    /// Renews until the attempt is told to stop, or nobody answered for `orphan_after_ms`.
    pub(super) async fn run(self) {
        let mut backoff = self.session.backoff();
        let mut last_answer = Instant::now();
        let mut wait = self.regular();
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.progress.to_tell() => {}
            }
            let heard = self.once().await;
            if heard != Heard::Silence {
                last_answer = Instant::now();
                backoff = self.session.backoff();
            }
            match heard {
                Heard::Directive(Directive::Continue) => wait = self.regular(),
                Heard::Directive(Directive::Drain) => {
                    self.drain.ask("drain");
                    wait = self.regular();
                }
                Heard::Directive(Directive::Stop) | Heard::Refused => {
                    return self.stop.raise(StopReason::Told);
                }
                Heard::Registered => wait = Duration::ZERO,
                Heard::Silence if last_answer.elapsed() >= self.orphan_after() => {
                    tracing::warn!(shard = %self.lease.shard, "the coordinator was silent for too long");
                    return self.stop.raise(StopReason::Orphaned);
                }
                Heard::Silence => wait = backoff.next().min(self.regular()),
            }
        }
    }

    fn regular(&self) -> Duration {
        Duration::from_millis(self.session.terms().renew_every_ms)
    }

    fn orphan_after(&self) -> Duration {
        Duration::from_millis(self.session.terms().orphan_after_ms)
    }

    async fn once(&self) -> Heard {
        let said = self.progress.said();
        let ask = Renew {
            worker: self.session.settings.worker.clone(),
            shard: self.lease.shard.clone(),
            round: self.lease.round,
            attempt: self.lease.attempt,
            progress: self.progress.snapshot(),
        };
        match self.session.leasing.renew(ask).await {
            Ok(directive) => {
                self.progress.heard(said);
                Heard::Directive(directive)
            }
            Err(LeasingError::Refused(failure)) => {
                tracing::info!(shard = %self.lease.shard, %failure, code = %failure.code, "renewal refused");
                Heard::Refused
            }
            Err(LeasingError::Unreachable(why)) => {
                tracing::debug!(shard = %self.lease.shard, why, "renewal unanswered");
                Heard::Silence
            }
            Err(LeasingError::UnknownWorker) => match self.session.register_again().await {
                Ok(()) => Heard::Registered,
                Err(_) => Heard::Silence,
            },
        }
    }
}
