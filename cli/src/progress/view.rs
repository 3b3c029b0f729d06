//! What progress is drawn from.

use crate::kinds::{self, Noun, Words};
use serde::Serialize;
use tarquet_core::{
    PhaseName,
    views::{JobStatus, StageStatus, WhyWaiting},
};

/// How far a job is at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct ProgressView {
    /// The job's id.
    pub job: String,
    /// What it does now, one word: that of the kind for a stage, `publishing`, `held`.
    pub doing: String,
    /// Milliseconds since the job was submitted.
    pub elapsed_ms: u64,
    /// Bytes of input gone through in the present stage.
    pub bytes_done: u64,
    /// Bytes of input it has; 0 when not known yet.
    pub bytes_total: u64,
    /// Items done or quarantined.
    pub items_done: u64,
    /// What the kind calls them.
    #[serde(skip)]
    pub item: Noun,
    /// Rows written.
    pub rows: u64,
    /// Shards finished in the present stage.
    pub shards_done: u64,
    /// Shards it has.
    pub shards_total: u64,
    /// Each of them makes one partition.
    #[serde(skip)]
    pub one_each: bool,
    /// Workers that have been heard of lately.
    pub workers_live: u64,
    /// All workers there are.
    pub workers: u64,
    /// Shards leased at this moment.
    pub running: u64,
    /// Attempts that were given to another worker or tried again.
    pub retried: u64,
    /// Items in quarantine.
    pub quarantined: u64,
    /// Bytes a second over the last moments.
    pub bytes_per_second: u64,
    /// Milliseconds to the end of the stage, least and most; nothing while nobody can know.
    pub eta_ms: Option<(u64, u64)>,
    /// The step that keeps it from going faster.
    pub limit: Option<String>,
    /// Why nothing moves, if so: `no workers`, `no slot fits`, the reason of a hold.
    pub stalled: Option<String>,
}

impl ProgressView {
    /// The view of a status.
    pub(crate) fn of(status: &JobStatus) -> Self {
        Self::in_words(kinds::words_of(&status.kind), status)
    }

    /// The view in the words of a kind.
    pub(crate) fn in_words(words: &Words, status: &JobStatus) -> Self {
        let publishing =
            matches!(status.phase, PhaseName::Publishing | PhaseName::Cataloguing | PhaseName::Done);
        let stage = match publishing {
            true => status.stages.last(),
            false => status.stages.iter().find(|s| Some(&s.name) == status.stage.as_ref()),
        };
        let view = Self {
            job: status.job.to_string(),
            doing: doing(status, publishing, words),
            item: words.item,
            elapsed_ms: status.now_unix_ms.saturating_sub(status.submitted_unix_ms),
            workers_live: status.workers_live.into(),
            workers: status.workers.into(),
            quarantined: status.quarantine.items,
            retried: status.stages.iter().map(|s| s.retried).sum(),
            stalled: status.waiting.map(|why| waiting_words(why).to_owned()),
            ..Self::default()
        };
        stage.map_or(view.clone(), |stage| view.at(stage, status, publishing))
    }

    fn at(self, stage: &StageStatus, status: &JobStatus, publishing: bool) -> Self {
        let makers = || status.stages.iter().filter(|s| s.partitions > 0);
        // What publishing has gone through is known in shards only.
        let bytes_total = if publishing { 0 } else { stage.bytes_total };
        Self {
            bytes_done: stage.bytes_done,
            bytes_total,
            items_done: if publishing { makers().map(|s| s.items_done).sum() } else { stage.items_done },
            rows: if publishing { makers().map(|s| s.rows).sum() } else { stage.rows },
            shards_done: stage.done.into(),
            shards_total: stage.shards.into(),
            one_each: stage.partitions > 0 && stage.partitions == stage.shards,
            running: stage.running.into(),
            bytes_per_second: if publishing { 0 } else { status.rate.bytes_per_s },
            limit: status.limit.clone().filter(|_| !publishing),
            eta_ms: status.rate.eta_ms_range.filter(|_| !publishing),
            ..self
        }
    }

    /// The same, while nobody answers.
    pub(crate) fn without_answer(self) -> Self {
        Self { stalled: Some("the coordinator does not answer".to_owned()), eta_ms: None, ..self }
    }

    /// The part that is done, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share shown with three digits")]
    pub(crate) fn fraction(&self) -> f64 {
        let (done, total) = match (self.bytes_total, self.shards_total) {
            (0, 0) => return 0.0,
            (0, shards) => (self.shards_done, shards),
            (bytes, _) => (self.bytes_done, bytes),
        };
        (done as f64 / total as f64).clamp(0.0, 1.0)
    }
}

/// What it does, in a word.
fn doing(status: &JobStatus, publishing: bool, words: &Words) -> String {
    let word = match (status.phase, status.stage.as_deref()) {
        (PhaseName::Done, _) => "done",
        _ if publishing => "publishing",
        (PhaseName::Held | PhaseName::Failed | PhaseName::Cancelled, _) => status.state.as_str(),
        (PhaseName::Planning, _) => "planning",
        (PhaseName::Running, Some(stage)) => words.doing(stage).unwrap_or(stage),
        _ => status.state.as_str(),
    };
    word.to_owned()
}

/// Why a job waits, in words.
pub(crate) fn waiting_words(waiting: WhyWaiting) -> &'static str {
    match waiting {
        WhyWaiting::Paused => "paused",
        WhyWaiting::NoWorkers => "no workers",
        WhyWaiting::NoSlotFits => "no slot fits",
        WhyWaiting::Store => "waits for the store",
    }
}
