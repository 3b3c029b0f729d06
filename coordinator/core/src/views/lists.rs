//! Lists that grow with a job, paged.

use crate::{
    event::Event,
    rows::ShardState,
    state::{Job, Live, Shard, State},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tarquet_common::{
    clock::Millis,
    codes::Code,
    failure::Failure,
    ids::{AttemptId, JobId, WorkerId},
    leasing::Progress,
};

/// A live lease of a shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaseLine {
    /// The attempt.
    pub attempt: AttemptId,
    /// Whose.
    pub worker: WorkerId,
    /// How long it has run, by this coordinator's clock.
    pub age_ms: u64,
    /// Time to its deadline.
    pub left_ms: u64,
    /// As last reported.
    pub progress: Progress,
}

/// One shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardLine {
    /// Place of the stage.
    pub stage: u8,
    /// Name of the stage.
    pub stage_name: String,
    /// Number within the stage.
    pub shard: u32,
    /// `waiting`, `delayed`, `running`, `done`, `published`, `stopped` or `excluded`.
    pub state: String,
    /// The round it is in.
    pub round: u32,
    /// Leases so far.
    pub attempts: u32,
    /// Charged failures in this round.
    pub charged: u32,
    /// Bytes of input planned.
    pub bytes: u64,
    /// Items planned.
    pub items: u64,
    /// Live leases.
    pub leases: Vec<LeaseLine>,
    /// How long the accepted attempt took.
    pub took_ms: Option<u64>,
    /// Rows of the receipt.
    pub rows: Option<u64>,
    /// Items quarantined by the receipt.
    pub quarantined: Option<u64>,
    /// Quarantine file of the receipt, relative to the job prefix.
    pub quarantine: Option<String>,
    /// Places of items that kill the decoder.
    pub skip: Vec<u32>,
    /// What happened last.
    pub failure: Option<Failure>,
}

/// Shards from one on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardPage {
    /// In order of (stage, shard).
    pub shards: Vec<ShardLine>,
    /// Ask from here for more.
    pub next: Option<(u8, u32)>,
}

/// Which shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShardFilter {
    /// All.
    #[default]
    All,
    /// With a live lease.
    Running,
    /// Stopped, excluded, or failed at least once and not done yet.
    Troubled,
}

/// A page of shards, from (stage, shard) on; `None` if there is no such job.
pub fn shards(
    state: &State,
    job: &JobId,
    filter: ShardFilter,
    from: (u8, u32),
    limit: usize,
    now: Millis,
) -> Option<ShardPage> {
    let job = state.jobs.get(job)?;
    let wanted = |s: &&Shard| match filter {
        ShardFilter::All => true,
        ShardFilter::Running => !s.leases.is_empty(),
        ShardFilter::Troubled => match s.row.state {
            ShardState::Open => s.row.last_failure.is_some(),
            ShardState::Done { .. } => false,
            ShardState::Stopped { .. } | ShardState::Excluded { .. } => true,
        },
    };
    let all = job.stages.iter().flat_map(|s| &s.shards).filter(|s| s.place() >= from);
    let mut found = all.filter(wanted);
    let shards = found.by_ref().take(limit).map(|s| shard_line(job, s, now)).collect();
    Some(ShardPage { shards, next: found.next().map(Shard::place) })
}

fn shard_line(job: &Job, shard: &Shard, now: Millis) -> ShardLine {
    let row = &shard.row;
    let (stage, number) = shard.place();
    let (state, failure) = match &row.state {
        ShardState::Open if !shard.leases.is_empty() => ("running", row.last_failure.as_deref()),
        ShardState::Open if shard.delayed_until.is_some() => ("delayed", row.last_failure.as_deref()),
        ShardState::Open => ("waiting", row.last_failure.as_deref()),
        ShardState::Done { published: false, .. } => ("done", None),
        ShardState::Done { published: true, .. } => ("published", None),
        ShardState::Stopped { failure } => ("stopped", Some(failure.as_ref())),
        ShardState::Excluded { failure } => ("excluded", Some(failure.as_ref())),
    };
    let receipt = shard.receipt.as_ref();
    ShardLine {
        stage,
        stage_name: job.row.stage_name(stage).to_owned(),
        shard: number,
        state: state.to_owned(),
        round: row.round,
        attempts: row.attempts,
        charged: row.charged,
        bytes: row.plan.cost_bytes,
        items: row.plan.items,
        leases: shard.leases.iter().map(|l| lease_line(l, now)).collect(),
        took_ms: match row.state {
            ShardState::Done { took_ms, .. } => Some(took_ms),
            _ => None,
        },
        rows: receipt.map(|r| r.counts.rows),
        quarantined: receipt.map(|r| r.counts.failed),
        quarantine: receipt.and_then(|r| r.quarantine()).map(|q| q.name.clone()),
        skip: row.skip.iter().copied().collect(),
        failure: failure.cloned(),
    }
}

fn lease_line(live: &Live, now: Millis) -> LeaseLine {
    LeaseLine {
        attempt: live.row.attempt,
        worker: live.row.worker.clone(),
        age_ms: now.saturating_sub(live.granted_at),
        left_ms: live.deadline.saturating_sub(now),
        progress: live.progress.clone(),
    }
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerLine {
    /// Its name.
    pub worker: WorkerId,
    /// `live`, `draining` or `silent`.
    pub state: String,
    /// Its build.
    pub build: String,
    /// Attempts it runs at a time.
    pub slots: u32,
    /// Memory of one slot, bytes.
    pub slot_bytes: u64,
    /// Since it was last heard of.
    pub silent_ms: u64,
    /// Since it came.
    pub age_ms: u64,
    /// What it holds: (job, stage, shard) and how far it is.
    pub leases: Vec<(JobId, u8, u32, LeaseLine)>,
    /// Receipts accepted since this coordinator started.
    pub shards_done: u64,
    /// Bytes of input of them.
    pub bytes_done: u64,
}

/// Workers after one, by name, and whether there are more.
pub fn workers(
    state: &State,
    after: Option<&WorkerId>,
    limit: usize,
    now: Millis,
) -> (Vec<WorkerLine>, bool) {
    let mut later = state.workers.iter().filter(|(id, _)| after.is_none_or(|a| *id > a));
    let lines = later.by_ref().take(limit).map(|(id, worker)| {
        let live = state.is_live(worker, now);
        let word = match (worker.draining, live) {
            (_, false) => "silent",
            (true, true) => "draining",
            (false, true) => "live",
        };
        let held = state.held.get(id).into_iter().flat_map(|h| h.keys());
        let leases = held.filter_map(|(shard, attempt)| {
            let live = state.shard_at(shard)?.lease(*attempt)?;
            Some((shard.job.clone(), shard.stage, shard.shard, lease_line(live, now)))
        });
        WorkerLine {
            worker: id.clone(),
            state: word.to_owned(),
            build: worker.info.build.clone(),
            slots: worker.info.slots,
            slot_bytes: worker.info.slot_bytes,
            silent_ms: now.saturating_sub(worker.seen),
            age_ms: now.saturating_sub(worker.came),
            leases: leases.collect(),
            shards_done: worker.shards_done,
            bytes_done: worker.bytes_done,
        }
    });
    let lines = lines.collect();
    let more = later.next().is_some();
    (lines, more)
}

/// The last events, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventPage {
    /// At most as many as asked for.
    pub events: Vec<Event>,
}

/// The last events of a job, or of all.
pub fn events(state: &State, job: Option<&JobId>, limit: usize) -> EventPage {
    let of_job = state.events.iter().rev().filter(|e| job.is_none_or(|j| e.job.as_ref() == Some(j)));
    let mut events: Vec<Event> = of_job.take(limit).cloned().collect();
    events.reverse();
    EventPage { events }
}

/// Shards that failed, by code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureCount {
    /// The code.
    pub code: Code,
    /// Shards whose last failure it is.
    pub shards: u32,
    /// Of them, not tried again.
    pub stopped: u32,
    /// One of them.
    pub example: Failure,
}

/// What went wrong with shards, by code. Items are in the quarantine files; `None` if there is no such job.
pub fn failures(state: &State, job: &JobId) -> Option<Vec<FailureCount>> {
    let job = state.jobs.get(job)?;
    let mut counts: BTreeMap<Code, FailureCount> = BTreeMap::new();
    for shard in job.stages.iter().flat_map(|s| &s.shards) {
        let (failure, stopped) = match &shard.row.state {
            ShardState::Stopped { failure } | ShardState::Excluded { failure } => (Some(failure), 1),
            ShardState::Open | ShardState::Done { .. } => (shard.row.last_failure.as_ref(), 0),
        };
        let Some(failure) = failure else { continue };
        let empty =
            || FailureCount { code: failure.code, shards: 0, stopped: 0, example: failure.as_ref().clone() };
        let count = counts.entry(failure.code).or_insert_with(empty);
        count.shards += 1;
        count.stopped += stopped;
    }
    Some(counts.into_values().collect())
}
