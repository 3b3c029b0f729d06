//! What a plan says of a job of `convert`.

use crate::{
    kinds::plan::{self, PlanLine},
    render::{bytes, count},
};
use serde::Serialize;

/// What a plan says of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct PlanView {
    /// The job's name.
    pub name: String,
    /// The input globs.
    pub inputs: Vec<String>,
    /// Archives and loose objects.
    pub archives: u64,
    /// Their bytes.
    pub input_bytes: u64,
    /// Members that count.
    pub members: u64,
    /// Members that do not, by the filter.
    pub ignored: u64,
    /// Bytes of the median member.
    pub member_median: u64,
    /// Bytes of the largest member.
    pub member_largest: u64,
    /// Archives whose index was there or made; the others are estimated.
    pub indexed: u64,
    /// Columns: name and type, as in the frozen schema.
    pub columns: Vec<(String, String)>,
    /// Members that were sampled for them.
    pub sampled: u64,
    /// Whether all samples had one schema.
    pub identical: bool,
    /// Output partitions.
    pub partitions: u64,
    /// Bytes of one, about.
    pub partition_bytes: u64,
    /// Where they go.
    pub output: String,
    /// How they are encoded: `portable: snappy, delta ints`.
    pub encoding: String,
    /// Shards of the convert stage.
    pub shards: u64,
    /// Memory of a slot.
    pub slot_bytes: u64,
    /// Requests, about: GET, PUT.
    pub requests: (u64, u64),
    /// What people should know.
    pub warnings: Vec<String>,
}

impl PlanView {
    /// The same, as every kind's plans are drawn.
    pub(crate) fn told(self) -> plan::PlanView {
        let data = serde_json::to_value(&self).unwrap_or_default();
        let (estimated, lines) = (self.estimated(), self.lines());
        plan::PlanView {
            name: self.name,
            inputs: self.inputs,
            sources: self.archives,
            input_bytes: self.input_bytes,
            lines,
            estimated,
            partitions: self.partitions,
            partition_bytes: self.partition_bytes,
            output: self.output,
            encoding: self.encoding,
            shards: self.shards,
            slot_bytes: self.slot_bytes,
            requests: self.requests,
            warnings: self.warnings,
            data,
        }
    }

    /// Its figures come from parts of what there is.
    fn estimated(&self) -> bool {
        self.indexed < self.archives
    }

    fn lines(&self) -> Vec<PlanLine> {
        let ignored = match self.ignored {
            0 => String::new(),
            n => format!("{} more do not count", count(n)),
        };
        let mut lines = vec![
            PlanLine::Figure {
                key: "Members",
                estimated: self.estimated(),
                figure: count(self.members),
                about: format!(
                    "median {}, largest {}",
                    bytes(self.member_median),
                    bytes(self.member_largest)
                ),
            },
            PlanLine::Figure {
                key: "",
                estimated: false,
                figure: ignored,
                about: format!("from {} of {} indexes", count(self.indexed), count(self.archives)),
            },
        ];
        if self.sampled > 0 {
            let alike = if self.identical { "identical" } else { "joined" };
            let sample = format!("{alike} in {} sampled of {}", count(self.sampled), count(self.members));
            lines.push(PlanLine::List { key: "Schema", parts: columns(&self.columns) });
            lines.push(PlanLine::List { key: "", parts: vec![sample] });
        }
        lines
    }
}

/// `ts timestamp[ns]`, `sensor_id int64`, `v0..v4 double`: runs of numbered columns of one type taken together.
fn columns(columns: &[(String, String)]) -> Vec<String> {
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

    fn view() -> PlanView {
        let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
        PlanView {
            archives: 10,
            members: 1_000_000,
            ignored: 12,
            member_median: 349_000,
            member_largest: 2_200_000,
            indexed: 10,
            columns: vec![column("ts", "timestamp[ns]"), column("v0", "double"), column("v1", "double")],
            sampled: 64,
            identical: true,
            ..PlanView::default()
        }
    }

    #[test]
    fn a_plan_says_what_is_known_of_members_and_columns() {
        let told = view().told();
        let figure = |key, estimated, figure: &str, about: &str| PlanLine::Figure {
            key,
            estimated,
            figure: figure.to_owned(),
            about: about.to_owned(),
        };
        let list = |key, parts: &[&str]| PlanLine::List {
            key,
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        };
        assert_eq!(
            told.lines,
            [
                figure("Members", false, "1,000,000", "median 349.0 kB, largest 2.2 MB"),
                figure("", false, "12 more do not count", "from 10 of 10 indexes"),
                list("Schema", &["ts timestamp[ns]", "v0..v1 double"]),
                list("", &["identical in 64 sampled of 1,000,000"]),
            ]
        );
        assert_eq!((told.sources, told.estimated, &told.data["members"]), (10, false, &1_000_000.into()));
    }

    #[test]
    fn what_is_judged_by_a_part_is_marked() {
        let told = PlanView { indexed: 2, sampled: 0, ..view() }.told();
        let marked = matches!(told.lines[0], PlanLine::Figure { estimated: true, .. });
        assert!(told.estimated && marked && told.lines.len() == 2, "{:?}", told.lines);
    }
}
