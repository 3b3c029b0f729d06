//! Taking back what an attempt has begun.

use crate::agent::Stop;
use std::{future::Future, time::Duration};
use tarquet_common::{codes::store as codes, failure::Failure};

/// How long an attempt that was stopped waits for the store to forget an upload. One that stays behind is never completed
/// and is swept when its job ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits for an abort; once the attempt is stopped, for a few seconds at most.
pub(crate) async fn abort_or_leave<E: Into<Failure>>(
    stop: &Stop,
    abort: impl Future<Output = Result<(), E>>,
) -> Result<(), Failure> {
    let left = async {
        stop.raised().await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        biased;
        done = abort => done.map_err(Into::into),
        () = left => Err(Failure::new(codes::STORE_UNREACHABLE, "the store did not answer before the worker had to go")),
    }
}
