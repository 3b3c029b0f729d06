//! From what is known to what is said. Pure.

use super::view::PlanView;
use crate::{kinds::convert::inspect::MemberView, render::counted};
use tarquet_common::{
    failure::Failure,
    kinds::convert::{ConvertSpec, Output},
    memory::SlotParts,
    spec::{Profile, RowGroup},
};

/// Bytes of one GET and of one part.
const TRANSFER: u64 = 8 << 20;
/// Bytes of Parquet for each hundred bytes of member, with the portable profile (measured on numeric frames).
const WRITTEN_PERCENT: u64 = 80;

/// What is known of one archive, or of its head.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArchiveFacts {
    /// Its bytes as they are stored, or those read of it.
    pub compressed: u64,
    /// Members that count.
    pub members: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Their sizes.
    pub sizes: Vec<u64>,
    /// Members that do not count.
    pub ignored: u64,
    /// It was seen to its end.
    pub exact: bool,
}

/// All that was found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Archives with an index.
    pub archives: Vec<ArchiveFacts>,
    /// Heads of archives without.
    pub heads: Vec<ArchiveFacts>,
    /// How many have none.
    pub unindexed: usize,
    /// Their bytes as they are stored.
    pub unindexed_bytes: u64,
    /// Frames of the sample.
    pub frames: Vec<MemberView>,
    /// Objects of unknown kinds in input folders.
    pub unknown_objects: u64,
    /// What is wrong with archives.
    pub problems: Vec<Failure>,
    /// The first object in the output, if it is not empty.
    pub output_taken: Option<String>,
    /// What the output's bucket removes by itself, in words.
    pub lifecycle: Vec<String>,
}

/// Says what the job would do.
pub(crate) fn reckon(spec: &ConvertSpec, known: &Known) -> PlanView {
    let rest = extrapolated(known);
    let sum = |of: fn(&ArchiveFacts) -> u64| known.archives.iter().map(of).sum::<u64>();
    let members = sum(|a| a.members) + rest.members;
    let bytes = sum(|a| a.bytes) + rest.bytes;
    let input_bytes = sum(|a| a.compressed) + known.unindexed_bytes;
    let sizes = all_sizes(known);
    let largest = sizes.last().copied().unwrap_or(0);
    let partitions = partitions(spec, members, bytes);
    let written = bytes / 100 * WRITTEN_PERCENT;
    let archives = (known.archives.len() + known.unindexed) as u64;
    let row_group = match spec.output.row_group {
        RowGroup::Bytes(b) => b.0,
        RowGroup::One => bytes / partitions.max(1),
    };
    PlanView {
        name: spec.name.as_deref().unwrap_or_else(|| spec.output.place().last_segment()).to_owned(),
        inputs: spec.input.uris.clone(),
        archives,
        input_bytes,
        members,
        ignored: sum(|a| a.ignored) + rest.ignored,
        member_median: sizes.get(sizes.len() / 2).copied().unwrap_or(0),
        member_largest: largest,
        indexed: known.archives.len() as u64 + if rest.exact { known.unindexed as u64 } else { 0 },
        columns: columns(known),
        sampled: known.frames.iter().filter(|f| f.failure.is_none()).count() as u64,
        identical: identical(known),
        partitions,
        partition_bytes: written / partitions.max(1),
        output: spec.output.uri.clone(),
        encoding: encoding(spec),
        shards: partitions,
        slot_bytes: SlotParts::of(largest, row_group).total(),
        requests: requests(input_bytes, known.unindexed_bytes, archives, partitions, written),
        warnings: warnings(spec, known, members, partitions),
    }
}

/// What archives without an index hold, judged by their heads.
fn extrapolated(known: &Known) -> ArchiveFacts {
    let sum = |of: fn(&ArchiveFacts) -> u64| known.heads.iter().map(of).sum::<u64>();
    let seen = sum(|h| h.compressed);
    let all_seen = known.heads.len() == known.unindexed && known.heads.iter().all(|h| h.exact);
    let scale = |n: u64| match (all_seen, seen) {
        (true, _) => n,
        (false, 0) => 0,
        (false, seen) => u64::try_from(u128::from(n) * u128::from(known.unindexed_bytes) / u128::from(seen))
            .unwrap_or(u64::MAX),
    };
    if known.unindexed == 0 {
        return ArchiveFacts { exact: true, ..ArchiveFacts::default() };
    }
    ArchiveFacts {
        compressed: known.unindexed_bytes,
        members: scale(sum(|h| h.members)),
        bytes: scale(sum(|h| h.bytes)),
        sizes: Vec::new(),
        ignored: scale(sum(|h| h.ignored)),
        exact: all_seen,
    }
}

fn all_sizes(known: &Known) -> Vec<u64> {
    let mut sizes: Vec<u64> =
        known.archives.iter().chain(&known.heads).flat_map(|a| a.sizes.iter().copied()).collect();
    sizes.sort_unstable();
    sizes
}

fn partitions(spec: &ConvertSpec, members: u64, bytes: u64) -> u64 {
    let asked = match (spec.output.partitions, spec.output.partition_bytes) {
        (Some(n), _) => u64::from(n),
        (None, size) => bytes.div_ceil(size.unwrap_or(Output::DEFAULT_PARTITION_BYTES).0.max(1)),
    };
    asked.min(members).max(1)
}

fn columns(known: &Known) -> Vec<(String, String)> {
    let Some(first) = known.frames.iter().find(|f| f.failure.is_none()) else { return Vec::new() };
    let all = first.index.iter().chain(&first.columns);
    all.map(|c| (if c.name.is_empty() { "(index)".to_owned() } else { c.name.clone() }, c.kind.clone()))
        .collect()
}

fn identical(known: &Known) -> bool {
    let mut good = known.frames.iter().filter(|f| f.failure.is_none());
    let Some(first) = good.next() else { return false };
    good.all(|f| f.columns == first.columns && f.index == first.index)
}

fn encoding(spec: &ConvertSpec) -> String {
    let (word, what) = match spec.output.profile {
        Profile::Portable => ("portable", "snappy, delta ints"),
        Profile::Fast => ("fast", "lz4, split floats, delta ints"),
        Profile::Compact => ("compact", "zstd:3, split floats where it helps, delta ints"),
    };
    match spec.output.compression {
        Some(compression) => format!("{word}, with {compression}"),
        None => format!("{word}: {what}"),
    }
}

/// GETs: one pass to index what has none, one to convert, and a few a shard. PUTs: parts, and what names them.
fn requests(input: u64, unindexed: u64, archives: u64, partitions: u64, written: u64) -> (u64, u64) {
    let get = (input + unindexed).div_ceil(TRANSFER) + 4 * archives + 3 * partitions;
    let put = written.div_ceil(TRANSFER).max(partitions) + 3 * partitions + 2 * archives;
    (get, put)
}

fn warnings(spec: &ConvertSpec, known: &Known, members: u64, partitions: u64) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(key) = &known.output_taken {
        out.push(format!("the output is not empty ({key}): the job would be refused"));
    }
    out.extend(known.lifecycle.iter().cloned());
    if members == 0 {
        out.push("no member counts: see input.members".to_owned());
    }
    if let Some(asked) = spec.output.partitions.map(u64::from).filter(|n| *n > partitions) {
        out.push(format!("{asked} partitions were asked for; there are places to cut for {partitions}"));
    }
    if known.unknown_objects > 0 {
        out.push(format!("{} in input folders are no archives", counted(known.unknown_objects, "object")));
    }
    for problem in &known.problems {
        out.push(format!("{} ({})", problem.message, problem.code));
    }
    for failure in known.frames.iter().filter_map(|f| f.failure.as_ref()).take(3) {
        out.push(format!("in the sample: {} ({})", failure.message, failure.code));
    }
    match spec.output.profile {
        Profile::Portable => {}
        Profile::Fast => out.push("profile fast: Trino, Athena and older Spark cannot read it".to_owned()),
        Profile::Compact => {
            out.push("profile compact: readers must know BYTE_STREAM_SPLIT and zstd".to_owned())
        }
    }
    let nanoseconds = known
        .frames
        .iter()
        .flat_map(|f| f.index.iter().chain(&f.columns))
        .any(|c| c.kind.starts_with("timestamp[ns"));
    if nanoseconds && spec.output.timestamps == tarquet_common::spec::Timestamps::Keep {
        out.push(
            "timestamps in nanoseconds: Spark needs nanosAsLong, or output.timestamps = \"us\"".to_owned(),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(partitions: u32) -> ConvertSpec {
        let mut spec = ConvertSpec::new(vec!["in/*.tar.lz4".into()], "out".into());
        spec.output.partitions = Some(partitions);
        spec
    }

    fn archive(members: u64) -> ArchiveFacts {
        let sizes: Vec<u64> = (0..members).map(|i| 1000 + i).collect();
        let bytes = sizes.iter().sum();
        ArchiveFacts { compressed: 400 * members, members, bytes, sizes, ignored: 1, exact: true }
    }

    #[test]
    fn indexes_are_exact() {
        let known = Known { archives: vec![archive(10), archive(20)], ..Known::default() };
        let view = reckon(&spec(4), &known);
        assert_eq!((view.members, view.archives, view.indexed, view.ignored), (30, 2, 2, 2));
        assert_eq!((view.partitions, view.member_largest), (4, 1019));
        assert_eq!(view.input_bytes, 12_000);
    }

    #[test]
    fn heads_stand_for_the_rest() {
        let head = ArchiveFacts { exact: false, ..archive(10) };
        let known = Known { heads: vec![head], unindexed: 3, unindexed_bytes: 40_000, ..Known::default() };
        let view = reckon(&spec(1000), &known);
        assert_eq!((view.members, view.indexed, view.partitions), (100, 0, 100));
        assert!(
            view.warnings.iter().any(|w| w.contains("1000 partitions were asked for")),
            "{:?}",
            view.warnings
        );
    }

    #[test]
    fn what_would_be_refused_is_warned_of() {
        let known = Known { output_taken: Some("x".into()), ..Known::default() };
        let view = reckon(&spec(1), &known);
        assert!(view.warnings.iter().any(|w| w.contains("not empty")));
        assert!(view.warnings.iter().any(|w| w.contains("no member counts")));
    }
}
