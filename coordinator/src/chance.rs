//! Chance, for names that nobody else may choose.

use std::hash::{BuildHasher, RandomState};

/// 128 bits. The standard library seeds its hashers from the system's source of chance.
pub(crate) fn bits() -> u128 {
    let word = || u128::from(RandomState::new().hash_one(std::process::id()));
    (word() << 64) | (word() ^ u128::from(RandomState::new().hash_one(0_u8)))
}

/// 128 bits as hexadecimal digits.
pub(crate) fn hex() -> String {
    format!("{:032x}", bits())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_does_not_repeat() {
        let drawn: std::collections::BTreeSet<_> = (0..100).map(|_| super::bits()).collect();
        assert_eq!(drawn.len(), 100);
    }
}
