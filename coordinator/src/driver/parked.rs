//! Calls that wait.
//!
//! A parked call holds its message, which may be a receipt of megabytes. So it is parked for as long as somebody waits for its
//! answer and no longer; and what a worker says of one attempt is parked once, however often it says it again.

use super::handle::Caller;
use std::collections::{BTreeMap, BTreeSet};
use tarquet_common::{
    clock::Millis,
    ids::{AttemptId, ShardId, WorkerId},
};
use tarquet_core::{Ask, WaitFor};

/// How often it is looked whose callers have gone.
const LOOK_EVERY_MS: Millis = 1_000;

/// An ask, who waits for its answer, and until when.
pub(super) struct Call {
    pub(super) ask: Box<Ask>,
    pub(super) caller: Caller,
    /// When to give up, on the monotonic clock.
    pub(super) until: Option<Millis>,
}

/// What a worker says of an attempt: its receipt, or its failure.
type Word = (WorkerId, ShardId, AttemptId);

impl Call {
    fn word(&self) -> Option<Word> {
        match &*self.ask {
            Ask::Complete(ask, _) => {
                Some((ask.worker.clone(), ask.receipt.shard.clone(), ask.receipt.attempt))
            }
            Ask::Fail(ask, _) => Some((ask.worker.clone(), ask.shard.clone(), ask.attempt)),
            _ => None,
        }
    }
}

/// All calls that wait, numbered as they came.
#[derive(Default)]
pub(super) struct Lot {
    calls: BTreeMap<u64, (WaitFor, Call)>,
    by_cause: BTreeMap<WaitFor, BTreeSet<u64>>,
    by_word: BTreeMap<Word, u64>,
    deadlines: BTreeSet<(Millis, u64)>,
    next: u64,
    looked: Millis,
}

impl Lot {
    /// Parks a call. One that was parked before keeps its deadline. Gives the caller of an earlier call that said the same,
    /// who waits no longer.
    pub(super) fn park(&mut self, on: WaitFor, call: Call) -> Option<Caller> {
        let word = call.word();
        let earlier = word.as_ref().and_then(|word| self.by_word.get(word).copied());
        let earlier = earlier.and_then(|number| self.remove(number));
        if call.caller.is_gone() {
            return earlier.map(|call| call.caller);
        }
        self.next += 1;
        let number = self.next;
        self.deadlines.extend(call.until.map(|at| (at, number)));
        self.by_cause.entry(on.clone()).or_default().insert(number);
        self.by_word.extend(word.map(|word| (word, number)));
        self.calls.insert(number, (on, call));
        earlier.map(|call| call.caller)
    }

    fn remove(&mut self, number: u64) -> Option<Call> {
        let (on, call) = self.calls.remove(&number)?;
        if let Some(waiting) = self.by_cause.get_mut(&on) {
            waiting.remove(&number);
            if waiting.is_empty() {
                self.by_cause.remove(&on);
            }
        }
        if let Some(word) = call.word() {
            self.by_word.remove(&word);
        }
        if let Some(at) = call.until {
            self.deadlines.remove(&(at, number));
        }
        Some(call)
    }

    /// Everybody who waits for this, oldest first.
    pub(super) fn take(&mut self, on: &WaitFor) -> Vec<Call> {
        let waiting = self.by_cause.get(on).cloned().unwrap_or_default();
        waiting.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// The first moment at which somebody gives up.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Everybody whose time is over.
    pub(super) fn expired(&mut self, now: Millis) -> Vec<Caller> {
        let over: Vec<u64> =
            self.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, number)| *number).collect();
        over.into_iter().filter_map(|number| Some(self.remove(number)?.caller)).collect()
    }

    /// Lets go of the calls whose callers have gone; looks once a second.
    pub(super) fn let_go(&mut self, now: Millis) {
        if now.saturating_sub(self.looked) < LOOK_EVERY_MS {
            return;
        }
        self.looked = now;
        let gone = self.calls.iter().filter(|(_, (_, call))| call.caller.is_gone());
        let gone: Vec<u64> = gone.map(|(number, _)| *number).collect();
        for number in gone {
            self.remove(number);
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::handle::NoReply;
    use tarquet_common::ids::JobId;
    use tarquet_core::Reply;
    use tokio::sync::oneshot;

    fn park(lot: &mut Lot, on: WaitFor, until: Option<Millis>) -> oneshot::Receiver<Result<Reply, NoReply>> {
        let (reply, receiver) = oneshot::channel();
        let caller = Caller { reply, wait_ms: None };
        lot.park(on, Call { ask: Box::new(Ask::Tick { unix_ms: 0 }), caller, until });
        receiver
    }

    #[test]
    fn the_oldest_come_first_and_deadlines_end_the_wait() {
        let mut lot = Lot::default();
        let job = JobId::from_parts(1, 1);
        let mut a = park(&mut lot, WaitFor::Work, Some(30));
        let mut b = park(&mut lot, WaitFor::Work, Some(10));
        let mut c = park(&mut lot, WaitFor::Outcome(job.clone()), None);
        assert_eq!(lot.next_deadline(), Some(10));
        assert!(lot.expired(9).is_empty());
        lot.expired(10).into_iter().for_each(|caller| caller.tell(Err(NoReply::Late)));
        assert_eq!(b.try_recv(), Ok(Err(NoReply::Late)));
        assert_eq!(lot.next_deadline(), Some(30));
        assert_eq!(lot.take(&WaitFor::Work).len(), 1);
        assert_eq!(lot.next_deadline(), None);
        assert!(lot.take(&WaitFor::Work).is_empty());
        assert_eq!(lot.take(&WaitFor::Outcome(job)).len(), 1);
        assert!(a.try_recv().is_err() && c.try_recv().is_err(), "nobody was told anything");
    }
}
