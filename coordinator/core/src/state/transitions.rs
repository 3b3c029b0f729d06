//! All legal transitions of a shard, on one page.
//!
//! ```text
//!   planned              come_due
//!      │     ┌──────────────────────────── Delayed
//!      ▼     ▼            delay              ▲
//!      Waiting ──────────────────────────────┘
//!       │   ▲
//!       │   │ end_lease, of the last one
//!       ▼   │
//!      Leased ◀─▶ Leased twice
//!       │   │
//!       │   └──── stop ────▶ Stopped ── exclude ──▶ Excluded
//!       ▼
//!      Done ── publish ──▶ Done, and visible
//! ```
//!
//! Three more lead from several states. A lease may also begin while the shard is delayed: an attempt that went silent comes
//! back. `accept` follows what a receipt object says, which has won: from everything that has no receipt to Done.
//! `reopen` begins a new round: from everything that is not visible to Waiting.

use crate::state::shard::{
    Delayed, Done, Excluded, History, Leased, Live, Shard, ShardState, Stopped, Waiting,
};
use std::sync::Arc;
use tarquet_common::{
    clock::Millis,
    failure::Failure,
    ids::{AttemptId, ShardId},
    receipt::Receipt,
    stage_plan::ShardRecord,
};

/// A transition that is not on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a shard that is {from} cannot {verb}")]
pub(crate) struct Illegal {
    from: &'static str,
    verb: &'static str,
}

impl ShardState {
    fn cannot(&self, verb: &'static str) -> Illegal {
        Illegal { from: self.name(), verb }
    }
}

/// The transitions. One that is illegal changes nothing.
impl Shard {
    /// As the plan has it.
    pub(crate) fn planned(id: ShardId, plan: ShardRecord, now: Millis) -> Self {
        let state = ShardState::Waiting(Waiting { since: now });
        Self { id, plan, round: 0, history: History::default(), state }
    }

    /// A lease begins: the first of an open shard, or the second.
    pub(crate) fn begin_lease(&mut self, live: Live) -> Result<(), Illegal> {
        let (number, attempt, owner) = (live.row.number, live.row.attempt, live.row.seal.clone());
        let live = Box::new(live);
        match &mut self.state {
            ShardState::Waiting(_) | ShardState::Delayed(_) => {
                self.state = ShardState::Leased(Leased { first: live, second: None });
            }
            ShardState::Leased(Leased { second: second @ None, .. }) => *second = Some(live),
            other => return Err(other.cannot("be leased")),
        }
        self.history.attempts = self.history.attempts.max(number);
        if self.history.newest.is_none_or(|newest| attempt >= newest) {
            self.history.newest = Some(attempt);
            self.history.owner = owner;
        }
        Ok(())
    }

    /// A lease ends without a receipt.
    pub(crate) fn end_lease(&mut self, attempt: AttemptId, now: Millis) -> Result<(), Illegal> {
        let ends = |live: &Live| live.row.attempt == attempt;
        let ShardState::Leased(leased) = &mut self.state else {
            return Err(self.state.cannot("end a lease"));
        };
        if leased.second.as_deref().is_some_and(ends) {
            leased.second = None;
        } else if ends(&leased.first) {
            match leased.second.take() {
                Some(other) => leased.first = other,
                None => self.state = ShardState::Waiting(Waiting { since: now }),
            }
        } else {
            return Err(self.state.cannot("end a lease of another"));
        }
        Ok(())
    }

    /// It waits before it is leased again.
    pub(crate) fn delay(&mut self, until: Millis) -> Result<(), Illegal> {
        let ShardState::Waiting(_) = &self.state else { return Err(self.state.cannot("be delayed")) };
        self.state = ShardState::Delayed(Delayed { until });
        Ok(())
    }

    /// Its delay is over.
    pub(crate) fn come_due(&mut self, now: Millis) -> Result<(), Illegal> {
        let ShardState::Delayed(_) = &self.state else { return Err(self.state.cannot("come due")) };
        self.state = ShardState::Waiting(Waiting { since: now });
        Ok(())
    }

    /// The receipt object of its round says this.
    pub(crate) fn accept(&mut self, receipt: Arc<Receipt>, took_ms: u64) -> Result<(), Illegal> {
        if matches!(self.state, ShardState::Done(_)) || receipt.round != self.round {
            return Err(self.state.cannot("accept the receipt"));
        }
        self.history.newest = self.history.newest.max(Some(receipt.attempt));
        self.history.avoid = None;
        self.state = ShardState::Done(Done { receipt, published: false, took_ms });
        Ok(())
    }

    /// Its artifacts are visible.
    pub(crate) fn publish(&mut self) -> Result<(), Illegal> {
        let ShardState::Done(done) = &mut self.state else { return Err(self.state.cannot("be published")) };
        done.published = true;
        Ok(())
    }

    /// Its one attempt failed for good.
    pub(crate) fn stop(&mut self, failure: Box<Failure>) -> Result<(), Illegal> {
        let ShardState::Leased(Leased { second: None, .. }) = &self.state else {
            return Err(self.state.cannot("be stopped"));
        };
        self.state = ShardState::Stopped(Stopped { failure });
        Ok(())
    }

    /// Somebody goes on without it.
    pub(crate) fn exclude(&mut self, failure: Box<Failure>) -> Result<(), Illegal> {
        let ShardState::Stopped(_) = &self.state else { return Err(self.state.cannot("be excluded")) };
        self.state = ShardState::Excluded(Excluded { failure });
        Ok(())
    }

    /// A later round opens it again. Known killers stay known.
    pub(crate) fn reopen(&mut self, round: u32, now: Millis) -> Result<(), Illegal> {
        let visible = matches!(&self.state, ShardState::Done(done) if done.published);
        if visible || round <= self.round {
            return Err(self.state.cannot("be opened again"));
        }
        self.round = round;
        self.history.charged = 0;
        self.history.bugs = 0;
        self.history.silent = 0;
        self.history.avoid = None;
        self.state = ShardState::Waiting(Waiting { since: now });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
