//! Refusals in the log: enough to see an attack, never so many that they are one.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tarquet_common::failure::Failure;
use tokio::time::Instant;

/// At most one line in this time.
const EVERY: Duration = Duration::from_secs(10);

/// What was told last, and how much was not.
#[derive(Default)]
pub(super) struct Told(Mutex<(Option<Instant>, u64)>);

impl Told {
    /// A call was refused. The token is no part of what is told.
    pub(super) fn refused(&self, from: Option<SocketAddr>, path: &str, why: &Failure) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0.is_some_and(|at| at.elapsed() < EVERY) {
            last.1 += 1;
            return;
        }
        let since = std::mem::take(&mut last.1);
        last.0 = Some(Instant::now());
        drop(last);
        // A path is the caller's text: cut, and quoted by the log.
        let path: String = path.chars().take(100).collect();
        tracing::warn!(?from, path, code = %why.code, others = since, "refused: {why}");
    }
}
