//! Calls that wait.

use super::handle::Caller;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tarquet_common::clock::Millis;
use tarquet_core::{Ask, WaitFor};

/// An ask, who waits for its answer, and until when.
pub(super) struct Call {
    pub(super) ask: Box<Ask>,
    pub(super) caller: Caller,
    /// When to give up, on the monotonic clock.
    pub(super) until: Option<Millis>,
}

/// All calls that wait, by what for; oldest first.
#[derive(Default)]
pub(super) struct Lot {
    by_cause: BTreeMap<WaitFor, VecDeque<(u64, Call)>>,
    deadlines: BTreeSet<(Millis, u64)>,
    next: u64,
}

impl Lot {
    /// Parks a call. One that was parked before keeps its deadline.
    pub(super) fn park(&mut self, on: WaitFor, call: Call) {
        self.next += 1;
        let number = self.next;
        self.deadlines.extend(call.until.map(|at| (at, number)));
        self.by_cause.entry(on).or_default().push_back((number, call));
    }

    /// Everybody who waits for this, oldest first.
    pub(super) fn take(&mut self, on: &WaitFor) -> impl Iterator<Item = Call> + use<> {
        let taken = self.by_cause.remove(on).unwrap_or_default();
        for (number, call) in &taken {
            if let Some(at) = call.until {
                self.deadlines.remove(&(at, *number));
            }
        }
        taken.into_iter().map(|(_, call)| call)
    }

    /// The first moment at which somebody gives up.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Everybody whose time is over.
    pub(super) fn expired(&mut self, now: Millis) -> Vec<Caller> {
        let mut over = BTreeSet::new();
        while let Some(&(at, number)) = self.deadlines.first().filter(|(at, _)| *at <= now) {
            self.deadlines.remove(&(at, number));
            over.insert(number);
        }
        if over.is_empty() {
            return Vec::new();
        }
        let mut callers = Vec::new();
        for queue in self.by_cause.values_mut() {
            for (number, call) in std::mem::take(queue) {
                match over.contains(&number) {
                    true => callers.push(call.caller),
                    false => queue.push_back((number, call)),
                }
            }
        }
        self.by_cause.retain(|_, queue| !queue.is_empty());
        callers
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
        assert_eq!(lot.take(&WaitFor::Work).count(), 1);
        assert_eq!(lot.next_deadline(), None);
        assert!(lot.take(&WaitFor::Work).next().is_none());
        assert_eq!(lot.take(&WaitFor::Outcome(job)).count(), 1);
        assert!(a.try_recv().is_err() && c.try_recv().is_err(), "nobody was told anything");
    }
}
