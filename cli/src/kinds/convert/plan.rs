//! What `convert` says in a plan: of members, and of the columns that some of them have.

use super::inspect::MemberView;
use crate::{
    kinds::plan::{PlanLine, Remarker, Remarks},
    render::{bytes, count},
};
use serde_json::json;
use tarquet_common::{
    kinds::convert::ConvertSpec,
    spec::{Profile, Timestamps},
};
use tarquet_coordinator::Outlook;
use tarquet_decode::{Described, KeyChoice, Options, peek};

/// Bytes of Parquet for each hundred bytes of member, with the portable profile (measured on numeric frames).
const WRITTEN_PERCENT: u64 = 80;

/// The spec, and the frames of the sample.
pub(super) struct Sample {
    spec: ConvertSpec,
    frames: Vec<MemberView>,
}

impl Sample {
    /// Nothing was seen yet.
    pub(super) fn new(spec: &ConvertSpec) -> Self {
        Self { spec: spec.clone(), frames: Vec::new() }
    }

    fn good(&self) -> impl Iterator<Item = &MemberView> {
        self.frames.iter().filter(|frame| frame.failure.is_none())
    }

    /// Name and type of each column of the first frame.
    fn columns(&self) -> Vec<(String, String)> {
        let Some(first) = self.good().next() else { return Vec::new() };
        let all = first.index.iter().chain(&first.columns);
        all.map(|c| (if c.name.is_empty() { "(index)".to_owned() } else { c.name.clone() }, c.kind.clone()))
            .collect()
    }

    /// All frames have the columns of the first.
    fn identical(&self) -> bool {
        let Some(first) = self.good().next() else { return false };
        self.good().all(|frame| frame.columns == first.columns && frame.index == first.index)
    }

    fn lines(&self, outlook: &Outlook) -> Vec<PlanLine> {
        let ignored = match outlook.ignored {
            0 => String::new(),
            n => format!("{} more do not count", count(n)),
        };
        let sizes = format!("median {}, largest {}", bytes(outlook.item_median), bytes(outlook.item_largest));
        let from = format!("from {} of {} indexes", count(outlook.exact), count(outlook.inputs));
        let mut lines = vec![
            PlanLine::Figure {
                key: "Members",
                estimated: outlook.exact < outlook.inputs,
                figure: count(outlook.items),
                about: sizes,
            },
            PlanLine::Figure { key: "", estimated: false, figure: ignored, about: from },
        ];
        let sampled = self.good().count() as u64;
        if sampled > 0 {
            let alike = if self.identical() { "identical" } else { "joined" };
            let sample = format!("{alike} in {} sampled of {}", count(sampled), count(outlook.items));
            lines.push(PlanLine::List { key: "Schema", parts: runs(&self.columns()) });
            lines.push(PlanLine::List { key: "", parts: vec![sample] });
        }
        lines
    }

    fn warnings(&self) -> Vec<String> {
        let failures = self.frames.iter().filter_map(|frame| frame.failure.as_ref()).take(3);
        let mut out: Vec<String> = failures
            .map(|failure| format!("in the sample: {} ({})", failure.message, failure.code))
            .collect();
        match self.spec.output.profile {
            Profile::Portable => {}
            Profile::Fast => {
                out.push("profile fast: Trino, Athena and older Spark cannot read it".to_owned())
            }
            Profile::Compact => {
                out.push("profile compact: readers must know BYTE_STREAM_SPLIT and zstd".to_owned());
            }
        }
        let mut columns = self.frames.iter().flat_map(|frame| frame.index.iter().chain(&frame.columns));
        let nanoseconds = columns.any(|c| c.kind.starts_with("timestamp[ns"));
        if nanoseconds && self.spec.output.timestamps == Timestamps::Keep {
            out.push(
                "timestamps in nanoseconds: Spark needs nanosAsLong, or output.timestamps = \"us\""
                    .to_owned(),
            );
        }
        out
    }
}

impl Remarker for Sample {
    fn show(&mut self, body: Vec<u8>) {
        // The frame that the job would read, and what it would say of one that it cannot.
        let key = KeyChoice::of_spec(&self.spec.input.hdf5.key);
        let frame = peek(body, &Options { key, ..Options::default() });
        let key = self.spec.input.hdf5.key.clone();
        self.frames.push(MemberView::of(Described { key, frame }));
    }

    fn remarks(&self, outlook: &Outlook) -> Remarks {
        let data = [
            ("archives", json!(outlook.inputs)),
            ("input_bytes", json!(outlook.input_bytes)),
            ("members", json!(outlook.items)),
            ("ignored", json!(outlook.ignored)),
            ("member_median", json!(outlook.item_median)),
            ("member_largest", json!(outlook.item_largest)),
            ("indexed", json!(outlook.exact)),
            ("columns", json!(self.columns())),
            ("sampled", json!(self.good().count())),
            ("identical", json!(self.identical())),
        ];
        Remarks {
            written_bytes: outlook.item_bytes / 100 * WRITTEN_PERCENT,
            encoding: encoding(&self.spec),
            lines: self.lines(outlook),
            warnings: self.warnings(),
            data: data.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        }
    }
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

/// `ts timestamp[ns]`, `sensor_id int64`, `v0..v4 double`: runs of numbered columns of one type taken together.
fn runs(columns: &[(String, String)]) -> Vec<String> {
    let mut runs: Vec<(String, String, &str)> = Vec::new();
    for (name, kind) in columns {
        match runs.last_mut() {
            Some((_, last, of)) if *of == kind && follows(last, name) => last.clone_from(name),
            _ => runs.push((name.clone(), name.clone(), kind)),
        }
    }
    let text = |(first, last, kind): &(String, String, &str)| match first == last {
        true => format!("{first} {kind}"),
        false => format!("{first}..{last} {kind}"),
    };
    runs.iter().map(text).collect()
}

/// Whether `next` is `last` with its number raised by one.
fn follows(last: &str, next: &str) -> bool {
    let split = |s: &str| {
        let stem = s.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        (s[..stem].to_owned(), s[stem..].parse::<u64>().ok())
    };
    match (split(last), split(next)) {
        ((a, Some(m)), (b, Some(n))) => a == b && m.checked_add(1) == Some(n),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
