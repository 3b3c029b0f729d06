//! From archives to the shards of the convert stage.

use super::{
    cuts::{Boundary, cut},
    table::ArchiveTable,
};
use tarquet_common::{
    archive::Run,
    kinds::convert::{ConvertBlock, Output, PartitionBlock},
    memory::SlotParts,
    spec::RowGroup,
    stage_plan::{ShardDraft, encode_block},
};

/// How the user wants the output shaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// So many partitions.
    Partitions(u32),
    /// So many member bytes a partition.
    PartitionBytes(u64),
}

impl Shape {
    /// The one that `[output]` asks for.
    pub(in super::super) fn of(output: &Output) -> Self {
        match (output.partitions, output.partition_bytes) {
            (Some(n), _) => Self::Partitions(n),
            (None, bytes) => Self::PartitionBytes(bytes.unwrap_or(Output::DEFAULT_PARTITION_BYTES).0),
        }
    }
}

/// The convert stage, planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertPlan {
    /// Its shards, in order of their partitions.
    pub shards: Vec<ShardDraft>,
    /// How many partitions they make.
    pub partitions: u32,
    /// How many were asked for.
    pub asked: u32,
    /// Members that count.
    pub members: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Largest of them.
    pub largest_member: u64,
}

impl ConvertPlan {
    /// Says so when there are fewer partitions than `shape` counted.
    pub(in super::super) fn warning(&self, shape: Shape) -> Option<String> {
        let counted = matches!(shape, Shape::Partitions(_));
        (counted && self.partitions < self.asked).then(|| {
            format!("{} partitions, not {}: there are no more places to cut", self.partitions, self.asked)
        })
    }
}

/// What a row group may hold: bytes, or whatever its partition has.
pub(in super::super) fn row_group_bytes(output: &Output) -> Option<u64> {
    match output.row_group {
        RowGroup::Bytes(b) => Some(b.0),
        RowGroup::One => None,
    }
}

/// Plans the convert stage over `tables`, which are sorted by URI. `row_group_bytes` is what a row group may hold, or
/// `None` where a partition is one row group.
pub fn plan_convert(tables: &[ArchiveTable], shape: Shape, row_group_bytes: Option<u64>) -> ConvertPlan {
    let bytes: u64 = tables.iter().map(ArchiveTable::member_bytes).sum();
    let asked = match shape {
        Shape::Partitions(n) => n.max(1),
        Shape::PartitionBytes(size) => u32::try_from(bytes.div_ceil(size.max(1))).unwrap_or(u32::MAX).max(1),
    };
    let target = bytes / u64::from(asked);
    let (allowed, members) = boundaries(tables, target);
    let cuts = if members == 0 { Vec::new() } else { cut(&allowed, bytes, asked) };
    let ends: Vec<u64> = cuts.iter().map(|c| c.members).chain((members > 0).then_some(members)).collect();
    let largest_member = tables.iter().flat_map(|t| &t.members).map(|m| m.size).max().unwrap_or(0);
    let shards = group(tables, &ends).into_iter().map(|g| draft(tables, &g, row_group_bytes)).collect();
    ConvertPlan {
        shards,
        partitions: u32::try_from(ends.len()).expect("at most as many as were asked for"),
        asked,
        members,
        bytes,
        largest_member,
    }
}

/// Allowed cuts, and the number of members. Inside an archive that can only be streamed, cuts are allowed when it is
/// larger than a partition; the end of any archive is always allowed.
fn boundaries(tables: &[ArchiveTable], target: u64) -> (Vec<Boundary>, u64) {
    let mut allowed = Vec::new();
    let mut at = Boundary { members: 0, bytes: 0 };
    for table in tables {
        let inside = !table.stream || table.member_bytes() > target;
        for (i, m) in table.members.iter().enumerate() {
            at = Boundary { members: at.members + 1, bytes: at.bytes + m.size };
            if inside || i + 1 == table.members.len() {
                allowed.push(at);
            }
        }
    }
    allowed.pop(); // the end of everything is no cut
    (allowed, at.members)
}

/// Consecutive partitions of one shard: members `first..` and the ends of each partition, in members from the start of
/// everything.
struct Group {
    number: u32,
    first: u64,
    ends: Vec<u64>,
}

/// One shard per partition, but one for partitions that meet inside an archive that can only be streamed.
fn group(tables: &[ArchiveTable], ends: &[u64]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut first = 0;
    for (number, &end) in ends.iter().enumerate() {
        let joined = first > 0 && splits_a_stream(tables, first);
        match groups.last_mut() {
            Some(last) if joined => last.ends.push(end),
            _ => groups.push(Group {
                number: u32::try_from(number).expect("partitions are counted in 32 bits"),
                first,
                ends: vec![end],
            }),
        }
        first = end;
    }
    groups
}

/// Whether the boundary after `members` members is inside an archive that can only be streamed.
fn splits_a_stream(tables: &[ArchiveTable], members: u64) -> bool {
    let mut before = 0;
    for table in tables {
        let after = before + table.members.len() as u64;
        if members < after {
            return members > before && table.stream;
        }
        before = after;
    }
    false
}

fn draft(tables: &[ArchiveTable], group: &Group, row_group_bytes: Option<u64>) -> ShardDraft {
    let end = *group.ends.last().expect("a group has a partition");
    let runs = runs_between(tables, group.first, end);
    let mut before = group.first;
    let partitions: Vec<PartitionBlock> = group
        .ends
        .iter()
        .zip(group.number..)
        .map(|(&end, number)| {
            let members = end - before;
            before = end;
            PartitionBlock { number, members }
        })
        .collect();
    let cost_bytes: u64 = runs.iter().map(Run::member_bytes).sum();
    let largest = runs.iter().flat_map(|r| &r.members).map(|m| m.size).max().unwrap_or(0);
    let row_group = row_group_bytes.unwrap_or(2 * cost_bytes);
    ShardDraft {
        slot_bytes: SlotParts::of(largest, row_group).total(),
        cost_bytes,
        items: end - group.first,
        partition_first: group.number,
        partition_count: u32::try_from(partitions.len()).expect("partitions are counted in 32 bits"),
        block: encode_block(&ConvertBlock { first: group.first, runs, partitions }),
    }
}

/// The runs of members `first..end`, counted from the start of everything.
fn runs_between(tables: &[ArchiveTable], first: u64, end: u64) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut before = 0u64;
    for table in tables {
        let after = before + table.members.len() as u64;
        let from = first.max(before);
        let to = end.min(after);
        if from < to {
            let range = (from - before) as usize..(to - before) as usize;
            if table.separate() {
                runs.extend(range.map(|i| table.run(i..i + 1)));
            } else {
                runs.push(table.run(range));
            }
        }
        before = after;
    }
    runs
}
