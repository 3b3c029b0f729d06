//! Chance, for names that nobody else may choose and waits that nobody else has. Not for secrets.
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
}
