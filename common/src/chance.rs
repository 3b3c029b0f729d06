//! Chance, for names that nobody else may choose and waits that nobody else has. Not for secrets. And numbers that
//! look like chance and are none, and the waits made of them: pure, the same seed gives the same.
//!
//! The standard library seeds every thread's hashers from the system's source of chance, and each hasher anew.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 64 bits that differ from call to call and from process to process.
pub fn word() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// 128 bits.
pub fn bits() -> u128 {
    (u128::from(word()) << 64) | u128::from(word())
}

/// 128 bits as 32 hexadecimal digits.
pub fn hex() -> String {
    format!("{:032x}", bits())
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): every bit
/// of the seed changes about half of the bits that come out.
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// How long to wait before what failed `nth` times (from 1) is tried again: doubles from `first_ms` to `most_ms`, of which
/// up to a half is taken off by the seed, so that those who failed together do not come back together.
pub fn backoff_ms(nth: u32, seed: u64, first_ms: u64, most_ms: u64) -> u64 {
    let doubled = first_ms.saturating_mul(1 << nth.saturating_sub(1).min(20));
    let full = doubled.min(most_ms);
    full / 2 + mix(seed) % (full / 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, thread};

    #[test]
    fn it_does_not_repeat() {
        let draw = || (0..1_000).map(|_| bits()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(draw)).collect();
        let drawn: BTreeSet<u128> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
        assert_eq!(drawn.len(), 4_000);
        let halves: BTreeSet<u64> = drawn.iter().flat_map(|b| [*b as u64, (*b >> 64) as u64]).collect();
        assert_eq!(halves.len(), 8_000);
        assert_eq!(hex().len(), 32);
    }

    #[test]
    fn it_is_the_generator_of_the_paper() {
        // The first outputs of SplitMix64 from state 0, as the authors' C program prints them.
        let gamma = 0x9E37_79B9_7F4A_7C15_u64;
        let drawn = [0, gamma, gamma.wrapping_mul(2)].map(mix);
        assert_eq!(drawn, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]);
    }

    #[test]
    fn waits_double_to_a_bound_and_differ_by_seed() {
        for (nth, full) in [(0, 100), (1, 100), (2, 200), (6, 3_200), (7, 5_000), (u32::MAX, 5_000)] {
            let waits: Vec<u64> = (0..100).map(|seed| backoff_ms(nth, seed, 100, 5_000)).collect();
            assert!(waits.iter().all(|ms| (full / 2..=full).contains(ms)), "{nth}: {waits:?}");
            assert!(waits.iter().any(|ms| *ms != waits[0]), "{nth}: {waits:?}");
        }
        assert_eq!(backoff_ms(3, 1, 0, 5_000), 0);
    }
}
