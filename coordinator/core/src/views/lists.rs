//! What a coordinator has, whatever the job: jobs, workers, events.

use crate::{
    event::Event,
    state::{Job, State},
    views::{
        shards::{LeaseLine, lease_line},
        stages::current_stage,
        waiting::{WhyWaiting, why_waiting, word},
    },
};
use serde::{Deserialize, Serialize};
use tarquet_common::{
    clock::Millis,
    ids::{JobId, WorkerId},
};

/// One line of the list of jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobLine {
    /// The job.
    pub job: JobId,
    /// What people call it.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// Its state, one word.
    pub state: String,
    /// Name of the stage it stands in.
    pub stage: Option<String>,
    /// A named state of waiting.
    pub waiting: Option<WhyWaiting>,
    /// Shards of all planned stages.
    pub shards: u32,
    /// With a receipt.
    pub done: u32,
    /// Items in quarantine.
    pub quarantined: u64,
    /// Where the dataset goes.
    pub output_uri: String,
    /// When it was submitted.
    pub submitted_unix_ms: u64,
    /// When it ended.
    pub finished_unix_ms: Option<u64>,
}

/// Jobs before one, newest first, and whether there are more.
pub fn jobs(state: &State, before: Option<&JobId>, limit: usize, now: Millis) -> (Vec<JobLine>, bool) {
    let line = |job: &Job| JobLine {
        job: job.row.job.clone(),
        name: job.row.name.clone(),
        kind: job.row.kind.clone(),
        state: word(&job.row),
        stage: current_stage(&job.row).map(|s| job.row.stage_name(s).to_owned()),
        waiting: why_waiting(state, job, now),
        shards: job.stages.iter().map(|s| s.counts.shards).sum(),
        done: job.stages.iter().map(|s| s.counts.done).sum(),
        quarantined: job
            .stages
            .iter()
            .filter(|s| s.accounts_for_items())
            .map(|s| s.counts.receipts.failed)
            .fold(0, u64::saturating_add),
        output_uri: job.row.output_uri.clone(),
        submitted_unix_ms: job.row.submitted_unix_ms,
        finished_unix_ms: job.row.finished_unix_ms,
    };
    let mut older = match before {
        Some(before) => state.jobs.range(..before).rev(),
        None => state.jobs.range::<JobId, _>(..).rev(),
    };
    let lines = older.by_ref().take(limit).map(|(_, job)| line(job)).collect();
    (lines, older.next().is_some())
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
