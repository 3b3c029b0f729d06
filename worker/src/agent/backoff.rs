//! How long to wait before saying it again.

use std::time::Duration;

const FIRST_MS: u64 = 100;
const LAST_MS: u64 = 5_000;

/// Doubles from 100 ms to 5 s, each wait shortened by up to a half, so that workers which lost their
/// coordinator together do not come back together.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    tries: u32,
    seed: u64,
}

impl Backoff {
    /// `seed` differs between workers and between calls.
    pub(super) fn new(seed: u64) -> Self {
        Self { tries: 0, seed }
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let full = FIRST_MS.saturating_mul(1 << self.tries.min(16)).min(LAST_MS);
        self.tries += 1;
        self.seed = scramble(self.seed);
        Duration::from_millis(full - self.seed % (full / 2))
    }
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_differ_between_workers() {
        let waits = |seed| {
            let mut b = Backoff::new(seed);
            (0..40).map(|_| b.next().as_millis()).collect::<Vec<_>>()
        };
        let a = waits(1);
        assert!(a[0] <= 100 && a[0] > 49);
        assert!(a.iter().all(|&ms| ms <= u128::from(LAST_MS)));
        assert!(a[30..].iter().all(|&ms| ms > u128::from(LAST_MS / 2) - 1));
        assert_ne!(a, waits(2));
    }
}
