//! Waiting between tries, and other small change of chance.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

/// Waits before try number `attempt + 1`: from 100 ms doubling up to 5 s, between half and the whole of it.
pub(crate) async fn pause(attempt: u32) {
    let whole = (100_u64 << attempt.saturating_sub(1).min(6)).min(5_000);
    tokio::time::sleep(Duration::from_millis(whole / 2 + chance() % (whole / 2 + 1))).await;
}

/// 64 bits that differ from call to call and from process to process. Not for secrets.
pub(crate) fn chance() -> u64 {
    // The standard library seeds every such state anew from the system's randomness.
    RandomState::new().build_hasher().finish()
}
