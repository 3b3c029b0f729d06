//! Which members are sampled.
//!
//! Wanted: (A) member 0 always, so that order and names have a beginning; (B) spread over all archives, then over the bytes;
//! (C) chosen by content, never by time: the same input gives the same sample; (D) cheap: members right after a place where
//! decoding can start, for what is still wanted those behind them, and no more than a twentieth of the input read again, unless
//! that is little; (E) as many as are wanted, within that; (F) `scan` takes every member.

use super::table::ArchiveTable;
use std::collections::BTreeSet;
use tarquet_common::{
    archive::SeekPoint,
    kinds::convert::SampleBlock,
    memory::SlotParts,
    spec::{Schema, SchemaMode},
    stage_plan::{ShardDraft, encode_block},
};
use tarquet_container::seek::SeekTable;

/// Inputs below this many bytes are sampled without regard to cost.
const FREE_BYTES: u64 = 16 << 20;
/// Share of the input that may be read for the sample: one part in so many.
const BUDGET_SHARE: u64 = 20;
/// What a worker fetches of a sampled run beyond its end.
const AHEAD_BYTES: u64 = 256 << 10;
/// Picks in one shard.
const PICKS_PER_SHARD: usize = 8;
/// The same, if they lie together.
const TOGETHER_PER_SHARD: usize = 64;
/// Bytes in one shard when every member is scanned.
const SCAN_BYTES_PER_SHARD: u64 = 256 << 20;

/// The sample stage, planned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct SamplePlan {
    /// Its shards.
    pub shards: Vec<ShardDraft>,
    /// Members sampled.
    pub sampled: u64,
    /// Members there are.
    pub of: u64,
}

/// (archive, member) by place in the tables: ordered as members are.
type Pick = (usize, usize);

/// Plans the sample that `[schema]` asks for: of about so many members, of all, or of none where the schema is pinned.
pub(in super::super) fn plan_sample(tables: &[ArchiveTable], schema: &Schema) -> SamplePlan {
    match schema.mode {
        SchemaMode::Infer => sample(tables, Some(schema.sample)),
        SchemaMode::Scan => sample(tables, None),
        SchemaMode::Pinned => SamplePlan::default(),
    }
}

/// A sample of about `wanted` members, or of all with `None`.
pub(super) fn sample(tables: &[ArchiveTable], wanted: Option<u32>) -> SamplePlan {
    let of = tables.iter().map(|t| t.members.len() as u64).sum();
    let groups = match wanted {
        Some(n) => {
            let picks = choose(tables, n.max(1) as usize);
            in_shards(tables, picks)
        }
        None => everything(tables),
    };
    let sampled = groups.iter().map(|g| g.len() as u64).sum();
    let shards = groups.iter().map(|picks| draft(tables, picks)).collect();
    SamplePlan { shards, sampled, of }
}

/// A few picks to a shard; what lies together is read together, of a stream all of it.
fn in_shards(tables: &[ArchiveTable], picks: BTreeSet<Pick>) -> Vec<Vec<Pick>> {
    let mut shards: Vec<Vec<Pick>> = Vec::new();
    for pick in picks {
        match shards.last_mut() {
            Some(shard) if shard.len() < PICKS_PER_SHARD => shard.push(pick),
            Some(shard)
                if follows(shard, pick) && (tables[pick.0].stream || shard.len() < TOGETHER_PER_SHARD) =>
            {
                shard.push(pick);
            }
            _ => shards.push(vec![pick]),
        }
    }
    shards
}

fn follows(shard: &[Pick], (a, m): Pick) -> bool {
    shard.last().is_some_and(|last| (last.0, last.1 + 1) == (a, m))
}

fn choose(tables: &[ArchiveTable], wanted: usize) -> BTreeSet<Pick> {
    let total: u64 = tables.iter().map(ArchiveTable::member_bytes).sum();
    let free = total < FREE_BYTES;
    let mut budget = if free { u64::MAX } else { total / BUDGET_SHARE };
    let mut picks = BTreeSet::new();
    for pick in candidates(tables, wanted, total) {
        if picks.len() == wanted || picks.contains(&pick) {
            continue;
        }
        let cost = cost(&tables[pick.0], pick.1);
        if picks.is_empty() || cost <= budget {
            budget = budget.saturating_sub(cost);
            picks.insert(pick);
        }
    }
    if free {
        // Where cost is of no account, what lies far from every place to start at is taken too; but for streams, which are
        // read from their beginning for each.
        let anywhere = halving(wanted).filter_map(|k| place(tables, share(total, k, wanted)));
        let left = wanted.saturating_sub(picks.len());
        let further: Vec<Pick> =
            anywhere.filter(|(a, m)| !tables[*a].stream && !picks.contains(&(*a, *m))).take(left).collect();
        picks.extend(further);
    }
    beside(tables, wanted, budget, &mut picks);
    picks
}

/// The members behind those that are picked cost no more than their own bytes: as many as are still wanted.
fn beside(tables: &[ArchiveTable], wanted: usize, mut budget: u64, picks: &mut BTreeSet<Pick>) {
    loop {
        let behind = picks.iter().map(|(a, m)| (*a, m + 1));
        let behind = behind.filter(|pick| pick.1 < tables[pick.0].members.len() && !picks.contains(pick));
        let behind: Vec<Pick> = behind.collect();
        let before = picks.len();
        for (a, m) in behind {
            let size = tables[a].members[m].size;
            if picks.len() < wanted && size <= budget {
                budget -= size;
                picks.insert((a, m));
            }
        }
        if picks.len() == before {
            return;
        }
    }
}

/// The k-th of `n` places that are spread evenly over so many bytes.
fn share(total: u64, k: usize, n: usize) -> u64 {
    u64::try_from(u128::from(total) * k as u128 / n as u128).expect("a share of a u64")
}

/// Candidates in order of importance: member 0, the first of each archive (spread, where there are more archives than
/// picks), then places spread evenly over the bytes.
fn candidates(tables: &[ArchiveTable], wanted: usize, total: u64) -> Vec<Pick> {
    let filled: Vec<usize> = (0..tables.len()).filter(|a| !tables[*a].members.is_empty()).collect();
    let step = filled.len().div_ceil(wanted).max(1);
    let firsts = filled.iter().step_by(step).map(|a| (*a, 0));
    let spread = halving(wanted).filter_map(|k| place(tables, share(total, k, wanted)));
    let spread = spread.map(|(a, m)| (a, cheap_near(&tables[a], m)));
    firsts.chain(spread).collect()
}

/// 0..n in an order that spreads: halves first, then quarters, and so on.
fn halving(n: usize) -> impl Iterator<Item = usize> {
    let bits = usize::BITS - n.next_power_of_two().leading_zeros() - 1;
    (0..n.next_power_of_two())
        .map(move |i| if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) })
        .filter(move |k| *k < n)
}

/// The member at a byte of all bodies taken together.
fn place(tables: &[ArchiveTable], mut byte: u64) -> Option<Pick> {
    for (a, table) in tables.iter().enumerate() {
        let bytes = table.member_bytes();
        if byte < bytes {
            let mut m = 0;
            while byte >= table.members[m].size {
                byte -= table.members[m].size;
                m += 1;
            }
            return Some((a, m));
        }
        byte -= bytes;
    }
    None
}

/// The first member after the seek point before member `m`; the first of a stream.
fn cheap_near(table: &ArchiveTable, m: usize) -> usize {
    match entry(table, table.members[m].offset) {
        None => m,
        Some(start) => table.members.partition_point(|x| x.offset < start).min(m),
    }
}

/// Bytes of the stream that must be read to have member `m`, about: from where decoding starts to its end, and what a
/// worker fetches ahead before it sees that it has enough.
fn cost(table: &ArchiveTable, m: usize) -> u64 {
    let member = &table.members[m];
    let needed = match entry(table, member.offset) {
        None => member.size,
        Some(start) => member.offset + member.size - start,
    };
    if table.separate() { needed } else { needed + AHEAD_BYTES }
}

/// Where decoding starts in the stream for something at `offset`; `None` where it can start right there.
fn entry(table: &ArchiveTable, offset: u64) -> Option<u64> {
    match &table.seek {
        _ if table.stream => Some(SeekPoint::START.uncompressed),
        SeekTable::Anywhere => None,
        SeekTable::Points(points) => {
            let before = points.partition_point(|p| p.uncompressed <= offset);
            Some(points[..before].last().map_or(0, |p| p.uncompressed))
        }
    }
}

/// All members, in groups that stay within an archive.
fn everything(tables: &[ArchiveTable]) -> Vec<Vec<Pick>> {
    let mut groups: Vec<Vec<Pick>> = Vec::new();
    for (a, table) in tables.iter().enumerate() {
        let mut room = 0u64;
        for (m, member) in table.members.iter().enumerate() {
            if room < member.size || m == 0 {
                // A stream is read once: its members stay together.
                if m == 0 || !table.stream {
                    groups.push(Vec::new());
                }
                room = SCAN_BYTES_PER_SHARD;
            }
            room = room.saturating_sub(member.size);
            groups.last_mut().expect("pushed for the first member").push((a, m));
        }
    }
    groups
}

fn draft(tables: &[ArchiveTable], picks: &[Pick]) -> ShardDraft {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < picks.len() {
        let (a, m) = picks[at];
        let table = &tables[a];
        let together = picks[at..].iter().enumerate().take_while(|(i, p)| **p == (a, m + i)).count();
        let len = if table.separate() { 1 } else { together };
        runs.push(table.run(m..m + len));
        at += len;
    }
    let size = |p: &Pick| tables[p.0].members[p.1].size;
    let largest = picks.iter().map(size).max().unwrap_or(0);
    ShardDraft {
        slot_bytes: SlotParts::of(largest, 0).total(),
        cost_bytes: picks.iter().map(size).sum(),
        items: picks.len() as u64,
        partition_first: 0,
        partition_count: 0,
        block: encode_block(&SampleBlock { runs }),
    }
}
