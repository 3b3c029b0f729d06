//! What the coordinator asks of the kinds of jobs. It knows none of them.

use async_trait::async_trait;
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    receipt::Receipt,
    stage_plan::Encoded,
    store::{Store, StoreSettings, Uri},
};
use tarquet_core::{JobOptions, JobRow};

/// What a spec asks for, as far as the engine understands it.
#[derive(Clone, Debug)]
pub struct Intent {
    /// What people call the job.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// The kind's stages; the last is `publish`.
    pub stages: Vec<String>,
    /// Where the dataset goes.
    pub output: Uri,
    /// How to reach the output, and the job's own objects beside it.
    pub store: StoreSettings,
    /// Where the job's own objects go: `<output>.tarquet`, unless the spec names another.
    pub home: Uri,
    /// Every other place that workers read or write: roots of inputs, indexes.
    pub places: Vec<Uri>,
    /// Publish mode, budget, retries, priority.
    pub options: JobOptions,
    /// The spec with every default filled in, as it is kept.
    pub spec: serde_json::Value,
}

/// A stage to be planned.
#[derive(Clone)]
pub struct PlanAsk {
    /// The job, with its spec.
    pub job: Arc<JobRow>,
    /// The stage's place in the kind's list.
    pub stage: u8,
    /// The receipts of the stages before it, in stage and shard order. A shard that was gone without has none.
    pub receipts: Vec<Vec<Arc<Receipt>>>,
    /// The job's prefix, for what the kind keeps there under names of its own.
    pub job_store: Arc<dyn Store>,
}

/// A plan that is to be the stage's. The same ask must give the same plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan, not yet written.
    pub plan: Encoded,
    /// Items its receipts will account for: what a percentage in the budget is of.
    pub planned_items: u64,
    /// The steps of an attempt, in the order in which bytes meet them.
    pub steps: Vec<String>,
    /// Output partitions it makes.
    pub partitions: u32,
    /// For people.
    pub warnings: Vec<String>,
}

/// A stage that cannot be planned.
#[derive(Clone, Debug)]
pub struct PlanFailed {
    /// Why.
    pub failure: Failure,
    /// No repair and no patience will help: the job fails. Otherwise it is held, or planned again when its
    /// surroundings failed.
    pub fatal: bool,
}

/// All kinds of jobs that this build knows.
#[async_trait]
pub trait Kinds: Send + Sync + 'static {
    /// Reads and validates a spec. No I/O; must not panic on anything.
    fn intake(&self, spec: &serde_json::Value) -> Result<Intent, Failure>;

    /// Plans a stage.
    async fn plan_stage(&self, ask: PlanAsk) -> Result<Planned, PlanFailed>;
}
