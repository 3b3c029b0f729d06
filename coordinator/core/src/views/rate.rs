//! How fast a job is, and what keeps it from being faster.

use crate::state::{Job, State};
use serde::{Deserialize, Serialize};
use tarquet_common::ids::JobId;

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

/// The rate over the last samples.
pub(crate) fn rate(state: &State, job: &Job, current: Option<u8>) -> Rate {
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

/// The step that most attempts of a stage say they spend their time in; the earlier one where two are equal. Only leases
/// are looked at, of which there are as many as slots.
pub(crate) fn limit(state: &State, job: &JobId, stage: u8) -> Option<String> {
    let held = state.held.values().flat_map(|held| held.keys());
    let here = held.filter(|(shard, _)| &shard.job == job && shard.stage == stage);
    let said =
        here.filter_map(|(shard, attempt)| Some(&state.shard_at(shard)?.lease(*attempt)?.progress.step));
    most(&state.stage(job, stage)?.steps, said.map(String::as_str)).map(str::to_owned)
}

/// The most frequent of the stage's `steps`.
fn most<'s, 'a>(steps: &'s [String], said: impl Iterator<Item = &'a str>) -> Option<&'s str> {
    let mut counts = vec![0_u32; steps.len()];
    for word in said {
        if let Some(at) = steps.iter().position(|step| step == word) {
            counts[at] += 1;
        }
    }
    let largest = counts.iter().copied().max().filter(|n| *n > 0)?;
    counts.iter().position(|n| *n == largest).map(|at| steps[at].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_step_wins_and_silence_says_nothing() {
        let steps = ["fetch", "encode", "upload"].map(str::to_owned);
        let most = |said: &[&'static str]| most(&steps, said.iter().copied());
        assert_eq!(most(&["encode", "fetch", "encode"]), Some("encode"));
        assert_eq!(most(&["upload", "fetch"]), Some("fetch"));
        assert_eq!(most(&["", "sleeping"]), None);
        assert_eq!(most(&[]), None);
    }
}
