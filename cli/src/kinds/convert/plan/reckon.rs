//! From what is known to what is said. Pure.

use super::{gather::Known, view::PlanView};
use crate::kinds::convert::inspect::MemberView;
use tarquet_common::{kinds::convert::ConvertSpec, spec::Profile};
use tarquet_coordinator::Outlook;

/// Bytes of one GET and of one part.
const TRANSFER: u64 = 8 << 20;
/// Bytes of Parquet for each hundred bytes of member, with the portable profile (measured on numeric frames).
const WRITTEN_PERCENT: u64 = 80;

/// Says what the job would do.
pub(crate) fn reckon(spec: &ConvertSpec, known: &Known) -> PlanView {
    let outlook = &known.outlook;
    let partitions = u64::from(outlook.partitions);
    let written = outlook.item_bytes / 100 * WRITTEN_PERCENT;
    PlanView {
        name: spec.name.as_deref().unwrap_or_else(|| spec.output.place().last_segment()).to_owned(),
        inputs: spec.input.uris.clone(),
        archives: outlook.inputs,
        input_bytes: outlook.input_bytes,
        members: outlook.items,
        ignored: outlook.ignored,
        member_median: outlook.item_median,
        member_largest: outlook.item_largest,
        indexed: outlook.exact,
        columns: columns(&known.frames),
        sampled: known.frames.iter().filter(|f| f.failure.is_none()).count() as u64,
        identical: identical(&known.frames),
        partitions,
        partition_bytes: written / partitions.max(1),
        output: spec.output.uri.clone(),
        encoding: encoding(spec),
        shards: outlook.stages.last().map_or(0, |stage| stage.shards),
        slot_bytes: outlook.stages.iter().map(|stage| stage.slot_bytes).max().unwrap_or(0),
        requests: requests(outlook, written),
        warnings: warnings(spec, known),
    }
}

fn columns(frames: &[MemberView]) -> Vec<(String, String)> {
    let Some(first) = frames.iter().find(|f| f.failure.is_none()) else { return Vec::new() };
    let all = first.index.iter().chain(&first.columns);
    all.map(|c| (if c.name.is_empty() { "(index)".to_owned() } else { c.name.clone() }, c.kind.clone()))
        .collect()
}

fn identical(frames: &[MemberView]) -> bool {
    let mut good = frames.iter().filter(|f| f.failure.is_none());
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
fn requests(outlook: &Outlook, written: u64) -> (u64, u64) {
    let partitions = u64::from(outlook.partitions);
    let read = outlook.input_bytes + outlook.first_pass_bytes;
    let get = read.div_ceil(TRANSFER) + 4 * outlook.inputs + 3 * partitions;
    let put = written.div_ceil(TRANSFER).max(partitions) + 3 * partitions + 2 * outlook.inputs;
    (get, put)
}

fn warnings(spec: &ConvertSpec, known: &Known) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(key) = &known.output_taken {
        out.push(format!("the output is not empty ({key}): the job would be refused"));
    }
    out.extend(known.lifecycle.iter().cloned());
    out.extend(known.outlook.warnings.iter().cloned());
    for problem in &known.outlook.problems {
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
    use tarquet_coordinator::StageOutlook;

    #[test]
    fn the_view_says_what_the_planner_said() {
        let stage = |stage, shards, slot_bytes| StageOutlook { stage, shards, slot_bytes };
        let outlook = Outlook {
            inputs: 3,
            input_bytes: 24 << 20,
            exact: 1,
            first_pass_bytes: 8 << 20,
            items: 100,
            ignored: 7,
            item_bytes: 100 << 20,
            item_median: 5,
            item_largest: 9,
            partitions: 4,
            stages: vec![stage("index", 2, 300), stage("convert", 3, 200)],
            warnings: vec!["beware".to_owned()],
            problems: Vec::new(),
        };
        let known = Known { outlook, output_taken: Some("x".to_owned()), ..Known::default() };
        let view = reckon(&ConvertSpec::new(vec!["in/*.tar.lz4".into()], "out".into()), &known);
        assert_eq!((view.archives, view.indexed, view.members, view.ignored), (3, 1, 100, 7));
        assert_eq!((view.partitions, view.shards, view.slot_bytes), (4, 3, 300));
        assert_eq!(view.partition_bytes, 20 << 20);
        assert_eq!(view.requests, (4 + 12 + 12, 10 + 12 + 6));
        assert_eq!(view.warnings, ["the output is not empty (x): the job would be refused", "beware"]);
    }
}
