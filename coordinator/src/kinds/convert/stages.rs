//! The leased stages of `convert`, planned.

use super::{
    filter::Filter,
    indexes,
    inputs::{freeze_inputs, frozen_inputs},
    pinned::pinned_schema,
    plans::read_blocks,
    pure::{SamplePlan, Shape, plan_convert, plan_sample},
    tables::{Tables, load_tables},
};
use crate::{planner::Planned, stores::OpenStores};
use std::{collections::BTreeSet, sync::Arc};
use tarquet_common::{
    archive::ArchiveRef,
    codes::plan as codes,
    failure::Failure,
    kinds::convert::{
        ConvertShared, ConvertSpec, FreezeBlock, FreezeOutput, FreezeShared, IndexBlock, IndexShared, Output,
        STAGES, SampleOutput, SampleShared, Stage,
    },
    memory::SlotParts,
    receipt::Receipt,
    spec::{RowGroup, SchemaMode},
    stage_plan::{ShardDraft, encode, encode_block},
    store::{Store, Uri},
    units::Bytes,
};
use tarquet_container::{Container, seek::Spacing};

/// Digits of a partition's number, at least.
const PART_DIGITS_MIN: u32 = 5;
/// Row groups are capped at so many rows by the encoder; `one` needs what the partition has.
const LARGEST_INDEXED: u64 = 8 << 20;

/// What planning any stage needs.
#[derive(Clone)]
pub struct Context<'a> {
    /// Opens stores.
    pub stores: &'a dyn OpenStores,
    /// The validated spec.
    pub spec: &'a ConvertSpec,
    /// The job prefix.
    pub job: Arc<dyn Store>,
    /// Version and build, written into every file.
    pub created_by: &'a str,
}

impl Context<'_> {
    async fn index_store(&self) -> Result<Arc<dyn Store>, Failure> {
        let uri = Uri::parse_here(&self.spec.output.index_uri())
            .map_err(|e| Failure::new(tarquet_common::codes::spec::BAD_URI, e.to_string()))?;
        self.stores.open(&uri, &self.spec.output.store).await.map_err(Failure::from)
    }
}

/// One shard per archive that has no valid index yet.
pub async fn index_stage(context: &Context<'_>) -> Result<Planned, Failure> {
    let spec = context.spec;
    let listing = freeze_inputs(context.stores, spec, &*context.job).await?;
    let index_store = context.index_store().await?;
    let mut shards = Vec::new();
    for archive in listing.archives.iter().filter(|a| a.container != Container::Loose) {
        if !indexes::exists(&*index_store, archive).await? {
            shards.push(index_shard(archive));
        }
    }
    let shared = IndexShared {
        store: spec.input.store.clone(),
        index_uri: spec.output.index_uri(),
        index_store: spec.output.store.clone(),
        window_spacing: Bytes(Spacing::for_partition(partition_bytes(spec, &listing.archives)).window),
        limits: spec.limits.clone(),
    };
    let mut warnings = Vec::new();
    if listing.ignored > 0 {
        warnings
            .push(format!("{} objects in input folders are no archives and are ignored", listing.ignored));
    }
    Ok(planned(Stage::Index, &shared, shards, 0, 0, warnings))
}

fn index_shard(archive: &ArchiveRef) -> ShardDraft {
    ShardDraft {
        slot_bytes: SlotParts::of(LARGEST_INDEXED, 0).total(),
        cost_bytes: archive.size,
        items: 0,
        partition_first: 0,
        partition_count: 0,
        block: encode_block(&IndexBlock { archive: archive.clone(), index_key: archive.index_key() }),
    }
}

/// What a partition will hold, guessed from compressed sizes: windows need no better.
fn partition_bytes(spec: &ConvertSpec, archives: &[ArchiveRef]) -> u64 {
    let size: u64 = archives.iter().map(|a| a.size).sum();
    match (spec.output.partitions, spec.output.partition_bytes) {
        (Some(n), _) => size / u64::from(n.max(1)),
        (None, Some(b)) => b.0,
        (None, None) => Output::DEFAULT_PARTITION_BYTES.0,
    }
}

/// A few shards that decode a sample of the members.
///
/// `indexed` are the receipts of the index stage, `excluded` the archives it is gone on without.
pub async fn sample_stage(context: &Context<'_>, indexed: &[Arc<Receipt>]) -> Result<Planned, Failure> {
    let tables = tables(context, indexed).await?;
    let spec = context.spec;
    let plan = match spec.schema.mode {
        SchemaMode::Infer => plan_sample(&tables.tables, Some(spec.schema.sample)),
        SchemaMode::Scan => plan_sample(&tables.tables, None),
        SchemaMode::Pinned => SamplePlan::default(),
    };
    let shared = SampleShared {
        store: spec.input.store.clone(),
        index_uri: spec.output.index_uri(),
        index_store: spec.output.store.clone(),
        hdf5_key: spec.input.hdf5.key.clone(),
        limits: spec.limits.clone(),
    };
    Ok(planned(Stage::Sample, &shared, plan.shards, plan.sampled, 0, Vec::new()))
}

/// One shard that decides the schema.
///
/// # Errors
/// `NOTHING_SAMPLED` when the whole sample failed and there are members outside it.
pub async fn freeze_stage(
    context: &Context<'_>,
    indexed: &[Arc<Receipt>],
    sampled: &[Arc<Receipt>],
) -> Result<Planned, Failure> {
    let tables = tables(context, indexed).await?;
    let planned_items: u64 = tables.tables.iter().map(|t| t.members.len() as u64).sum();
    let spec = context.spec;
    let pinned = pinned_schema(context.stores, spec).await?;
    if pinned.is_none() {
        check_sample(sampled, planned_items)?;
    }
    let shared = FreezeShared {
        schema: spec.schema.clone(),
        index: spec.output.index,
        timestamps: spec.output.timestamps,
        provenance: spec.output.provenance,
        profile: spec.output.profile,
        compression: spec.output.compression,
        planned: planned_items,
        pinned,
    };
    let mut sampled: Vec<&Arc<Receipt>> = sampled.iter().collect();
    sampled.sort_by_key(|r| r.shard.shard);
    let sampled = sampled.iter().map(|r| r.output.to_string().into_bytes()).collect();
    let shard = ShardDraft {
        slot_bytes: SlotParts::of(0, 0).total(),
        cost_bytes: 1,
        block: encode_block(&FreezeBlock { sampled }),
        ..ShardDraft::default()
    };
    Ok(planned(Stage::Freeze, &shared, vec![shard], 0, 0, Vec::new()))
}

/// A sample that failed whole decides nothing, unless it was all there is.
fn check_sample(sampled: &[Arc<Receipt>], planned: u64) -> Result<(), Failure> {
    let mut all = SampleOutput::default();
    for receipt in sampled {
        let one: SampleOutput = output(receipt)?;
        all.members += one.members;
        all.failed += one.failed;
        all.failures.extend(one.failures);
    }
    if all.failed < all.members || all.members == planned {
        return Ok(());
    }
    let text = format!("all {} sampled of {planned} members failed", all.members);
    let mut failure = Failure::new(codes::NOTHING_SAMPLED, text);
    if let Some(first) = all.failures.first() {
        failure = failure.at_uri(&first.uri).at_member(&first.member);
        failure.causes.push(format!("{}: {}", first.failure.code, first.failure.message));
    }
    Err(failure)
}

fn output<T: serde::de::DeserializeOwned>(receipt: &Receipt) -> Result<T, Failure> {
    serde_json::from_value(receipt.output.clone()).map_err(|e| {
        let text = format!("what shard {} found cannot be read", receipt.shard);
        Failure::new(codes::PLAN_UNREADABLE, text).caused_by(&e)
    })
}

/// One shard per partition, but for archives that can only be streamed.
pub async fn convert_stage(
    context: &Context<'_>,
    indexed: &[Arc<Receipt>],
    frozen: &Receipt,
) -> Result<Planned, Failure> {
    let spec = context.spec;
    let tables = tables(context, indexed).await?;
    let FreezeOutput { schema, mut warnings, .. } = output(frozen)?;
    let shape = match (spec.output.partitions, spec.output.partition_bytes) {
        (Some(n), _) => Shape::Partitions(n),
        (None, bytes) => Shape::PartitionBytes(bytes.unwrap_or(Output::DEFAULT_PARTITION_BYTES).0),
    };
    let row_group = match spec.output.row_group {
        RowGroup::Bytes(b) => Some(b.0),
        RowGroup::One => None,
    };
    let mut plan = plan_convert(&tables.tables, shape, row_group);
    if schema.is_none() {
        for shard in &mut plan.shards {
            shard.partition_count = 0;
        }
        plan.partitions = 0;
    }
    warnings.extend(table_warnings(&tables));
    if schema.is_some() && spec.output.partitions.is_some() && plan.partitions < plan.asked {
        warnings.push(format!(
            "{} partitions, not {}: there are no more places to cut",
            plan.partitions, plan.asked
        ));
    }
    let shared = ConvertShared {
        store: spec.input.store.clone(),
        output_store: spec.output.store.clone(),
        index_uri: spec.output.index_uri(),
        hdf5_key: spec.input.hdf5.key.clone(),
        limits: spec.limits.clone(),
        schema,
        profile: spec.output.profile,
        compression: spec.output.compression,
        row_group: spec.output.row_group,
        provenance: spec.output.provenance,
        part_digits: PART_DIGITS_MIN.max(plan.partitions.saturating_sub(1).to_string().len() as u32),
        action: spec.errors.action,
        created_by: context.created_by.to_owned(),
    };
    Ok(planned(Stage::Convert, &shared, plan.shards, plan.members, plan.partitions, warnings))
}

async fn tables(context: &Context<'_>, indexed: &[Arc<Receipt>]) -> Result<Tables, Failure> {
    let listing = frozen_inputs(&*context.job).await?;
    let filter = Filter::new(&context.spec.input.members)?;
    let index_store = context.index_store().await?;
    let without = gone_without(&*context.job, indexed).await?;
    load_tables(&*index_store, &listing, &filter, &|archive| without.contains(&archive.uri)).await
}

/// Archives that the index stage had a shard for and ended without a receipt of: `accept` said to go on without them.
async fn gone_without(job: &dyn Store, indexed: &[Arc<Receipt>]) -> Result<BTreeSet<String>, Failure> {
    let done: BTreeSet<u32> = indexed.iter().map(|r| r.shard.shard).collect();
    let blocks: Vec<IndexBlock> = read_blocks(job, 0).await?;
    let without = (0u32..).zip(blocks).filter(|(shard, _)| !done.contains(shard));
    Ok(without.map(|(_, block)| block.archive.uri).collect())
}

fn table_warnings(tables: &Tables) -> Vec<String> {
    let mut warnings = Vec::new();
    for (kind, n) in &tables.ignored.not_files {
        warnings.push(format!("{n} members that match are of kind {kind}: reported, not followed"));
    }
    if tables.ignored.unmatched > 0 {
        warnings.push(format!(
            "{} members do not match the member filter and are ignored",
            tables.ignored.unmatched
        ));
    }
    if tables.duplicates > 0 {
        warnings
            .push(format!("{} members have a name that another member has; each counts", tables.duplicates));
    }
    for uri in &tables.excluded {
        warnings.push(format!("{uri} is gone on without: it could not be indexed"));
    }
    warnings
}

fn planned<S: serde::Serialize>(
    stage: Stage,
    shared: &S,
    shards: Vec<ShardDraft>,
    planned_items: u64,
    partitions: u32,
    warnings: Vec<String>,
) -> Planned {
    let shared = serde_json::to_vec(shared).expect("a plan's shared part is plain data");
    let steps = STAGES[stage as usize].steps.iter().map(|step| (*step).to_owned()).collect();
    Planned { plan: encode(&shared, shards), planned_items, steps, partitions, warnings }
}
