//! The stages of one job.

use crate::{
    phase::{Back, Phase},
    rows::JobRow,
    state::{Job, Stage, State},
};
use serde::{Deserialize, Serialize};
use tarquet_common::{ids::JobId, receipt::Counts};

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

impl StageStatus {
    /// Whether it accounts for the job's items: it makes the parts; or it set items aside and nothing was left to make parts
    /// of.
    pub fn accounts_for_items(&self) -> bool {
        self.name != "publish" && (self.partitions > 0 || self.counts.failed > 0)
    }
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

/// The stages of a job; none if there is no such job.
pub fn stages_of(state: &State, job: &JobId) -> Vec<StageStatus> {
    state.jobs.get(job).map(stages).unwrap_or_default()
}

/// All stages of the kind, in order; the last is the coordinator's own.
pub(crate) fn stages(job: &Job) -> Vec<StageStatus> {
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
        items_done: c.receipts.items.saturating_add(c.live_items),
        rows: c.receipts.rows.saturating_add(c.live_rows),
        quarantined: c.receipts.failed,
        partitions: stage.row.partitions,
        counts: c.receipts.counts(),
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
        bytes_total: makers().map(|s| s.counts.receipts.bytes_out).fold(0, u64::saturating_add),
        partitions: makers().map(|s| s.row.partitions).sum(),
        finished_unix_ms: matches!(job.row.phase, Phase::Done(_))
            .then_some(job.row.finished_unix_ms)
            .flatten(),
        ..empty_stage(job, number)
    }
}

/// A number of things, as the wire counts.
pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
