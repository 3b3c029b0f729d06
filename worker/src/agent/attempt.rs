//! What the agent asks of those who do the work.

use super::{progress::ProgressCell, stop::Stop};
use async_trait::async_trait;
use std::sync::Arc;
use tarquet_common::{failure::Failure, leasing::Lease, receipt::Receipt};

/// What an attempt is given besides its lease.
#[derive(Clone, Debug)]
pub struct AttemptContext {
    /// Where it tells how far it is. Read by the renewals.
    pub progress: Arc<ProgressCell>,
    /// Raised when it should end early. It may end with any failure then; none is reported.
    pub stop: Stop,
    /// Memory it may use, in bytes: fetch, ring, row group and upload parts together.
    pub slot_bytes: u64,
}

/// The work behind a lease: one implementation dispatches on the lease's kind and stage.
#[async_trait]
pub trait Attempt: Send + Sync + 'static {
    /// Does the shard and returns the proof. Everything it began and does not hand in with a receipt it cleans
    /// up itself, also when it fails or is stopped.
    ///
    /// CPU work belongs on other threads: this future shares its thread with the renewals.
    async fn run(&self, lease: &Lease, context: AttemptContext) -> Result<Receipt, Failure>;

    /// Aborts the uploads of a receipt that lost. Errors are its own to log: an upload that stays behind
    /// is never completed.
    async fn discard(&self, lease: &Lease, receipt: &Receipt);
}
