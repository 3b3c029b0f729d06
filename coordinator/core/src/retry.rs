//! What a failed attempt means for its shard: a function of numbers.
//!
//! | class | verdict |
//! |---|---|
//! | `Input` | the shard is stopped: its input will not change by trying |
//! | `Environment` | charged; again after a delay, elsewhere if possible; out of retries → stopped, job held |
//! | `Denied`, `Usage` | stopped, job held at once |
//! | `Lost` | again at once, not charged |
//! | `Bug` | once more; then stopped, job held |

use crate::{
    phase::Hold,
    settings::Settings,
    state::{History, Shard},
};
use tarquet_common::{
    chance,
    failure::{Class, Failure},
    ids::{AttemptId, ShardId},
};

pub(crate) use tarquet_common::chance::mix;

/// What happens to the shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Back to the queue after so long.
    Again { delay_ms: u64 },
    /// Not tried again in this round; holds the job at once if there is a kind of hold.
    Stop { hold: Option<Hold> },
}

/// Charges the failure to the shard and says what happens.
pub(crate) fn judge(shard: &mut Shard, failure: &Failure, retries: u32, settings: &Settings) -> Judgement {
    let history = &mut shard.history;
    match failure.class() {
        Class::Input => Judgement::Stop { hold: None },
        Class::Denied | Class::Usage => Judgement::Stop { hold: Some(Hold::Denied) },
        Class::Lost => Judgement::Again { delay_ms: 0 },
        Class::Bug => {
            history.bugs += 1;
            match history.bugs {
                0 | 1 => Judgement::Again { delay_ms: 0 },
                _ => Judgement::Stop { hold: Some(Hold::Bug) },
            }
        }
        Class::Environment => {
            history.charged += 1;
            if history.charged > retries {
                return Judgement::Stop { hold: Some(Hold::OutOfRetries) };
            }
            let seed = seed_of(&shard.id) ^ u64::from(history.charged);
            Judgement::Again { delay_ms: backoff_ms(history.charged, seed, settings) }
        }
    }
}

/// The item on which the decoder died. With the second separate attempt it is a killer: it is skipped from now on, and the failure
/// needs no other judgement.
pub(crate) fn suspect(history: &mut History, item: u32, attempt: AttemptId) -> bool {
    let attempts = history.suspects.entry(item).or_default();
    attempts.insert(attempt);
    if attempts.len() < 2 {
        return false;
    }
    history.suspects.remove(&item);
    history.skip.insert(item);
    true
}

/// Doubles from the base, capped; the upper half is jitter, the same for the same seed.
pub(crate) fn backoff_ms(nth: u32, seed: u64, settings: &Settings) -> u64 {
    chance::backoff_ms(nth, seed, settings.backoff_base_ms, settings.backoff_max_ms)
}

/// A number that differs between shards.
pub(crate) fn seed_of(shard: &ShardId) -> u64 {
    let text = shard.job.as_str().bytes().fold(0u64, |h, b| mix(h ^ u64::from(b)));
    mix(text ^ (u64::from(shard.stage) << 32) ^ u64::from(shard.shard))
}
