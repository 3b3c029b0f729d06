//! What keeps a stage from going faster.

use crate::state::State;
use tarquet_common::ids::JobId;

/// The step that most attempts of a stage say they spend their time in; the earlier one where two are equal. Only leases
/// are looked at, of which there are as many as slots.
pub(super) fn limit(state: &State, job: &JobId, stage: u8) -> Option<String> {
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
