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
mod tests {
    use super::*;
    use crate::kinds::convert::inspect::ColumnView;
    use tarquet_common::{codes::format, failure::Failure};

    fn column(name: &str, kind: &str) -> ColumnView {
        ColumnView { name: name.to_owned(), kind: kind.to_owned(), pandas: None }
    }

    fn frame(columns: &[&str]) -> MemberView {
        MemberView {
            key: "df".to_owned(),
            layout: Some("fixed"),
            rows: Some(1),
            index: vec![column("", "timestamp[ns]")],
            columns: columns.iter().map(|name| column(name, "double")).collect(),
            failure: None,
        }
    }

    fn sample(frames: Vec<MemberView>) -> Sample {
        Sample { spec: ConvertSpec::new(vec!["in/*.tar.lz4".into()], "out".into()), frames }
    }

    const OUTLOOK: Outlook = Outlook {
        inputs: 10,
        input_bytes: 0,
        exact: 10,
        first_pass_bytes: 0,
        items: 1_000_000,
        ignored: 12,
        item_bytes: 1000,
        item_median: 349_000,
        item_largest: 2_200_000,
        partitions: 4,
        stages: Vec::new(),
        warnings: Vec::new(),
        problems: Vec::new(),
    };

    #[test]
    fn a_plan_says_what_is_known_of_members_and_columns() {
        let remarks = sample(vec![frame(&["v0", "v1", "x"]), frame(&["v0", "v1", "x"])]).remarks(&OUTLOOK);
        let figure = |key, figure: &str, about: &str| PlanLine::Figure {
            key,
            estimated: false,
            figure: figure.to_owned(),
            about: about.to_owned(),
        };
        let list = |key, parts: &[&str]| PlanLine::List {
            key,
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        };
        assert_eq!(
            remarks.lines,
            [
                figure("Members", "1,000,000", "median 349.0 kB, largest 2.2 MB"),
                figure("", "12 more do not count", "from 10 of 10 indexes"),
                list("Schema", &["(index) timestamp[ns]", "v0..v1 double", "x double"]),
                list("", &["identical in 2 sampled of 1,000,000"]),
            ]
        );
        assert_eq!((remarks.written_bytes, remarks.encoding.as_str()), (800, "portable: snappy, delta ints"));
        assert_eq!((&remarks.data["archives"], &remarks.data["sampled"]), (&json!(10), &json!(2)));
        assert!(remarks.warnings.iter().any(|w| w.starts_with("timestamps in nanoseconds")));
    }

    #[test]
    fn what_is_judged_by_a_part_is_marked() {
        let remarks = sample(Vec::new()).remarks(&Outlook { exact: 2, ..OUTLOOK });
        let marked = matches!(remarks.lines[0], PlanLine::Figure { estimated: true, .. });
        assert!(marked && remarks.lines.len() == 2 && remarks.warnings.is_empty(), "{remarks:?}");
    }

    #[test]
    fn what_differs_or_fails_in_the_sample_is_told() {
        let bad = Failure::new(format::NOT_HDF5, "no signature");
        let failed = MemberView { failure: Some(bad), ..frame(&[]) };
        let remarks = sample(vec![frame(&["a"]), failed, frame(&["b"])]).remarks(&OUTLOOK);
        let PlanLine::List { parts, .. } = &remarks.lines[3] else { panic!("{remarks:?}") };
        assert_eq!(*parts, ["joined in 2 sampled of 1,000,000"]);
        assert!(remarks.warnings[0].starts_with("in the sample: no signature (E04"), "{remarks:?}");
    }
}
