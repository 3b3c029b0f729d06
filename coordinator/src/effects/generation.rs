//! Numbers of attempts that are nobody else's.

use super::{
    Executor,
    once::{Once, put_once},
};
use crate::objects::{self, Generation};
use futures::TryStreamExt;
use tarquet_common::{
    failure::Failure,
    store::{Store, list_all},
};
use tarquet_core::JobRow;

/// Writes the first free number above `above` and above all that are there. The object holds chance, so of two
/// coordinators that try the same number one goes on to the next.
pub(super) async fn raise(executor: &Executor, job: &JobRow, above: u32) -> Result<u32, Failure> {
    let store = executor.job_store(job).await?;
    let mut generation = highest(&*store).await?.max(above);
    loop {
        generation = generation.saturating_add(1);
        let ours =
            Generation { generation, unix_ms: executor.clock.unix_ms(), nonce: executor.nonce.clone() };
        match put_once(&*store, &objects::generation(generation), &ours).await? {
            Once::Ours => return Ok(generation),
            Once::Theirs(theirs) if theirs.nonce == ours.nonce => return Ok(generation),
            Once::Theirs(_) => {}
        }
    }
}

/// The highest number that is there; 0 if none.
pub(crate) async fn highest(store: &dyn Store) -> Result<u32, Failure> {
    let mut highest = 0;
    let mut objects = list_all(store, objects::GENERATIONS);
    while let Some(object) = objects.try_next().await? {
        highest = highest.max(object.ok().and_then(|o| objects::generation_of(&o.key)).unwrap_or(0));
    }
    Ok(highest)
}
