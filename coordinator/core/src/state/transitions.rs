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
        let (number, attempt) = (live.row.number, live.row.attempt);
        let live = Box::new(live);
        match &mut self.state {
            ShardState::Waiting(_) | ShardState::Delayed(_) => {
                self.state = ShardState::Leased(Leased { first: live, second: None });
            }
            ShardState::Leased(Leased { second: second @ None, .. }) => *second = Some(live),
            other => return Err(other.cannot("be leased")),
        }
        self.history.attempts = self.history.attempts.max(number);
        self.history.newest = self.history.newest.max(Some(attempt));
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
mod tests {
    use super::*;
    use crate::rows::LeaseRow;
    use tarquet_common::{
        codes::cluster,
        ids::{JobId, WorkerId},
        leasing::Progress,
        receipt::Counts,
    };

    const NOW: Millis = 7;

    fn id() -> ShardId {
        ShardId { job: JobId::from_parts(1, 1), stage: 0, shard: 3 }
    }

    fn attempt(n: u32) -> AttemptId {
        AttemptId { generation: 1, n }
    }

    fn live(n: u32) -> Live {
        let row = LeaseRow {
            shard: id(),
            round: 0,
            attempt: attempt(n),
            number: n,
            worker: WorkerId("w".to_owned()),
            request: None,
            careful: false,
            granted_unix_ms: 0,
        };
        Live { row, granted_at: NOW, deadline: NOW, progressed_at: NOW, progress: Progress::default() }
    }

    fn receipt(round: u32) -> Arc<Receipt> {
        Arc::new(Receipt {
            shard: id(),
            round,
            attempt: attempt(1),
            worker: WorkerId("w".to_owned()),
            artifacts: Vec::new(),
            counts: Counts::default(),
            sides: Vec::new(),
            skipped: Vec::new(),
            output: serde_json::Value::Null,
        })
    }

    fn failure() -> Box<Failure> {
        Box::new(Failure::new(cluster::STUCK, "it did not move"))
    }

    type Change = Box<dyn Fn(&mut Shard) -> Result<(), Illegal>>;

    /// Every state, by name, as its transitions make it.
    fn every_state() -> Vec<(&'static str, Shard)> {
        let waiting = Shard::planned(id(), ShardRecord::default(), NOW);
        let after = |shard: &Shard, change: &dyn Fn(&mut Shard) -> Result<(), Illegal>| {
            let mut next = shard.clone();
            change(&mut next).expect("it is legal");
            next
        };
        let leased = after(&waiting, &|s| s.begin_lease(live(1)));
        let done = after(&leased, &|s| s.accept(receipt(0), 5));
        let stopped = after(&leased, &|s| s.stop(failure()));
        vec![
            ("delayed", after(&waiting, &|s| s.delay(9))),
            ("leased twice", after(&leased, &|s| s.begin_lease(live(2)))),
            ("published", after(&done, &Shard::publish)),
            ("excluded", after(&stopped, &|s| s.exclude(failure()))),
            ("waiting", waiting),
            ("leased", leased),
            ("done", done),
            ("stopped", stopped),
        ]
    }

    /// What each transition may start from; from everywhere else it is refused and changes nothing.
    #[test]
    fn what_is_not_on_the_page_is_illegal() {
        let page: Vec<(&str, &[&str], Change)> = vec![
            ("begin_lease", &["waiting", "delayed", "leased"], Box::new(|s| s.begin_lease(live(3)))),
            ("end_lease", &["leased", "leased twice"], Box::new(|s| s.end_lease(attempt(1), NOW))),
            ("end another's lease", &[], Box::new(|s| s.end_lease(attempt(9), NOW))),
            ("delay", &["waiting"], Box::new(|s| s.delay(9))),
            ("come_due", &["delayed"], Box::new(|s| s.come_due(NOW))),
            (
                "accept",
                &["waiting", "delayed", "leased", "leased twice", "stopped", "excluded"],
                Box::new(|s| s.accept(receipt(0), 5)),
            ),
            ("accept another round's", &[], Box::new(|s| s.accept(receipt(1), 5))),
            ("publish", &["done", "published"], Box::new(Shard::publish)),
            ("stop", &["leased"], Box::new(|s| s.stop(failure()))),
            ("exclude", &["stopped"], Box::new(|s| s.exclude(failure()))),
            (
                "reopen",
                &["waiting", "delayed", "leased", "leased twice", "done", "stopped", "excluded"],
                Box::new(|s| s.reopen(1, NOW)),
            ),
            ("reopen in the same round", &[], Box::new(|s| s.reopen(0, NOW))),
        ];
        for (verb, from, change) in page {
            for (name, shard) in every_state() {
                let mut next = shard.clone();
                let legal = change(&mut next).is_ok();
                assert_eq!(legal, from.contains(&name), "{verb} of a shard that is {name}");
                assert!(legal || next == shard, "{verb} was refused and changed what was {name}");
            }
        }
    }

    #[test]
    fn an_illegal_transition_says_from_where() {
        let mut shard = Shard::planned(id(), ShardRecord::default(), NOW);
        let told = shard.publish().expect_err("nothing is there").to_string();
        assert_eq!(told, "a shard that is waiting cannot be published");
    }

    #[test]
    fn of_two_leases_either_may_end() {
        for (ends, stays) in [(1, 2), (2, 1)] {
            let mut shard = Shard::planned(id(), ShardRecord::default(), NOW);
            shard.begin_lease(live(1)).expect("it waits");
            shard.begin_lease(live(2)).expect("one more may");
            shard.end_lease(attempt(ends), NOW).expect("it lives");
            let left: Vec<AttemptId> = shard.leases().map(|l| l.row.attempt).collect();
            assert_eq!(left, [attempt(stays)]);
            shard.end_lease(attempt(stays), 50).expect("it lives");
            assert_eq!(shard.state, ShardState::Waiting(Waiting { since: 50 }));
            assert_eq!((shard.history.attempts, shard.history.newest), (2, Some(attempt(2))));
        }
    }

    #[test]
    fn a_new_round_forgets_charges_and_remembers_killers() {
        let mut shard = Shard::planned(id(), ShardRecord::default(), NOW);
        shard.history = History { charged: 3, bugs: 1, skip: [4].into(), ..History::default() };
        shard.accept(receipt(0), 5).expect("it waits");
        shard.reopen(2, NOW).expect("nothing is visible");
        assert_eq!((shard.history.charged, shard.history.bugs), (0, 0));
        assert!(shard.history.skip.contains(&4) && shard.receipt().is_none());
    }
}
