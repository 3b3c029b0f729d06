//! The status of one job.

use crate::{
    jobs::{OnError, PublishMode},
    phase::{Hold, Phase, PhaseName},
    state::{Job, Stage, State},
    views::{
        rate::{Rate, limit, rate},
        stages::{StageStatus, count, current_stage, stages},
        waiting::{WhyWaiting, next_commands, reason, why_waiting, word},
    },
};
use serde::{Deserialize, Serialize};
use tarquet_common::{clock::Millis, failure::Failure, ids::JobId};

/// The budget and what is used of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuarantineStatus {
    /// Items in the quarantine of accepted receipts.
    pub items: u64,
    /// As the spec says it.
    pub max_failed: String,
    /// As a number of items, once they are counted.
    pub allowed: Option<u64>,
    /// Somebody accepted what is beyond.
    pub accepted: bool,
}

/// An effect that is in flight or waits to be started again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectLine {
    /// What it does.
    pub effect: String,
    /// Times started.
    pub tries: u32,
    /// Why it could not be done last.
    pub failure: Option<Failure>,
}

/// The status message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobStatus {
    /// The job.
    pub job: JobId,
    /// What people call it.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// Its state, one word: a phase, or `paused`.
    pub state: String,
    /// The phase.
    pub phase: PhaseName,
    /// Name of the stage it stands in or goes on with.
    pub stage: Option<String>,
    /// Why it waits, is held, has failed or was cancelled.
    pub reason: Option<Failure>,
    /// What kind of trouble holds it.
    pub hold: Option<Hold>,
    /// A named state of waiting.
    pub waiting: Option<WhyWaiting>,
    /// The next commands to type, the likeliest first.
    pub next: Vec<String>,
    /// Where the dataset goes.
    pub output_uri: String,
    /// Where the job keeps its objects.
    pub job_uri: String,
    /// When artifacts become visible.
    pub publish: PublishMode,
    /// What a failed input means.
    pub on_error: OnError,
    /// Larger goes first.
    pub priority: i32,
    /// Somebody paused it.
    pub paused: bool,
    /// Attempts of this generation have its number first.
    pub generation: u32,
    /// When it was submitted.
    pub submitted_unix_ms: u64,
    /// When it ended.
    pub finished_unix_ms: Option<u64>,
    /// Wall clock of this message.
    pub now_unix_ms: u64,
    /// All stages of the kind, in order; the last is `publish`.
    pub stages: Vec<StageStatus>,
    /// The budget.
    pub quarantine: QuarantineStatus,
    /// How fast.
    pub rate: Rate,
    /// Workers heard of within a lease.
    pub workers_live: u32,
    /// All workers known.
    pub workers: u32,
    /// Slots of live workers.
    pub slots: u32,
    /// Effects that could not be done at once; 32 of them at most.
    pub effects: Vec<EffectLine>,
    /// The step that most attempts of the current stage spend their time in; none while no worker has said.
    pub limit: Option<String>,
}

/// The status of a job at a moment; `None` if there is no such job.
pub fn job_status(state: &State, job: &JobId, now: Millis) -> Option<JobStatus> {
    let job = state.jobs.get(job)?;
    let row = &job.row;
    let live = || state.workers.values().filter(|w| state.is_live(w, now));
    let waiting = why_waiting(state, job, now);
    let current = current_stage(row);
    let quarantine = quarantine(job);
    Some(JobStatus {
        job: row.job.clone(),
        name: row.name.clone(),
        kind: row.kind.clone(),
        state: word(row),
        phase: row.phase.name(),
        stage: current.map(|s| row.stage_name(s).to_owned()),
        reason: reason(state, job, waiting, now),
        hold: match &row.phase {
            Phase::Held(held) => Some(held.hold),
            _ => None,
        },
        waiting,
        next: next_commands(job, waiting, quarantine.items),
        output_uri: row.output_uri.clone(),
        job_uri: row.job_uri.clone(),
        publish: row.options.publish,
        on_error: row.options.on_error,
        priority: row.options.priority,
        paused: row.paused,
        generation: row.generation,
        submitted_unix_ms: row.submitted_unix_ms,
        finished_unix_ms: row.finished_unix_ms,
        now_unix_ms: state.unix_at(now),
        stages: stages(job),
        quarantine,
        rate: rate(state, job, current),
        workers_live: count(live().count()),
        workers: count(state.workers.len()),
        slots: live().map(|w| w.info.slots).fold(0, u32::saturating_add),
        effects: effects(state, job),
        limit: current.and_then(|stage| limit(state, &row.job, stage)),
    })
}

fn quarantine(job: &Job) -> QuarantineStatus {
    let quarantined = |s: &&Stage| s.counts.receipts.failed;
    let counts = |s: &&Stage| s.accounts_for_items();
    QuarantineStatus {
        items: job.stages.iter().map(|s| quarantined(&s)).fold(0, u64::saturating_add),
        max_failed: job.row.options.max_failed.to_string(),
        allowed: job
            .stages
            .iter()
            .find(counts)
            .map(|s| job.row.options.max_failed.allowed(s.row.planned_items)),
        accepted: job.row.accepts > 0,
    }
}

/// Lines of effects in a status: while a store is away there may be one for each shard, and they say the same.
const EFFECTS_SHOWN: usize = 32;

fn effects(state: &State, job: &Job) -> Vec<EffectLine> {
    let late = state.late(&job.row.job).take(EFFECTS_SHOWN);
    late.map(|(key, flight)| EffectLine {
        effect: key.name().to_owned(),
        tries: flight.tries,
        failure: flight.failure.as_deref().cloned(),
    })
    .collect()
}
