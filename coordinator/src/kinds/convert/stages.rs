//! The leased stages of `convert`, planned.

use super::{
    archives::Archives,
    earlier::{check_sample, gone_without, output},
    filter::Filter,
    indexes,
    pinned::pinned_schema,
    shape::{Shape, plan_convert, plan_sample, row_group_bytes},
    tables::{Tables, load_tables},
};
use crate::{
    inputs::{freeze, frozen},
    planner::Planned,
    stores::OpenStores,
};
use std::{collections::BTreeSet, sync::Arc};
use tarquet_common::{
    archive::{ArchiveRef, Container},
    failure::Failure,
    kinds::convert::{
        ConvertShared, ConvertSpec, FreezeBlock, FreezeOutput, FreezeShared, IndexBlock, IndexShared, Output,
        STAGES, SampleShared, Stage,
    },
    memory::SlotParts,
    receipt::Receipt,
    stage_plan::{ShardDraft, encode, encode_block},
    store::Store,
    units::Bytes,
};
use tarquet_container::seek::Spacing;

/// Digits of a partition's number, at least.
const PART_DIGITS_MIN: u32 = 5;
/// Largest body that indexing makes room for: it holds no member, only what it is decompressed through.
const LARGEST_INDEXED: u64 = 8 << 20;

/// What planning any stage needs.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Opens stores.
    pub(super) stores: &'a dyn OpenStores,
    /// The validated spec.
    pub(super) spec: &'a ConvertSpec,
    /// The job prefix.
    pub(super) job: &'a dyn Store,
    /// Version and build, written into every file.
    pub(super) created_by: &'a str,
}

impl Context<'_> {
    /// The archives that were frozen, and what was indexed of them.
    async fn tables(&self, indexed: &[Arc<Receipt>]) -> Result<(Tables, BTreeSet<String>), Failure> {
        let listing = frozen::<ArchiveRef>(self.job).await?;
        let filter = Filter::new(&self.spec.input.members)?;
        let index_store = indexes::open(self.stores, &self.spec.output).await?;
        let without = gone_without(self.job, indexed).await?;
        let tables = load_tables(&*index_store, &listing.inputs, &filter).await?;
        Ok((tables, without))
    }
}

/// One shard per archive that has no valid index yet.
pub(super) async fn index_stage(context: &Context<'_>) -> Result<Planned, Failure> {
    let spec = context.spec;
    let listing = freeze(context.stores, spec.input.objects(), &Archives, context.job).await?;
    let index_store = indexes::open(context.stores, &spec.output).await?;
    let mut shards = Vec::new();
    for archive in listing.inputs.iter().filter(|a| a.container != Container::Loose) {
        if !indexes::exists(&*index_store, archive).await? {
            shards.push(index_shard(archive));
        }
    }
    let shared = IndexShared {
        store: spec.input.store.clone(),
        index_uri: spec.output.index_uri(),
        index_store: spec.output.store.clone(),
        window_spacing: Bytes(spacing(&spec.output, &listing.inputs).window),
        limits: spec.limits.clone(),
    };
    let warnings = listing.warning::<Archives>().into_iter().collect();
    Ok(planned(Stage::Index, &shared, shards, 0, 0, warnings))
}

/// The shard that indexes an archive.
pub(super) fn index_shard(archive: &ArchiveRef) -> ShardDraft {
    ShardDraft {
        slot_bytes: SlotParts::of(LARGEST_INDEXED, 0).total(),
        cost_bytes: archive.size,
        items: 0,
        partition_first: 0,
        partition_count: 0,
        block: encode_block(&IndexBlock { archive: archive.clone(), index_key: archive.index_key() }),
    }
}

/// How far the seek points of an index are apart: by what a partition will hold, guessed from compressed sizes. Windows need
/// no better.
pub(super) fn spacing(output: &Output, archives: &[ArchiveRef]) -> Spacing {
    let size: u64 = archives.iter().map(|a| a.size).sum();
    Spacing::for_partition(match Shape::of(output) {
        Shape::Partitions(n) => size / u64::from(n.max(1)),
        Shape::PartitionBytes(bytes) => bytes,
    })
}

/// A few shards that decode a sample of the members. `indexed` are the receipts of the index stage.
pub(super) async fn sample_stage(
    context: &Context<'_>,
    indexed: &[Arc<Receipt>],
) -> Result<Planned, Failure> {
    let spec = context.spec;
    let (tables, without) = context.tables(indexed).await?;
    let plan = plan_sample(tables.to_plan(&without)?, &spec.schema);
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
pub(super) async fn freeze_stage(
    context: &Context<'_>,
    indexed: &[Arc<Receipt>],
    sampled: &[Arc<Receipt>],
) -> Result<Planned, Failure> {
    let (tables, without) = context.tables(indexed).await?;
    let planned_items: u64 = tables.to_plan(&without)?.iter().map(|t| t.members.len() as u64).sum();
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

/// One shard per partition, but for archives that can only be streamed.
pub(super) async fn convert_stage(
    context: &Context<'_>,
    indexed: &[Arc<Receipt>],
    frozen: &Receipt,
) -> Result<Planned, Failure> {
    let spec = context.spec;
    let (tables, without) = context.tables(indexed).await?;
    let FreezeOutput { schema, mut warnings, .. } = output(frozen)?;
    let shape = Shape::of(&spec.output);
    let mut plan = plan_convert(tables.to_plan(&without)?, shape, row_group_bytes(&spec.output));
    warnings.extend(tables.warnings());
    let lost =
        tables.unindexed.iter().map(|a| format!("{} is gone on without: it could not be indexed", a.uri));
    warnings.extend(lost);
    if schema.is_some() {
        warnings.extend(plan.warning(shape));
    } else {
        // Every member there is failed in the sample: all go to quarantine, and nothing is written.
        plan.shards.iter_mut().for_each(|shard| shard.partition_count = 0);
        plan.partitions = 0;
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
