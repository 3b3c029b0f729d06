//! What pandas and other readers make of our files: see `readback.py`.

use crate::support::{batches, column, column_of, file, frame, freeze, indexed, label};
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    DurationNanosecondArray, DurationSecondArray, Float16Array, Float32Array, Float64Array, Int8Array,
    Int64Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use half::f16;
use std::{fs, path::Path, process::Command, sync::Arc};
use tarquet_common::{
    spec::{Compression, Profile, RowGroup},
    units::Bytes,
};
use tarquet_decode::frame::{Column, ColumnLevel, Frame, Label, Logical};
use tarquet_encode::{OutputSettings, SchemaRules};
use tarquet_kit::environment;

/// A column that counts for itself, whatever array it comes as.
fn col(name: &str, values: impl arrow::array::Array + 'static) -> Column {
    column(name, Arc::new(values) as ArrayRef)
}

fn of(name: &str, values: impl arrow::array::Array + 'static, logical: Logical) -> Column {
    column_of(name, Arc::new(values), logical)
}

/// Every type, with a missing value in the second row where there can be one.
fn types() -> Frame {
    let seconds = [Some(0), None, Some(-1_000_000_000)];
    let scaled = |by: i64| seconds.map(|s| s.map(|s: i64| s * by)).to_vec();
    let half = |x: f64| Some(f16::from_f64(x));
    let decimals =
        Decimal128Array::from(vec![Some(123), None, Some(-900)]).with_precision_and_scale(3, 2).unwrap();
    frame(vec![
        col("i8", Int8Array::from(vec![-1, 2, 3])),
        col("u64", UInt64Array::from(vec![u64::MAX, 0, 7])),
        col("f8", Float64Array::from(vec![Some(0.5), None, Some(-0.0)])),
        col("f4", Float32Array::from(vec![Some(0.5), None, Some(f32::INFINITY)])),
        col("f2", Float16Array::from(vec![half(0.5), None, half(2.0)])),
        col("b", BooleanArray::from(vec![true, false, true])),
        of("s", StringArray::from(vec![Some("a"), None, Some("")]), Logical::ObjectText),
        of("st", StringArray::from(vec![Some("a"), None, Some("é")]), Logical::StringText),
        of("by", BinaryArray::from(vec![Some(&b"a"[..]), None, Some(b"\xff")]), Logical::Object),
        of("da", Date32Array::from(vec![Some(18_263), None, Some(-1)]), Logical::Object),
        of("ti", Time64MicrosecondArray::from(vec![Some(3_723_000_004), None, Some(0)]), Logical::Object),
        of("de", decimals, Logical::Object),
        of("ob", BooleanArray::from(vec![Some(true), None, Some(false)]), Logical::Object),
        col("ns", TimestampNanosecondArray::from(scaled(1_000_000_000))),
        col("us", TimestampMicrosecondArray::from(scaled(1_000_000))),
        col("ms", TimestampMillisecondArray::from(scaled(1_000))),
        col("s_", TimestampSecondArray::from(scaled(1))),
        col("tz", TimestampNanosecondArray::from(scaled(1_000_000_000)).with_timezone("Europe/Berlin")),
        col("td", DurationNanosecondArray::from(vec![Some(1_000_000_000), None, Some(-5_000_000_000)])),
        col("tds", DurationSecondArray::from(vec![Some(1), None, Some(-5)])),
    ])
}

/// An ordered categorical with an unused category, whose values first appear in another order than declared.
fn ordered() -> Frame {
    let codes: Vec<Option<i8>> = (0..50_000).map(|i| (i % 7 != 0).then_some((i % 3) as i8)).collect();
    let values = StringArray::from(vec!["zebra", "ant", "mule", "unused"]);
    let array = DictionaryArray::new(Int8Array::from(codes), Arc::new(values));
    frame(vec![
        col("n", Int64Array::from_iter_values(0..50_000)),
        of("c", array, Logical::Categorical { ordered: true }),
    ])
}

/// Two columns with these labels.
fn labelled(labels: [Label; 2], levels: &[(Option<&str>, &str, Option<&str>)]) -> Frame {
    let mut frame =
        frame(vec![col("a", Int64Array::from(vec![1, 2])), col("b", Float64Array::from(vec![0.5, 1.5]))]);
    for (column, label) in frame.columns.iter_mut().zip(labels) {
        column.label = label;
    }
    frame.column_levels = levels
        .iter()
        .map(|(name, numpy_type, zone)| ColumnLevel {
            name: name.map_or(Label::None, label),
            numpy_type: (*numpy_type).to_owned(),
            zone: zone.map(str::to_owned),
        })
        .collect();
    frame
}

/// Every case of `readback.py`.
fn cases() -> Vec<(&'static str, Frame)> {
    let a = || frame(vec![col("a", Int64Array::from(vec![1, 2]))]);
    let month = Logical::Period { freq: "M".into() };
    let days: ArrayRef =
        Arc::new(TimestampNanosecondArray::from(vec![1_577_836_800_000_000_000, 1_622_505_600_000_000_000]));
    let mut period_index =
        indexed(a(), vec![(label("p"), Arc::new(Int64Array::from(vec![600, 601])) as ArrayRef)]);
    period_index.index[0].logical = month;
    let day = Logical::Period { freq: "D".into() };
    let moment = |zone: Option<&str>| {
        let at = |ns| Label::Datetime { ns, zone: zone.map(str::to_owned) };
        // The wall clock is the same in either zone; Berlin is one hour ahead in winter, two in summer.
        let ahead = |hours: i64| if zone.is_some() { hours * 3_600_000_000_000 } else { 0 };
        let fraction = if zone.is_some() { 0 } else { 500_000_000 };
        [at(1_577_836_800_000_000_000 - ahead(1)), at(1_625_142_600_000_000_000 + fraction - ahead(2))]
    };
    let pair = |text: &str, n| Label::Tuple(vec![label(text), Label::Int(n)]);
    vec![
        ("types", types()),
        (
            "index_multi",
            indexed(
                a(),
                vec![(label("t"), days), (Label::None, Arc::new(Int64Array::from(vec![7, -7])) as ArrayRef)],
            ),
        ),
        ("index_period", period_index),
        ("period", frame(vec![of("a", Int64Array::from(vec![18_262, 18_263]), day)])),
        ("columns_int", labelled([Label::Int(7), Label::Int(-1)], &[(Some("n"), "int64", None)])),
        ("columns_float", labelled([Label::Float(0.5), Label::Float(1e20)], &[(None, "float64", None)])),
        ("columns_datetime", labelled(moment(None), &[(None, "datetime64[ns]", None)])),
        (
            "columns_zone",
            labelled(moment(Some("Europe/Berlin")), &[(None, "datetime64[ns]", Some("Europe/Berlin"))]),
        ),
        (
            "columns_multi",
            labelled([pair("a", 1), pair("it's", 2)], &[(Some("x"), "object", None), (None, "int64", None)]),
        ),
        (
            "columns_bytes",
            labelled([Label::Bytes(b"a".to_vec()), Label::Bytes(b"b".to_vec())], &[(None, "object", None)]),
        ),
    ]
}

/// Writes files of these members under `root/case`.
fn write(root: &Path, case: &str, members: &[Frame], files: usize, settings: &OutputSettings) {
    let schema = freeze(members, &SchemaRules::default());
    let batches = batches(&schema, members);
    fs::create_dir_all(root.join(case)).unwrap();
    for number in 0..files {
        let share = &batches[number * batches.len() / files..(number + 1) * batches.len() / files];
        fs::write(root.join(case).join(format!("part-{number:05}.parquet")), file(&schema, settings, share))
            .unwrap();
    }
}

/// Columns in which nothing is ever there, over several pages and row groups.
fn edges() -> Frame {
    const ROWS: usize = 70_000;
    let nothing = |categories: Vec<&str>| {
        let values = StringArray::from(categories);
        DictionaryArray::new(Int8Array::new_null(ROWS), Arc::new(values))
    };
    frame(vec![
        of("few", nothing(vec!["x", "w"]), Logical::Categorical { ordered: false }),
        of("none", nothing(vec![]), Logical::Categorical { ordered: false }),
        col("f", Float64Array::new_null(ROWS)),
        of("t", StringArray::new_null(ROWS), Logical::ObjectText),
        col("b", BooleanArray::new_null(ROWS)),
    ])
}

/// Writes all cases under one profile and lets Python judge.
fn judge(python: &Path, settings: &OutputSettings) {
    let root = tempfile::tempdir().unwrap();
    for (case, frame) in cases() {
        write(root.path(), case, &[frame], 1, settings);
    }
    let small = OutputSettings { row_group: RowGroup::Bytes(Bytes(100_000)), ..settings.clone() };
    write(root.path(), "ordered", &[ordered()], 1, &small);
    write(root.path(), "ordered_directory", &[ordered(), ordered()], 2, &small);
    write(root.path(), "edges", &[edges()], 1, &small);
    let with = SchemaRules { provenance: true, ..SchemaRules::default() };
    let member = labelled([label("a"), label("b")], &[(None, "object", None)]);
    let schema = freeze(std::slice::from_ref(&member), &with);
    fs::create_dir_all(root.path().join("provenance")).unwrap();
    let twice = file(&schema, settings, &batches(&schema, &[member.clone(), member]));
    fs::write(root.path().join("provenance/part-00000.parquet"), twice).unwrap();
    let schema = freeze(&[types()], &SchemaRules::default());
    fs::create_dir_all(root.path().join("empty")).unwrap();
    fs::write(root.path().join("empty/part-00000.parquet"), file(&schema, settings, &[])).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readback.py");
    let out = Command::new(python).arg(script).arg(root.path()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && stdout.contains("all same"), "{settings:?}\n{stdout}\n{stderr}");
}

#[test]
fn pandas_2_reads_what_it_would_have_written() {
    let Some(python) = environment::path("TARQUET_PYTHON23") else { return };
    judge_all(&python);
}

#[test]
fn pandas_3_reads_what_it_would_have_written() {
    let Some(python) = environment::path("TARQUET_PYTHON31") else { return };
    judge_all(&python);
}

fn judge_all(python: &Path) {
    for profile in [Profile::Portable, Profile::Fast, Profile::Compact] {
        judge(python, &OutputSettings { profile, ..OutputSettings::default() });
    }
    judge(python, &OutputSettings { compression: Some(Compression::None), ..OutputSettings::default() });
}
