//! Where the member list is cut into partitions.
//!
//! Wanted: (A) cut k is the allowed boundary nearest to k/N of the bytes; (B) every partition has at least one member;
//! (C) when there are fewer than N−1 allowed boundaries, there are fewer partitions; (D) the result depends on nothing but the
//! arguments.

/// A place between two members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boundary {
    /// How many members stand before it.
    pub(super) members: u64,
    /// How many bytes of bodies stand before it.
    pub(super) bytes: u64,
}

/// Picks at most `partitions - 1` of the `allowed` boundaries, in order. `allowed` is strictly increasing in `members`, and
/// excludes both ends; `total` is the bytes of all members.
pub(super) fn cut(allowed: &[Boundary], total: u64, partitions: u32) -> Vec<Boundary> {
    let wanted = (partitions.max(1) - 1) as usize;
    if allowed.len() <= wanted {
        return allowed.to_vec();
    }
    let mut cuts = Vec::with_capacity(wanted);
    let mut first = 0;
    for k in 1..=wanted {
        let after = wanted - k; // so many boundaries must be left for the cuts to come
        let choice = nearest(allowed, first, allowed.len() - after, target(total, k, partitions));
        cuts.push(allowed[choice]);
        first = choice + 1;
    }
    cuts
}

/// k/N of the bytes, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "a share of a u64 is a u64")]
fn target(total: u64, k: usize, partitions: u32) -> u64 {
    (u128::from(total) * k as u128 / u128::from(partitions)) as u64
}

/// The boundary in `allowed[from..to]` whose bytes are nearest to `target`; the earlier of two.
fn nearest(allowed: &[Boundary], from: usize, to: usize, target: u64) -> usize {
    let right = from + allowed[from..to].partition_point(|b| b.bytes < target);
    if right == to {
        return to - 1;
    }
    let closer_left = right > from && target - allowed[right - 1].bytes <= allowed[right].bytes - target;
    if closer_left { first_of_equal(allowed, from, right - 1) } else { right }
}

/// Members without bytes make boundaries of equal bytes; the earliest one counts.
fn first_of_equal(allowed: &[Boundary], from: usize, at: usize) -> usize {
    let bytes = allowed[at].bytes;
    from + allowed[from..=at].partition_point(|b| b.bytes < bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(members: u64, size: u64) -> Vec<Boundary> {
        (1..members).map(|m| Boundary { members: m, bytes: m * size }).collect()
    }

    #[test]
    fn even_members_are_cut_evenly() {
        let cuts = cut(&even(100, 10), 1000, 4);
        assert_eq!(cuts.iter().map(|c| c.members).collect::<Vec<_>>(), [25, 50, 75]);
    }

    #[test]
    fn more_partitions_than_boundaries_are_fewer_partitions() {
        assert_eq!(cut(&even(3, 10), 30, 1000).len(), 2);
        assert_eq!(cut(&[], 30, 10), []);
        assert_eq!(cut(&even(3, 10), 30, 1), []);
    }

    #[test]
    fn one_large_member_does_not_starve_the_others() {
        let allowed: Vec<_> =
            [(1, 1000), (2, 1001), (3, 1002)].map(|(members, bytes)| Boundary { members, bytes }).to_vec();
        let cuts = cut(&allowed, 1003, 4);
        assert_eq!(cuts, allowed, "every partition has a member");
        let cuts = cut(&allowed, 1003, 3);
        assert_eq!(cuts.len(), 2);
    }

    #[test]
    fn cuts_are_strictly_increasing_whatever_the_sizes() {
        for seed in 1..200u64 {
            let mut x = seed;
            let mut bytes = 0;
            let allowed: Vec<_> = (1..60)
                .map(|members| {
                    x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    bytes += (x >> 33) % 7 * ((x >> 40) % 100);
                    Boundary { members, bytes }
                })
                .collect();
            for n in 1..70 {
                let cuts = cut(&allowed, bytes + 3, n);
                assert_eq!(cuts.len(), allowed.len().min(n as usize - 1));
                assert!(cuts.windows(2).all(|w| w[0].members < w[1].members));
            }
        }
    }
}
