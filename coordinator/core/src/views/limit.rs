//! What keeps a stage from going faster.

use crate::state::State;
use tarquet_common::ids::JobId;

/// Steps in the order in which bytes meet them.
const STEPS: [&str; 5] = ["fetch", "decompress", "decode", "encode", "upload"];

/// The step that most attempts of a stage say they spend their time in; the earlier one where two are equal. Only leases
/// are looked at, of which there are as many as slots.
pub(super) fn limit(state: &State, job: &JobId, stage: u8) -> Option<String> {
    let held = state.held.values().flat_map(|held| held.keys());
    let here = held.filter(|(shard, _)| &shard.job == job && shard.stage == stage);
    let said =
        here.filter_map(|(shard, attempt)| Some(&state.shard_at(shard)?.lease(*attempt)?.progress.step));
    most(said.map(String::as_str)).map(str::to_owned)
}

/// The most frequent of the known words.
fn most<'a>(said: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let mut counts = [0_u32; STEPS.len()];
    for word in said {
        if let Some(at) = STEPS.iter().position(|step| *step == word) {
            counts[at] += 1;
        }
    }
    let largest = counts.into_iter().max().filter(|n| *n > 0)?;
    counts.iter().position(|n| *n == largest).map(|at| STEPS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_step_wins_and_silence_says_nothing() {
        assert_eq!(most(["encode", "fetch", "encode"].into_iter()), Some("encode"));
        assert_eq!(most(["upload", "fetch"].into_iter()), Some("fetch"));
        assert_eq!(most(["", "sleeping"].into_iter()), None);
        assert_eq!(most([].into_iter()), None);
    }
}
