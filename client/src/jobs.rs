//! What people and scripts may ask of a coordinator, whatever carries it.
//!
//! Two implementations exist: a coordinator's handle in its own process (`tarquet_coordinator::CoordinatorHandle`), and
//! [`RemoteJobs`](crate::RemoteJobs) over gRPC. Whoever speaks to this trait need not know which.
//!
//! A job is named by its id, by any unambiguous beginning of it, or as `@last`.

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use tarquet_common::{
    failure::Failure,
    ids::{JobId, WorkerId},
    store::StoreSettings,
};
use tarquet_core::views::{FailureCount, JobLine, JobStatus, ShardFilter, ShardPage, WorkerLine};

/// Most lines of one page.
pub const PAGE_MAX: usize = 1_000;

/// Why a wish had no effect.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JobsError {
    /// The coordinator cannot be reached; the same call may be repeated.
    #[error("the coordinator cannot be reached: {0}")]
    Unreachable(String),
    /// The coordinator says no.
    #[error("{0}")]
    Refused(Box<Failure>),
}

impl From<Failure> for JobsError {
    fn from(failure: Failure) -> Self {
        Self::Refused(Box::new(failure))
    }
}

/// The job of a submit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// The job.
    pub job: JobId,
    /// The token was known: it is the job of an earlier submit.
    pub known: bool,
}

/// A job taken over from its objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The job.
    pub job: JobId,
    /// The coordinator knew less than the store.
    pub rebuilt: bool,
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// Wall clock, milliseconds since the epoch.
    pub at_unix_ms: u64,
    /// The job, if it is about one.
    pub job: Option<JobId>,
    /// Its kind, one word.
    pub event: String,
    /// One line for people.
    pub text: String,
}

/// Some lines of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lines<T> {
    /// In the list's order.
    pub lines: Vec<T>,
    /// There are more.
    pub more: bool,
}

/// A wish about a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Steer {
    /// End without publishing.
    Cancel {
        /// Why.
        reason: String,
    },
    /// No new leases.
    Pause,
    /// Lease again.
    Resume,
    /// Open a new round for what failed.
    Retry,
    /// Go on without what failed.
    Accept,
    /// Reorder; larger goes first.
    Priority(i32),
    /// Remove it from the coordinator once it is over.
    Forget,
}

/// Statuses of one job as they change; ends after the last one.
pub type Statuses = BoxStream<'static, Result<JobStatus, JobsError>>;

/// What a person may ask of a coordinator.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Asks for a job. Returns when its output is claimed. A repeat under the same token gets the first one's job.
    async fn submit(&self, token: String, spec: serde_json::Value) -> Result<Submitted, JobsError>;
    /// The whole id of a job.
    async fn resolve(&self, job: &str) -> Result<JobId, JobsError>;
    /// The status of a job, now.
    async fn status(&self, job: &str) -> Result<JobStatus, JobsError>;
    /// The status of a job, now and whenever it changed, at most twice a second.
    async fn watch(&self, job: &str) -> Result<Statuses, JobsError>;
    /// The spec of a job with every default filled in.
    async fn spec(&self, job: &str) -> Result<serde_json::Value, JobsError>;
    /// Jobs older than `before`, newest first.
    async fn jobs(&self, before: Option<JobId>, limit: usize) -> Result<Lines<JobLine>, JobsError>;
    /// Shards of a job from (stage, shard) on.
    async fn shards(
        &self,
        job: &str,
        filter: ShardFilter,
        from: (u8, u32),
        limit: usize,
    ) -> Result<ShardPage, JobsError>;
    /// Workers after one, by name.
    async fn workers(&self, after: Option<WorkerId>, limit: usize) -> Result<Lines<WorkerLine>, JobsError>;
    /// The last events of a job, or of all; oldest first.
    async fn events(&self, job: Option<&str>, limit: usize) -> Result<Vec<EventLine>, JobsError>;
    /// What went wrong with shards, by code.
    async fn failures(&self, job: &str) -> Result<Vec<FailureCount>, JobsError>;
    /// Has a wish about a job fulfilled. Returns when that is durable.
    async fn steer(&self, job: &str, steer: Steer) -> Result<JobId, JobsError>;
    /// Has a worker finish or hand back what it holds and leave.
    async fn drain(&self, worker: WorkerId) -> Result<(), JobsError>;
    /// Takes over a job from the objects under its prefix, or catches up with them.
    async fn adopt(&self, job_uri: &str, store: StoreSettings) -> Result<Adopted, JobsError>;
}
