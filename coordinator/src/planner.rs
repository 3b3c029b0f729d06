//! What the coordinator asks of the kinds of jobs. It knows none of them.
//!
//! A kind has a [`Planner`]. It says what a spec asks for (an [`Intent`]), whether the job could begin, what each stage
//! is made of ([`Planned`]), and, without writing anything, what the job would do (an [`Outlook`]). The engine reaches
//! planners through [`Kinds`], which hands each job to its kind's.

use crate::{
    objects,
    stores::{OpenStores, parse_uri},
};
use async_trait::async_trait;
use std::sync::Arc;
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    receipt::Receipt,
    spec::{ErrorAction, HoldWhen, Publish, Spec},
    stage_plan::{Encoded, ItemWords, ShardDraft, StageWords},
    store::{Store, StoreSettings, Uri},
};
use tarquet_core::{JobOptions, JobRow, JudgeBudget, OnError, PublishMode, Submit};

/// What a spec asks for, as far as the engine understands it.
#[derive(Clone, Debug)]
pub struct Intent {
    /// What people call the job.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// The kind's word for an item.
    pub item: ItemWords,
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

impl Intent {
    /// What the spec of any kind asks for. Paths become absolute: what is kept means the same wherever it is read.
    ///
    /// # Errors
    /// `BAD_URI`.
    pub fn of(spec: &Spec, stages: &[StageWords], item: ItemWords) -> Result<Self, Failure> {
        let mut spec = spec.clone();
        for place in spec.uris_mut() {
            *place = parse_uri(place)?.to_string();
        }
        let (place, errors) = (spec.place(), spec.errors());
        let roots = spec.objects().uris.iter().map(|input| Ok(parse_uri(input)?.split_glob().0));
        Ok(Self {
            name: spec.display_name().to_owned(),
            kind: spec.kind().as_str().to_owned(),
            item,
            stages: stages.iter().map(|words| words.name.to_owned()).collect(),
            output: parse_uri(place.uri)?,
            store: place.store.clone(),
            home: parse_uri(&place.home())?,
            places: roots.collect::<Result<_, Failure>>()?,
            options: JobOptions {
                publish: match place.publish {
                    Publish::Job => PublishMode::Job,
                    Publish::Shard => PublishMode::Shard,
                },
                on_error: match errors.action {
                    ErrorAction::Quarantine => OnError::Quarantine,
                    ErrorAction::Fail => OnError::Fail,
                },
                max_failed: errors.max_failed,
                judge_budget: match errors.hold {
                    HoldWhen::End => JudgeBudget::AtEnd,
                    HoldWhen::Early => JudgeBudget::AtOnce,
                },
                retries: errors.retries,
                ..JobOptions::default()
            },
            spec: serde_json::to_value(&spec).expect("a spec is plain data"),
        })
    }

    /// The same, with other places that workers read or write.
    ///
    /// # Errors
    /// `BAD_URI`.
    pub fn reaching(mut self, places: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        for place in places {
            self.places.push(parse_uri(&place)?);
        }
        Ok(self)
    }
}

/// A stage to be planned, as a kind sees it.
#[derive(Clone, Copy)]
pub struct StageAsk<'a> {
    /// The job's spec.
    pub spec: &'a Spec,
    /// The stage's name.
    pub stage: &'a str,
    /// The receipts of the stages before it, in stage and shard order. A shard that was gone without has none.
    pub receipts: &'a [Vec<Arc<Receipt>>],
    /// Opens stores.
    pub stores: &'a dyn OpenStores,
    /// The job's prefix, for what the kind keeps there under names of its own.
    pub job_store: &'a dyn Store,
    /// Version and build, written into every file.
    pub created_by: &'a str,
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

/// Takes the bodies of a few items, as far as they were read anyway.
pub type SampleSink<'a> = &'a mut (dyn FnMut(Vec<u8>) + Send);

/// What a job would do, as far as it can be told without writing anything. Figures are those of the kind's planner; where
/// not all of an input could be known ([`exact`](Self::exact) < [`inputs`](Self::inputs)), they are of an estimate.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// Objects that the inputs match.
    pub inputs: u64,
    /// Their bytes.
    pub input_bytes: u64,
    /// Inputs that are known to their end.
    pub exact: u64,
    /// Bytes that have to be read once before the work can be planned, besides being read for the work.
    pub first_pass_bytes: u64,
    /// Items that count.
    pub items: u64,
    /// Items that do not, by the spec's filter.
    pub ignored: u64,
    /// Bytes of the items that count.
    pub item_bytes: u64,
    /// Bytes of the median item.
    pub item_median: u64,
    /// Bytes of the largest item.
    pub item_largest: u64,
    /// Output partitions.
    pub partitions: u32,
    /// The leased stages that are planned by their items, in order; the last makes the partitions.
    pub stages: Vec<StageOutlook>,
    /// For people.
    pub warnings: Vec<String>,
    /// What is wrong with inputs.
    pub problems: Vec<Failure>,
}

/// A stage of an [`Outlook`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageOutlook {
    /// Its name.
    pub stage: &'static str,
    /// Its shards.
    pub shards: u64,
    /// Memory that a slot needs for any of them.
    pub slot_bytes: u64,
}

impl StageOutlook {
    /// What these shards are.
    pub fn of(words: &StageWords, shards: &[ShardDraft]) -> Self {
        let slot_bytes = shards.iter().map(|shard| shard.slot_bytes).max().unwrap_or(0);
        Self { stage: words.name, shards: shards.len() as u64, slot_bytes }
    }
}

/// What a kind brings to the coordinator. It keeps nothing between calls.
#[async_trait]
pub trait Planner: Send + Sync {
    /// The kind's stages, in order; the last is `publish`, which is nobody's to plan.
    fn stages(&self) -> &'static [StageWords];

    /// What a spec asks for. No I/O; must not panic on anything.
    fn intake(&self, spec: &Spec) -> Result<Intent, Failure>;

    /// Looks whether the job could begin: its inputs are there and can be used. Writes nothing.
    async fn preflight(&self, stores: &dyn OpenStores, spec: &Spec) -> Result<(), Failure>;

    /// Plans a stage.
    async fn plan_stage(&self, ask: StageAsk<'_>) -> Result<Planned, Failure>;

    /// What the job would do. Writes nothing.
    async fn outlook(
        &self,
        stores: &dyn OpenStores,
        spec: &Spec,
        sample: SampleSink<'_>,
    ) -> Result<Outlook, Failure>;
}

/// A stage to be planned, as the engine asks for it.
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

/// A stage that cannot be planned.
#[derive(Clone, Debug)]
pub struct PlanFailed {
    /// Why.
    pub failure: Failure,
    /// No repair and no patience will help: the job fails. Otherwise it is held, or planned again when its
    /// surroundings failed.
    pub fatal: bool,
}

/// All kinds of jobs, to the engine. Tests bring kinds of their own.
#[async_trait]
pub trait Kinds: Send + Sync + 'static {
    /// Reads and validates a spec. No I/O; must not panic on anything.
    fn intake(&self, spec: &serde_json::Value) -> Result<Intent, Failure>;

    /// Judges a job that was asked for elsewhere, as its job object says: its spec is one that would be taken here, all else in
    /// it follows from that spec, and it lies where it says. Gives every place that it reads or writes.
    ///
    /// # Errors
    /// What [`Self::intake`] said; `JOB_OBJECT_UNFIT` where object, spec and place disagree.
    fn adopt(&self, asked: &Submit, found_under: &Uri) -> Result<Vec<Uri>, Failure> {
        let intent = self.intake(&asked.spec)?;
        let prefix = objects::job_uri(&intent.home, &asked.job);
        let said = [
            ("kind", &intent.kind, &asked.kind),
            ("stages", &intent.stages.join(" "), &asked.stages.join(" ")),
            ("output", &intent.output.to_string(), &asked.output_uri),
            ("prefix", &prefix.to_string(), &asked.job_uri),
            ("place", &found_under.to_string(), &asked.job_uri),
            ("store", &format!("{:?}", intent.store), &format!("{:?}", asked.store)),
        ];
        if let Some((what, expected, found)) = said.into_iter().find(|(_, expected, found)| expected != found)
        {
            let told = format!("the job object names another {what} than its spec");
            let failure = Failure::new(cluster::JOB_OBJECT_UNFIT, told).at_uri(found_under.to_string());
            return Err(failure.expected(expected, found));
        }
        Ok([intent.places, vec![intent.output, intent.home]].concat())
    }

    /// Plans a stage.
    async fn plan_stage(&self, ask: PlanAsk) -> Result<Planned, PlanFailed>;
}
