//! What the gauges say, read from the state in one look.

use std::collections::BTreeMap;
use tarquet_common::clock::Millis;
use tarquet_core::{PhaseName, State, views};

/// Every state of a job, so that a series does not come and go.
const PHASES: [PhaseName; 11] = [
    PhaseName::Claiming,
    PhaseName::Planning,
    PhaseName::Running,
    PhaseName::Held,
    PhaseName::Deciding,
    PhaseName::Checking,
    PhaseName::Publishing,
    PhaseName::Cataloguing,
    PhaseName::Done,
    PhaseName::Cancelled,
    PhaseName::Failed,
];

/// Gauges at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(super) jobs: BTreeMap<String, i64>,
    pub(super) shards: BTreeMap<(String, &'static str), i64>,
    pub(super) workers: BTreeMap<String, i64>,
    pub(super) slots: BTreeMap<String, i64>,
}

impl Snapshot {
    /// Looks at everything.
    pub(crate) fn of(state: &State, now: Millis) -> Self {
        let mut found = Self::default();
        let names = PHASES.iter().map(ToString::to_string).chain(["paused".to_owned()]);
        found.jobs = names.map(|n| (n, 0)).collect();
        found.workers = ["live", "draining", "silent"].map(|w| (w.to_owned(), 0)).into();
        found.slots = ["busy", "free"].map(|s| (s.to_owned(), 0)).into();
        for job in views::jobs(state, now) {
            *found.jobs.entry(job.state).or_default() += 1;
            if job.finished_unix_ms.is_none()
                && let Some(status) = views::job_status(state, &job.job, now)
            {
                status.stages.iter().for_each(|stage| found.stage(stage));
            }
        }
        let (workers, _) = views::workers(state, None, usize::MAX, now);
        for worker in workers {
            if worker.state != "silent" {
                let busy = i64::try_from(worker.leases.len()).unwrap_or(i64::MAX);
                *found.slots.entry("busy".to_owned()).or_default() += busy;
                *found.slots.entry("free".to_owned()).or_default() += (i64::from(worker.slots) - busy).max(0);
            }
            *found.workers.entry(worker.state).or_default() += 1;
        }
        found
    }

    fn stage(&mut self, stage: &views::StageStatus) {
        let counts = [
            ("done", stage.done),
            ("running", stage.running),
            ("waiting", stage.waiting),
            ("stopped", stage.stopped),
            ("excluded", stage.excluded),
        ];
        for (state, count) in counts {
            *self.shards.entry((stage.name.clone(), state)).or_default() += i64::from(count);
        }
    }
}
