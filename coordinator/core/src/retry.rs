//! What a failed attempt means for its shard: a function of numbers.
//!
//! | class | verdict |
//! |---|---|
//! | `Input` | the shard is stopped: its input will not change by trying |
//! | `Environment` | charged; again after a delay, elsewhere if possible; out of retries → stopped, job held |
//! | `Denied`, `Usage` | stopped, job held at once |
//! | `Lost` | again at once, not charged |
//! | `Bug` | once more; then stopped, job held |

use crate::{phase::Hold, rows::ShardRow, settings::Settings};
use tarquet_common::{
    failure::{Class, Failure},
    ids::{AttemptId, ShardId},
    jitter,
};

pub(crate) use tarquet_common::jitter::mix;

/// What happens to the shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Back to the queue after so long.
    Again { delay_ms: u64 },
    /// Not tried again in this round; holds the job at once if there is a kind of hold.
    Stop { hold: Option<Hold> },
}

/// Charges the failure to the row and says what happens.
pub(crate) fn judge(row: &mut ShardRow, failure: &Failure, retries: u32, settings: &Settings) -> Verdict {
    match failure.class() {
        Class::Input => Verdict::Stop { hold: None },
        Class::Denied | Class::Usage => Verdict::Stop { hold: Some(Hold::Denied) },
        Class::Lost => Verdict::Again { delay_ms: 0 },
        Class::Bug => {
            row.bugs += 1;
            match row.bugs {
                0 | 1 => Verdict::Again { delay_ms: 0 },
                _ => Verdict::Stop { hold: Some(Hold::Bug) },
            }
        }
        Class::Environment => {
            row.charged += 1;
            if row.charged > retries {
                return Verdict::Stop { hold: Some(Hold::OutOfRetries) };
            }
            let seed = seed_of(&row.shard) ^ u64::from(row.charged);
            Verdict::Again { delay_ms: backoff_ms(row.charged, seed, settings) }
        }
    }
}

/// The member on which the decoder died. With the second separate attempt it is a killer: it is skipped from now on, both
/// attempts are charged to it instead of to the shard, and the failure needs no other judgement.
pub(crate) fn suspect(row: &mut ShardRow, member: u32, attempt: AttemptId) -> bool {
    let attempts = row.suspects.entry(member).or_default();
    attempts.insert(attempt);
    if attempts.len() < 2 {
        return false;
    }
    row.suspects.remove(&member);
    row.skip.insert(member);
    row.charged = row.charged.saturating_sub(1);
    true
}

/// Doubles from the base, capped; the upper half is jitter, the same for the same seed.
pub(crate) fn backoff_ms(nth: u32, seed: u64, settings: &Settings) -> u64 {
    jitter::backoff_ms(nth, seed, settings.backoff_base_ms, settings.backoff_max_ms)
}

/// A number that differs between shards.
pub(crate) fn seed_of(shard: &ShardId) -> u64 {
    let text = shard.job.as_str().bytes().fold(0u64, |h, b| mix(h ^ u64::from(b)));
    mix(text ^ (u64::from(shard.stage) << 32) ^ u64::from(shard.shard))
}
