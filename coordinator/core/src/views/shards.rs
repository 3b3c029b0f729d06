//! The shards of one job, paged, and what went wrong with them.

use crate::state::{Job, Live, Shard, ShardState, State};
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
        ShardFilter::Running => matches!(s.state, ShardState::Leased(_)),
        ShardFilter::Troubled => trouble(s).is_some(),
    };
    let mut found = job.shards().filter(|s| s.place() >= from).filter(wanted);
    let shards = found.by_ref().take(limit).map(|s| shard_line(job, s, now)).collect();
    Some(ShardPage { shards, next: found.next().map(Shard::place) })
}

/// What went wrong with a shard last, unless it is done.
fn trouble(shard: &Shard) -> Option<&Failure> {
    match &shard.state {
        ShardState::Waiting(_) | ShardState::Delayed(_) | ShardState::Leased(_) => {
            shard.history.last_failure.as_deref()
        }
        ShardState::Done(_) => None,
        ShardState::Stopped(stopped) => Some(&stopped.failure),
        ShardState::Excluded(excluded) => Some(&excluded.failure),
    }
}

fn shard_line(job: &Job, shard: &Shard, now: Millis) -> ShardLine {
    let (stage, number) = shard.place();
    let receipt = shard.receipt();
    ShardLine {
        stage,
        stage_name: job.row.stage_name(stage).to_owned(),
        shard: number,
        state: shard.state.name().to_owned(),
        round: shard.round,
        attempts: shard.history.attempts,
        charged: shard.history.charged,
        bytes: shard.plan.cost_bytes,
        items: shard.plan.items,
        leases: shard.leases().map(|live| lease_line(live, now)).collect(),
        took_ms: match &shard.state {
            ShardState::Done(done) => Some(done.took_ms),
            _ => None,
        },
        rows: receipt.map(|r| r.counts.rows),
        quarantined: receipt.map(|r| r.counts.failed),
        quarantine: receipt.and_then(|r| r.quarantine()).map(|q| q.name.clone()),
        skip: shard.history.skip.iter().copied().collect(),
        failure: trouble(shard).cloned(),
    }
}

/// A lease, now.
pub(crate) fn lease_line(live: &Live, now: Millis) -> LeaseLine {
    LeaseLine {
        attempt: live.row.attempt,
        worker: live.row.worker.clone(),
        age_ms: now.saturating_sub(live.granted_at),
        left_ms: live.deadline.saturating_sub(now),
        progress: live.progress.clone(),
    }
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
    for shard in job.shards() {
        let stopped = matches!(shard.state, ShardState::Stopped(_) | ShardState::Excluded(_));
        // A shard that is done in the end failed all the same.
        let Some(failure) = trouble(shard).or(shard.history.last_failure.as_deref()) else { continue };
        let empty = || FailureCount { code: failure.code, shards: 0, stopped: 0, example: failure.clone() };
        let count = counts.entry(failure.code).or_insert_with(empty);
        count.shards += 1;
        count.stopped += u32::from(stopped);
    }
    Some(counts.into_values().collect())
}
