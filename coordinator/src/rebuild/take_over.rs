//! Whether a job that this coordinator's ledger does not know may be taken over.
//!
//! Another coordinator may be in charge of it. Where the store keeps its conditions the objects tell the two apart: of
//! each generation, receipt and outcome there is one, whoever writes it first. Where it does not, both would believe to have
//! won; then only a person can know that the other is gone.

use tarquet_common::{
    codes::cluster,
    failure::Failure,
    store::{Store, probe},
};
use tarquet_core::{Snapshot, Verdict};

/// Tries the store that the job is in, unless nothing can go wrong: the job is over, its files are on this machine, or
/// somebody has `said` that no other coordinator is left.
///
/// # Errors
/// `TAKE_OVER_UNSAFE`; what trying the store said.
pub(crate) async fn may_take_over(store: &dyn Store, snapshot: &Snapshot, said: bool) -> Result<(), Failure> {
    let dead = matches!(snapshot.outcome, Some(Verdict::Cancel { .. } | Verdict::Fail { .. }));
    if said || snapshot.catalog || dead || store.root().path().is_some() {
        return Ok(());
    }
    let seen = probe(store, "").await?;
    if seen.is_safe() {
        return Ok(());
    }
    let told = format!(
        "job {} is not in this coordinator's ledger, and its store could not keep two coordinators apart",
        snapshot.submit.job
    );
    Err(Failure::new(cluster::TAKE_OVER_UNSAFE, told).at_uri(store.root().to_string()))
}
