//! Why a job does not go on, and what a person may do about it.

use crate::{
    phase::{Back, Held, Hold, Phase},
    rows::JobRow,
    state::{Job, Stage, State},
};
use serde::{Deserialize, Serialize};
use tarquet_common::{clock::Millis, codes::cluster, failure::Failure, units::Bytes};

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

/// Its state in one word.
pub fn word(row: &JobRow) -> String {
    let leasing = matches!(row.phase, Phase::Planning(_) | Phase::Running(_));
    if row.paused && leasing { "paused".to_owned() } else { row.phase.name().to_string() }
}

/// Why a job that could go on does not.
pub(crate) fn why_waiting(state: &State, job: &Job, now: Millis) -> Option<WhyWaiting> {
    let failing = state.late(&job.row.job).any(|(_, flight)| flight.failure.is_some());
    if (failing && !job.row.phase.is_over()) || job.stands_still() {
        return Some(WhyWaiting::Store);
    }
    let leasing = matches!(job.row.phase, Phase::Running(_) | Phase::Publishing(_));
    // While parts are published only shards whose upload was lost are leased.
    let paused = match job.row.phase {
        Phase::Planning(_) | Phase::Running(_) => true,
        Phase::Publishing(_) => !job.ready.is_empty(),
        _ => false,
    };
    if job.row.paused && paused {
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

/// What a status gives as the reason of a job's state.
pub(crate) fn reason(state: &State, job: &Job, waiting: Option<WhyWaiting>, now: Millis) -> Option<Failure> {
    match (&job.row.phase, waiting) {
        (Phase::Held(held), _) => Some(held.failure.as_ref().clone()),
        (Phase::Failed(failed), _) => Some(failed.failure.as_ref().clone()),
        (_, Some(WhyWaiting::Store)) => {
            let mut late = state.late(&job.row.job);
            let unread = job.unread.as_deref().cloned();
            unread.or_else(|| late.find_map(|(_, flight)| flight.failure.as_deref().cloned()))
        }
        (_, Some(WhyWaiting::NoWorkers)) => {
            let text = format!("{} shards are ready and no worker is there", job.ready.len());
            Some(Failure::new(cluster::NO_WORKERS, text))
        }
        (_, Some(WhyWaiting::NoSlotFits)) => {
            let least = job.ready.first().map_or(0, |k| k.slot_bytes);
            let largest = largest_slot(state, now).unwrap_or(0);
            let text = format!("every ready shard needs a slot of {} or more", Bytes(least));
            Some(Failure::new(cluster::NO_SLOT_FITS, text).expected(Bytes(least), Bytes(largest)))
        }
        _ => None,
    }
}

/// The next commands to type.
pub(crate) fn next_commands(of: &Job, waiting: Option<WhyWaiting>, quarantined: u64) -> Vec<String> {
    let (row, job) = (&of.row, &of.row.job);
    let all = |verbs: &[&str]| verbs.iter().map(|verb| format!("tarquet {verb} {job}")).collect();
    match (&row.phase, waiting) {
        (Phase::Held(held), _) => match held.hold {
            Hold::Shards if !held_at(of, held).is_some_and(Stage::can_lose_stopped) => {
                all(&["failures", "retry", "cancel"])
            }
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

/// The stage that a job is held in.
fn held_at<'j>(job: &'j Job, held: &Held) -> Option<&'j Stage> {
    match held.back {
        Back::Running { stage } => job.stage(stage),
        Back::Planning { .. } | Back::Checking => None,
    }
}
