//! Calls that wait.

use super::ask::Caller;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tarquet_common::clock::Millis;
use tarquet_core::{Command, WaitFor};

/// A call that waits.
pub(super) struct Parked {
    pub(super) command: Box<Command>,
    pub(super) caller: Caller,
    /// When to give up, on the monotonic clock.
    pub(super) until: Option<Millis>,
    number: u64,
}

/// All calls that wait, by what for; oldest first.
#[derive(Default)]
pub(super) struct Lot {
    by_cause: BTreeMap<WaitFor, VecDeque<Parked>>,
    deadlines: BTreeSet<(Millis, u64)>,
    next: u64,
}

impl Lot {
    /// Parks a call until `until` at most. One that was parked before keeps its deadline.
    pub(super) fn park(
        &mut self,
        cause: WaitFor,
        command: Box<Command>,
        caller: Caller,
        until: Option<Millis>,
    ) {
        self.next += 1;
        let number = self.next;
        self.deadlines.extend(until.map(|at| (at, number)));
        self.by_cause.entry(cause).or_default().push_back(Parked { command, caller, until, number });
    }

    /// Everybody who waits for this, oldest first.
    pub(super) fn take(&mut self, cause: &WaitFor) -> VecDeque<Parked> {
        let taken = self.by_cause.remove(cause).unwrap_or_default();
        for parked in &taken {
            if let Some(at) = parked.until {
                self.deadlines.remove(&(at, parked.number));
            }
        }
        taken
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
            for parked in std::mem::take(queue) {
                match over.contains(&parked.number) {
                    true => callers.push(parked.caller),
                    false => queue.push_back(parked),
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
    use crate::driver::ask::Told;
    use tarquet_common::ids::JobId;
    use tokio::sync::oneshot;

    fn park(lot: &mut Lot, cause: WaitFor, until: Option<Millis>) -> oneshot::Receiver<Told> {
        let (reply, receiver) = oneshot::channel();
        lot.park(cause, Box::new(Command::Tick { unix_ms: 0 }), Caller { reply, wait_ms: None }, until);
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
        lot.expired(10).into_iter().for_each(|caller| caller.tell(Told::Nothing));
        assert_eq!(b.try_recv(), Ok(Told::Nothing));
        assert_eq!(lot.next_deadline(), Some(30));
        assert_eq!(lot.take(&WaitFor::Work).len(), 1);
        assert_eq!(lot.next_deadline(), None);
        assert!(lot.take(&WaitFor::Work).is_empty());
        assert_eq!(lot.take(&WaitFor::Outcome(job)).len(), 1);
        assert!(a.try_recv().is_err() && c.try_recv().is_err(), "nobody was told anything");
    }
}
