//! Numbers that look like chance and are none, and the waits made of them. Pure: the same seed gives the same.

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
