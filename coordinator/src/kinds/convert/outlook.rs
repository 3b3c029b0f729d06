//! What a job would do. Nothing is written: indexes that are there are read, and heads of archives that have none.

use super::{
    archives::Archives,
    estimate::Estimator,
    filter::Filter,
    head::{Head, read_head},
    indexes,
    shape::{ArchiveTable, Shape, plan_convert, plan_sample, row_group_bytes},
    stages::{index_shard, spacing},
    tables::load_tables,
};
use crate::{
    inputs::list,
    planner::{Outlook, SampleSink, StageOutlook},
    stores::OpenStores,
};
use std::collections::BTreeSet;
use tarquet_common::{
    archive::{ArchiveRef, Container},
    failure::Failure,
    kinds::convert::{ConvertSpec, STAGES, Stage},
    stage_plan::ShardDraft,
};

/// Heads that are read, spread over all archives that want one.
const HEADS: usize = 8;

/// The head of an archive, by its place in the list of inputs.
struct Seen<'a> {
    at: usize,
    archive: &'a ArchiveRef,
    head: Head,
}

/// See [`Planner::outlook`](crate::planner::Planner::outlook).
pub(super) async fn outlook(
    stores: &dyn OpenStores,
    spec: &ConvertSpec,
    sample: SampleSink<'_>,
) -> Result<Outlook, Failure> {
    let listing = list(stores, spec.input.objects(), &Archives).await?;
    let filter = Filter::new(&spec.input.members)?;
    let index_store = indexes::open(stores, &spec.output).await?;
    let known = load_tables(&*index_store, &listing.inputs, &filter).await?;
    let unindexed: BTreeSet<&str> = known.unindexed.iter().map(|archive| archive.uri.as_str()).collect();
    let heads = heads(stores, spec, &filter, &listing.inputs, &unindexed, sample).await?;

    let mut warnings: Vec<String> = listing.warning::<Archives>().into_iter().collect();
    warnings.extend(known.warnings());
    let mut ignored = known.ignored.total();
    let mut exact = listing.inputs.len() - unindexed.len();
    let mut estimator = Estimator::new(&filter);
    let mut tables = known.tables;
    for (at, archive) in listing.inputs.iter().enumerate().filter(|(_, a)| unindexed.contains(&*a.uri)) {
        let Some(seen) = nearest(&heads, at, archive, &unindexed) else { continue };
        let is_known = seen.at == at && seen.head.whole;
        exact += usize::from(is_known);
        tables.push(match is_known {
            true => estimator.known(archive, &seen.head),
            false => estimator.estimated(archive, &seen.head),
        });
    }
    tables.sort_by(|a, b| a.archive.uri.cmp(&b.archive.uri));
    ignored += estimator.ignored;
    warnings.extend(estimator.warning());
    let shapes = shapes(spec, &tables, &known.unindexed, &mut warnings);
    Ok(Outlook {
        inputs: listing.inputs.len() as u64,
        input_bytes: listing.inputs.iter().map(|archive| archive.size).sum(),
        exact: exact as u64,
        first_pass_bytes: known.unindexed.iter().map(|archive| archive.size).sum(),
        ignored,
        warnings,
        problems: heads.into_iter().filter_map(|seen| seen.head.problem).collect(),
        ..shapes
    })
}

/// Partitions, stages and what is said of items: all that follows from the tables.
fn shapes(
    spec: &ConvertSpec,
    tables: &[ArchiveTable],
    unindexed: &[ArchiveRef],
    warnings: &mut Vec<String>,
) -> Outlook {
    let shape = Shape::of(&spec.output);
    let plan = plan_convert(tables, shape, row_group_bytes(&spec.output));
    match plan.members {
        0 => warnings.push("no member counts: see input.members".to_owned()),
        _ => warnings.extend(plan.warning(shape)),
    }
    let index: Vec<ShardDraft> = unindexed.iter().map(index_shard).collect();
    let sample = plan_sample(tables, &spec.schema);
    let stage = |stage: Stage, shards: &[ShardDraft]| StageOutlook::of(&STAGES[stage as usize], shards);
    let mut sizes: Vec<u64> = tables.iter().flat_map(|t| &t.members).map(|m| m.size).collect();
    let middle = sizes.len() / 2;
    let median = if sizes.is_empty() { 0 } else { *sizes.select_nth_unstable(middle).1 };
    Outlook {
        items: plan.members,
        item_bytes: plan.bytes,
        item_median: median,
        item_largest: plan.largest_member,
        partitions: plan.partitions,
        stages: vec![
            stage(Stage::Index, &index),
            stage(Stage::Sample, &sample.shards),
            stage(Stage::Convert, &plan.shards),
        ],
        ..Outlook::default()
    }
}

/// Reads some heads: of what has no index, to judge it by; and of anything, to show a sample of frames.
async fn heads<'a>(
    stores: &dyn OpenStores,
    spec: &ConvertSpec,
    filter: &Filter,
    archives: &'a [ArchiveRef],
    unindexed: &BTreeSet<&str>,
    mut sample: SampleSink<'_>,
) -> Result<Vec<Seen<'a>>, Failure> {
    let all = || archives.iter().enumerate();
    let without: Vec<_> = all().filter(|(_, a)| unindexed.contains(&*a.uri)).collect();
    let loose: Vec<_> = all().filter(|(_, a)| a.container == Container::Loose).collect();
    let groups = match without.is_empty() && loose.is_empty() {
        true => vec![all().collect()],
        false => vec![without, loose],
    };
    let of: usize = groups.iter().map(Vec::len).sum();
    let wanted = usize::try_from(spec.schema.sample).unwrap_or(usize::MAX).div_ceil(of.clamp(1, HEADS));
    let step = |group: &Vec<_>| group.len().div_ceil(HEADS).max(1);
    let mut chosen: Vec<_> = groups.iter().flat_map(|group| group.iter().step_by(step(group))).collect();
    chosen.sort_by_key(|(at, _)| *at);
    let spacing = spacing(&spec.output, archives);
    let mut heads = Vec::new();
    for &&(at, archive) in &chosen {
        // A zip archive's directory says all about its members, and shows none.
        if archive.container == Container::Zip && !unindexed.contains(&*archive.uri) {
            continue;
        }
        let mut head = read_head(stores, spec, archive, spacing).await?;
        head.show(filter, wanted, &mut sample);
        heads.push(Seen { at, archive, head });
    }
    Ok(heads)
}

/// The head to judge an archive by: its own, or that of the one nearest to it, of the same format if there is one.
fn nearest<'h, 'a>(
    heads: &'h [Seen<'a>],
    at: usize,
    archive: &ArchiveRef,
    unindexed: &BTreeSet<&str>,
) -> Option<&'h Seen<'a>> {
    let of_archives = heads.iter().filter(|seen| unindexed.contains(&*seen.archive.uri));
    of_archives
        .min_by_key(|seen| (seen.at != at, seen.archive.container != archive.container, seen.at.abs_diff(at)))
}
