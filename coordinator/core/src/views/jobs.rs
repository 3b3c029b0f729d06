//! The list of jobs.

use crate::{
    state::State,
    views::status::{current_stage, why_waiting, word},
};
use serde::{Deserialize, Serialize};
use tarquet_common::{clock::Millis, ids::JobId};

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
    pub waiting: Option<super::WhyWaiting>,
    /// Shards of all planned stages.
    pub shards: u32,
    /// With a receipt.
    pub done: u32,
    /// Members in quarantine.
    pub quarantined: u64,
    /// Where the dataset goes.
    pub output_uri: String,
    /// When it was submitted.
    pub submitted_unix_ms: u64,
    /// When it ended.
    pub finished_unix_ms: Option<u64>,
}

/// All jobs, newest first.
pub fn jobs(state: &State, now: Millis) -> Vec<JobLine> {
    let line = |job: &crate::state::Job| JobLine {
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
            .filter(|s| s.row.partitions > 0)
            .map(|s| s.counts.receipts.failed)
            .sum(),
        output_uri: job.row.output_uri.clone(),
        submitted_unix_ms: job.row.submitted_unix_ms,
        finished_unix_ms: job.row.finished_unix_ms,
    };
    state.jobs.values().rev().map(line).collect()
}
