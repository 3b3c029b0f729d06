//! Tests of the module above.

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
