//! The status of one job.

use crate::{
    jobs::{OnError, PublishMode},
    phase::{Back, Hold, Phase, PhaseName},
    rows::JobRow,
    state::{Job, Stage, State},
};
use serde::{Deserialize, Serialize};
use tarquet_common::{clock::Millis, codes::cluster, failure::Failure, ids::JobId, receipt::Counts};

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageStatus {
    /// Its name.
    pub name: String,
    /// `waiting`, `planning`, `running`, `done`, or `held`.
    pub state: String,
    /// Shards, or 0 while it has no plan.
    pub shards: u32,
    /// With a receipt (in `publish`: visible).
    pub done: u32,
    /// With a live lease (in `publish`: being published).
    pub running: u32,
    /// Ready, or waiting out a delay.
    pub waiting: u32,
    /// Not tried again until somebody says so.
    pub stopped: u32,
    /// Gone without.
    pub excluded: u32,
    /// Live leases; more than `running` when the slowest are done twice.
    pub leases: u32,
    /// Attempts beyond the first of each shard.
    pub retried: u64,
    /// Bytes of input planned (in `publish`: bytes of artifacts).
    pub bytes_total: u64,
    /// Of them gone through, live attempts included.
    pub bytes_done: u64,
    /// Items planned.
    pub items_total: u64,
    /// Of them gone through, live attempts included.
    pub items_done: u64,
    /// Rows written, live attempts included.
    pub rows: u64,
    /// Items in the quarantine of accepted receipts.
    pub quarantined: u64,
    /// Output partitions it makes.
    pub partitions: u32,
    /// What the receipts count.
    pub counts: Counts,
    /// What the planner wants people to know.
    pub warnings: Vec<String>,
    /// When it was planned.
    pub planned_unix_ms: Option<u64>,
    /// When its last shard ended.
    pub finished_unix_ms: Option<u64>,
}

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

/// How fast: bytes of input of the current stage over the last seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Length of the window.
    pub window_ms: u64,
    /// Bytes of input gone through in it.
    pub bytes: u64,
    /// Bytes per second, over the window.
    pub bytes_per_s: u64,
    /// Slowest and fastest second-to-second rate in the window, bytes per second: the range of an ETA.
    pub bytes_per_s_range: (u64, u64),
    /// Time left at the fastest and at the slowest rate; none before 5 % or 20 s, or when nothing moves.
    pub eta_ms_range: Option<(u64, u64)>,
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

/// A named state of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyWaiting {
    /// Somebody paused it.
    Paused,
    /// Nobody is there to do it.
    NoWorkers,
    /// No live worker's slot is large enough.
    NoSlotFits,
    /// The store does not let us go on, or was not compared with the ledger yet.
    Store,
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
    /// Effects that could not be done at once.
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
        next: next_commands(row, waiting, quarantine.items),
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
        limit: current.and_then(|stage| super::limit::limit(state, &row.job, stage)),
    })
}

/// Its state in one word.
pub(crate) fn word(row: &JobRow) -> String {
    let leasing = matches!(row.phase, Phase::Planning(_) | Phase::Running(_));
    if row.paused && leasing { "paused".to_owned() } else { row.phase.name().to_string() }
}

/// The stage a job stands in or goes on with.
pub(crate) fn current_stage(row: &JobRow) -> Option<u8> {
    let last = u8::try_from(row.leased_stages()).ok();
    match &row.phase {
        Phase::Claiming(_) | Phase::Cancelled(_) | Phase::Failed(_) => None,
        Phase::Planning(p) => Some(p.stage),
        Phase::Running(r) => Some(r.stage),
        Phase::Held(held) => match held.back {
            Back::Planning { stage } | Back::Running { stage } => Some(stage),
            Back::Checking => last,
        },
        Phase::Deciding(_)
        | Phase::Checking(_)
        | Phase::Publishing(_)
        | Phase::Cataloguing(_)
        | Phase::Done(_) => last,
    }
}

fn stages(job: &Job) -> Vec<StageStatus> {
    let leased = (0u8..).take(job.row.leased_stages()).map(|number| match job.stage(number) {
        Some(stage) => leased_stage(job, number, stage),
        None => empty_stage(job, number),
    });
    leased.chain([publish_stage(job)]).collect()
}

fn empty_stage(job: &Job, number: u8) -> StageStatus {
    let planning = matches!(&job.row.phase, Phase::Planning(p) if p.stage == number);
    let state = if planning { "planning" } else { "waiting" };
    StageStatus {
        name: job.row.stage_name(number).to_owned(),
        state: state.to_owned(),
        shards: 0,
        done: 0,
        running: 0,
        waiting: 0,
        stopped: 0,
        excluded: 0,
        leases: 0,
        retried: 0,
        bytes_total: 0,
        bytes_done: 0,
        items_total: 0,
        items_done: 0,
        rows: 0,
        quarantined: 0,
        partitions: 0,
        counts: Counts::default(),
        warnings: Vec::new(),
        planned_unix_ms: None,
        finished_unix_ms: None,
    }
}

fn leased_stage(job: &Job, number: u8, stage: &Stage) -> StageStatus {
    let c = &stage.counts;
    let here = current_stage(&job.row) == Some(number);
    let state = match (&job.row.phase, here) {
        (Phase::Held(_), true) => "held",
        (_, true) => "running",
        _ if c.open > 0 => "running",
        _ => "done",
    };
    StageStatus {
        state: state.to_owned(),
        shards: c.shards,
        done: c.done,
        running: c.running,
        waiting: c.open - c.running,
        stopped: c.stopped,
        excluded: c.excluded,
        leases: c.leases,
        retried: c.retried,
        bytes_total: c.cost_total,
        bytes_done: c.bytes_so_far(),
        items_total: stage.row.planned_items,
        items_done: c.receipts.items + c.live_items,
        rows: c.receipts.rows + c.live_rows,
        quarantined: c.receipts.failed,
        partitions: stage.row.partitions,
        counts: c.receipts.clone(),
        warnings: stage.row.warnings.clone(),
        planned_unix_ms: Some(stage.row.planned_unix_ms),
        finished_unix_ms: stage.row.finished_unix_ms,
        ..empty_stage(job, number)
    }
}

/// The coordinator's own stage: shards are those that make artifacts.
fn publish_stage(job: &Job) -> StageStatus {
    let number = u8::try_from(job.row.leased_stages()).unwrap_or(u8::MAX);
    let makers = || job.stages.iter().filter(|s| s.row.partitions > 0);
    let shards = makers().map(|s| s.counts.shards - s.counts.excluded).sum();
    let done: u32 = makers().map(|s| s.counts.published).sum();
    let state = match &job.row.phase {
        Phase::Done(_) => "done",
        Phase::Held(held) if held.back == Back::Checking => "held",
        Phase::Deciding(_) | Phase::Checking(_) | Phase::Publishing(_) | Phase::Cataloguing(_) => "running",
        _ if done > 0 => "running",
        _ => "waiting",
    };
    let running = count(job.publishing.len());
    StageStatus {
        state: state.to_owned(),
        shards,
        done,
        running,
        waiting: count(job.unpublished.len()).saturating_sub(running),
        bytes_total: makers().map(|s| s.counts.receipts.bytes_out).sum(),
        partitions: makers().map(|s| s.row.partitions).sum(),
        finished_unix_ms: matches!(job.row.phase, Phase::Done(_))
            .then_some(job.row.finished_unix_ms)
            .flatten(),
        ..empty_stage(job, number)
    }
}

fn quarantine(job: &Job) -> QuarantineStatus {
    let quarantined = |s: &&Stage| s.counts.receipts.failed;
    // Where all items failed in a stage before, the stage that sets them aside makes no partition.
    let counts = |s: &&Stage| s.row.partitions > 0 || quarantined(s) > 0;
    QuarantineStatus {
        items: job.stages.iter().map(|s| quarantined(&s)).sum(),
        max_failed: job.row.options.max_failed.to_string(),
        allowed: job
            .stages
            .iter()
            .find(counts)
            .map(|s| job.row.options.max_failed.allowed(s.row.planned_items)),
        accepted: job.row.accepts > 0,
    }
}

/// Why a job that could go on does not.
pub(crate) fn why_waiting(state: &State, job: &Job, now: Millis) -> Option<WhyWaiting> {
    let failing = state.flights.iter().any(|(k, f)| k.job() == &job.row.job && f.failure.is_some());
    if (failing && !job.row.phase.is_over()) || job.stands_still() {
        return Some(WhyWaiting::Store);
    }
    let leasing = matches!(job.row.phase, Phase::Running(_) | Phase::Publishing(_));
    if job.row.paused && matches!(job.row.phase, Phase::Planning(_) | Phase::Running(_)) {
        return Some(WhyWaiting::Paused);
    }
    let least = job.ready.first().filter(|_| leasing)?.slot_bytes;
    if job.stages.iter().any(|s| s.counts.running > 0) {
        return None;
    }
    let largest = largest_slot(state, now);
    match largest {
        None => Some(WhyWaiting::NoWorkers),
        Some(largest) => (least > largest).then_some(WhyWaiting::NoSlotFits),
    }
}

fn largest_slot(state: &State, now: Millis) -> Option<u64> {
    let usable = state.workers.values().filter(|w| state.is_live(w, now) && !w.draining);
    usable.map(|w| w.info.slot_bytes).max()
}

fn reason(state: &State, job: &Job, waiting: Option<WhyWaiting>, now: Millis) -> Option<Failure> {
    match (&job.row.phase, waiting) {
        (Phase::Held(held), _) => Some(held.failure.as_ref().clone()),
        (Phase::Failed(failed), _) => Some(failed.failure.as_ref().clone()),
        (_, Some(WhyWaiting::Store)) => {
            let of_job = state.flights.iter().filter(|(k, _)| k.job() == &job.row.job);
            of_job.filter_map(|(_, f)| f.failure.as_deref().cloned()).next()
        }
        (_, Some(WhyWaiting::NoWorkers)) => {
            let text = format!("{} shards are ready and no worker is there", job.ready.len());
            Some(Failure::new(cluster::NO_WORKERS, text))
        }
        (_, Some(WhyWaiting::NoSlotFits)) => {
            let least = job.ready.first().map_or(0, |k| k.slot_bytes);
            let largest = largest_slot(state, now).unwrap_or(0);
            let bytes = |n| tarquet_common::units::Bytes(n);
            let text = format!("every ready shard needs a slot of {} or more", bytes(least));
            Some(Failure::new(cluster::NO_SLOT_FITS, text).expected(bytes(least), bytes(largest)))
        }
        _ => None,
    }
}

/// The next commands to type.
pub(crate) fn next_commands(row: &JobRow, waiting: Option<WhyWaiting>, quarantined: u64) -> Vec<String> {
    let job = &row.job;
    let all = |verbs: &[&str]| verbs.iter().map(|verb| format!("tarquet {verb} {job}")).collect();
    match (&row.phase, waiting) {
        (Phase::Held(held), _) => match held.hold {
            Hold::Budget | Hold::Shards => all(&["failures", "accept", "retry", "cancel"]),
            _ if held.back == Back::Checking => all(&["retry"]),
            _ => all(&["retry", "cancel"]),
        },
        (Phase::Done(_), _) if quarantined == 0 => Vec::new(),
        (Phase::Failed(_) | Phase::Done(_), _) => all(&["failures"]),
        (Phase::Cancelled(_), _) => Vec::new(),
        (_, Some(WhyWaiting::Paused)) => all(&["resume", "cancel"]),
        (_, Some(WhyWaiting::NoWorkers | WhyWaiting::NoSlotFits)) => {
            vec!["tarquet worker --coordinator URL".to_owned(), "tarquet workers".to_owned()]
        }
        _ => all(&["wait"]),
    }
}

fn effects(state: &State, job: &Job) -> Vec<EffectLine> {
    let late =
        state.flights.iter().filter(|(k, f)| k.job() == &job.row.job && (f.tries > 1 || f.failure.is_some()));
    late.map(|(key, flight)| EffectLine {
        effect: key.name().to_owned(),
        tries: flight.tries,
        failure: flight.failure.as_deref().cloned(),
    })
    .collect()
}

fn rate(state: &State, job: &Job, current: Option<u8>) -> Rate {
    let samples = &job.samples;
    let (Some(first), Some(last)) = (samples.front(), samples.back()) else { return Rate::default() };
    let window_ms = last.0.saturating_sub(first.0);
    let bytes = last.1.saturating_sub(first.1);
    let steps = samples.iter().zip(samples.iter().skip(1));
    let rates = steps.map(|(a, b)| per_s(b.1.saturating_sub(a.1), b.0.saturating_sub(a.0)));
    let (low, high) = rates.fold((u64::MAX, 0), |(low, high), r| (low.min(r), high.max(r)));
    let mean = per_s(bytes, window_ms);
    let range = (low.min(mean), high.max(mean));
    let stage = current.and_then(|s| job.stage(s));
    let eta_ms_range = stage.and_then(|stage| {
        let (total, done) = (stage.counts.cost_total, stage.counts.bytes_so_far());
        let age = state.unix_at(state.now).saturating_sub(stage.row.planned_unix_ms);
        let early = done < total / 20 || age < 20_000 || mean == 0;
        // The mean of the slow half bounds the range from below: a single idle second says nothing.
        let slow = mean / 2 + range.0 / 2;
        let left = total.saturating_sub(done);
        (!early).then(|| (ms_for(left, range.1), ms_for(left, slow.max(1))))
    });
    Rate { window_ms, bytes, bytes_per_s: mean, bytes_per_s_range: range, eta_ms_range }
}

fn per_s(bytes: u64, ms: u64) -> u64 {
    bytes.saturating_mul(1_000).checked_div(ms).unwrap_or(0)
}

fn ms_for(bytes: u64, per_s: u64) -> u64 {
    bytes.saturating_mul(1_000).checked_div(per_s).unwrap_or(u64::MAX)
}

pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
