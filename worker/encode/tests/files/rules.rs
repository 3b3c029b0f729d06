//! Rule by rule: freezing and conforming (FIDELITY 4–8, 11–15, 17–21).

use crate::support::{
    categorical, column, column_of, floats, frame, freeze, indexed, ints, label, rules, texts,
};
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, DurationSecondArray, Float32Array, Int8Array, Int32Array,
        Int64Array, IntervalYearMonthArray, NullArray, StringArray, TimestampMicrosecondArray,
        TimestampNanosecondArray, TimestampSecondArray, UInt32Array, UInt64Array,
    },
    datatypes::{Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType},
};
use serde_json::json;
use std::{slice::from_ref, sync::Arc};
use tarquet_common::{
    codes::schema as codes,
    failure::Failure,
    spec::{IndexMode, OnExtra, OnMissing, Timestamps},
};
use tarquet_decode::frame::{ColumnLevel, Frame, Label, Layout, Logical};
use tarquet_encode::{
    ArrowType, ColumnKind, FrozenIndex, FrozenSchema, JoinedSchema, OutputSettings, ParquetEncoder,
    SampledSchema, SchemaRules, Unit, WarningKind, conform,
};

fn one(values: ArrayRef) -> Frame {
    frame(vec![column("a", values)])
}

/// The frozen type of the only column of members with these values.
fn frozen_type(frames: &[Frame]) -> ArrowType {
    freeze(frames, &rules()).columns[0].ty.arrow.clone()
}

/// The failure of a member against the schema of another.
fn failure(schema: &FrozenSchema, member: &Frame) -> Failure {
    conform(schema, member, None).unwrap_err()
}

fn values(schema: &FrozenSchema, member: &Frame) -> ArrayRef {
    Arc::clone(conform(schema, member, None).unwrap().0.column(0))
}

#[test]
fn a_default_index_is_dropped_and_another_one_is_then_set_aside() {
    let schema = freeze(&[one(ints(&[5, 6])), one(ints(&[7]))], &rules());
    assert_eq!(schema.index, FrozenIndex::Dropped { only_default: true });
    let pandas: serde_json::Value = serde_json::from_str(&schema.pandas_metadata()).unwrap();
    assert_eq!(pandas["index_columns"], json!([]));
    for (name, index) in [
        (Label::None, ints(&[1, 2])),
        (label("i"), ints(&[0, 1])),
        (Label::None, Arc::new(Int32Array::from(vec![0, 1])) as ArrayRef),
    ] {
        let error = failure(&schema, &indexed(one(ints(&[5, 6])), vec![(name, index)]));
        assert_eq!(error.code, codes::INDEX_NOT_DEFAULT);
        assert!(error.hint().contains("keep"), "{}", error.hint());
    }
    // Restarts inside an appended table are not the default index.
    let restarted = indexed(one(ints(&[1, 2, 3])), vec![(Label::None, ints(&[0, 1, 0]))]);
    assert_eq!(failure(&schema, &restarted).code, codes::INDEX_NOT_DEFAULT);
    let drop = SchemaRules { index: IndexMode::Drop, ..rules() };
    let schema = freeze(from_ref(&restarted), &drop);
    assert_eq!(schema.warnings[0].kind, WarningKind::IndexDropped);
    assert_eq!(conform(&schema, &restarted, None).unwrap().0.num_columns(), 1);
}

#[test]
fn a_kept_index_stands_behind_the_columns() {
    let keep = SchemaRules { index: IndexMode::Keep, ..rules() };
    let plain = one(ints(&[5, 6]));
    let schema = freeze(from_ref(&plain), &keep);
    let (batch, _) = conform(&schema, &plain, None).unwrap();
    assert_eq!(batch.schema().field(1).name(), "__index_level_0__");
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[0, 1]);

    // auto keeps what is not default everywhere; HDF5 without an index counts.
    let odd = indexed(one(ints(&[5, 6])), vec![(Label::None, ints(&[9, 4]))]);
    let schema = freeze(&[plain, odd], &rules());
    let mut bare = one(ints(&[1, 2, 3]));
    (bare.index, bare.layout) = (Vec::new(), Layout::Plain);
    let (batch, _) = conform(&schema, &bare, None).unwrap();
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[0, 1, 2]);
}

#[test]
fn level_names_and_clashes() {
    let levels =
        vec![(label("a"), ints(&[1, 2])), (Label::None, ints(&[3, 4])), (Label::Int(3), ints(&[5, 6]))];
    let member = indexed(one(ints(&[5, 6])), levels);
    let schema = freeze(from_ref(&member), &rules());
    let FrozenIndex::Kept { levels } = &schema.index else { panic!("kept") };
    let stored: Vec<&str> = levels.iter().map(|l| l.column.name.as_str()).collect();
    assert_eq!(stored, ["__index_level_0__", "__index_level_1__", "3"]);
    let pandas: serde_json::Value = serde_json::from_str(&schema.pandas_metadata()).unwrap();
    assert_eq!(pandas["columns"][1]["name"], "a");
    assert_eq!(pandas["columns"][2]["name"], serde_json::Value::Null);
    let other = indexed(one(ints(&[5, 6])), vec![(label("x"), ints(&[1, 2]))]);
    assert_eq!(failure(&schema, &other).code, codes::INDEX_SHAPE);
}

#[test]
fn types_widen_in_the_sample() {
    let i32s: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let u32s: ArrayRef = Arc::new(UInt32Array::from(vec![u32::MAX]));
    let f32s: ArrayRef = Arc::new(Float32Array::from(vec![0.5]));
    assert_eq!(frozen_type(&[one(i32s.clone()), one(u32s.clone())]), ArrowType::Int64);
    assert_eq!(frozen_type(&[one(ints(&[1])), one(floats(&[Some(0.5)]))]), ArrowType::Float64);
    assert_eq!(frozen_type(&[one(f32s), one(i32s.clone())]), ArrowType::Float64);
    // 2^53 + 1 is no float: the first type stays, and the other member is set aside, which the plan says.
    let frames = [one(ints(&[(1 << 53) + 1])), one(floats(&[Some(0.5)]))];
    let schema = freeze(&frames, &rules());
    assert_eq!(schema.columns[0].ty.arrow, ArrowType::Int64);
    assert_eq!(schema.warnings[0].kind, WarningKind::TypeConflict);
    assert_eq!(failure(&schema, &frames[1]).code, codes::VALUE_NOT_EXACT);
    let narrow = SchemaRules { widen: false, ..rules() };
    let schema = freeze(&[one(i32s), one(u32s.clone())], &narrow);
    assert_eq!(schema.columns[0].ty.arrow, ArrowType::Int32);
    assert_eq!(failure(&schema, &one(u32s)).code, codes::TYPE_MISMATCH);
}

#[test]
fn a_frozen_integer_takes_floats_that_are_integers() {
    let schema = freeze(&[one(ints(&[1]))], &rules());
    let taken = values(&schema, &one(floats(&[Some(2.0), None, Some(-9_007_199_254_740_992.0)])));
    assert_eq!(taken.as_ref(), &Int64Array::from(vec![Some(2), None, Some(-9_007_199_254_740_992)]));
    for bad in [0.5, 9_007_199_254_740_994.0, f64::INFINITY, -0.0] {
        let error = failure(&schema, &one(floats(&[Some(2.0), Some(bad)])));
        assert_eq!(error.code, codes::VALUE_NOT_EXACT);
        assert!(error.message.contains("row 1"), "{}", error.message);
        assert_eq!(error.place.item.as_deref(), Some("a"));
    }
    let unsigned: ArrayRef = Arc::new(UInt64Array::from(vec![1]));
    assert_eq!(failure(&schema, &one(unsigned)).code, codes::TYPE_MISMATCH);
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    assert_eq!(failure(&schema, &one(flags)).code, codes::TYPE_MISMATCH);
    let error = failure(&schema, &frame(vec![texts("a", &[None, Some("x")])]));
    assert_eq!(error.message, "column a: text where int64 is expected");
    assert_eq!(error.found.as_deref(), Some("text, first in row 1"));
    let small: ArrayRef = Arc::new(Int8Array::from(vec![-3]));
    assert_eq!(values(&schema, &one(small)).as_ref(), &Int64Array::from(vec![-3]));
}

#[test]
fn what_is_missing_everywhere_fits_anything() {
    let frames = [
        frame(vec![texts("a", &[None, None])]),
        one(floats(&[None])),
        one(Arc::new(NullArray::new(2))),
        one(ints(&[4])),
    ];
    let schema = freeze(&frames, &rules());
    assert_eq!(schema.columns[0].ty.arrow, ArrowType::Int64);
    for member in &frames[..3] {
        assert_eq!(values(&schema, member).null_count(), member.rows);
    }
    // Nobody knows: text, and the plan says so.
    let schema = freeze(&frames[2..3], &rules());
    assert_eq!(
        (&schema.columns[0].ty.arrow, schema.warnings[0].kind),
        (&ArrowType::Utf8, WarningKind::AllMissing)
    );
    // Members without rows decide nothing as long as anybody has rows.
    let empty = frame(vec![texts("a", &[])]);
    assert_eq!(frozen_type(&[empty.clone(), one(ints(&[4]))]), ArrowType::Int64);
    assert_eq!(frozen_type(&[empty]), ArrowType::Utf8);
}

#[test]
fn timestamps_keep_their_unit_or_become_microseconds() {
    let seconds: ArrayRef = Arc::new(TimestampSecondArray::from(vec![1]));
    let schema = freeze(&[one(seconds.clone())], &rules());
    assert_eq!(schema.columns[0].ty.arrow, ArrowType::Timestamp(Unit::Ms, None));
    assert_eq!(values(&schema, &one(seconds)).as_primitive::<TimestampMillisecondType>().values(), &[1000]);
    let spans: ArrayRef = Arc::new(DurationSecondArray::from(vec![1]));
    assert_eq!(frozen_type(&[one(spans)]), ArrowType::Duration(Unit::S));

    let nanos =
        |v: i64| -> ArrayRef { Arc::new(TimestampNanosecondArray::from(vec![v]).with_timezone("UTC")) };
    let us = SchemaRules { timestamps: Timestamps::Us, ..rules() };
    let schema = freeze(&[one(nanos(5_000))], &us);
    assert_eq!(
        values(&schema, &one(nanos(-7_000))).as_primitive::<TimestampMicrosecondType>().values(),
        &[-7]
    );
    let error = failure(&schema, &one(nanos(7_001)));
    assert_eq!(error.code, codes::VALUE_NOT_EXACT);
    let naive: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1]));
    assert_eq!(failure(&schema, &one(naive)).code, codes::TYPE_MISMATCH);

    let nanos = freeze(&[one(Arc::new(TimestampNanosecondArray::from(vec![1])))], &rules());
    assert!(nanos.warnings.iter().any(|w| w.kind == WarningKind::Nanoseconds));
    let far: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX / 100]));
    assert_eq!(failure(&nanos, &one(far)).code, codes::VALUE_OUT_OF_RANGE);
}

#[test]
fn categories_keep_values_order_and_unused_ones() {
    let first = frame(vec![categorical("a", &["m", "b", "unused"], &[Some(1), None, Some(0)], false)]);
    let turned = frame(vec![categorical("a", &["unused", "b", "m"], &[Some(1), Some(2)], false)]);
    let schema = freeze(&[first, turned.clone()], &rules());
    assert_eq!(schema.columns[0].ty.categories.as_ref().unwrap().values, ["m", "b", "unused"]);
    let recoded = values(&schema, &turned);
    assert_eq!(recoded.as_dictionary::<Int32Type>().keys().values(), &[1, 0]);
    let other = frame(vec![categorical("a", &["m", "b"], &[Some(1)], false)]);
    assert_eq!(failure(&schema, &other).code, codes::CATEGORIES_DIFFER);
    assert_eq!(failure(&schema, &frame(vec![texts("a", &[Some("m")])])).code, codes::TYPE_MISMATCH);

    // Seen in the sample, differing categories are text.
    let schema = freeze(&[turned.clone(), other], &rules());
    assert_eq!(schema.columns[0].ty.kind, ColumnKind::ObjectText);
    assert!(schema.warnings.iter().any(|w| w.kind == WarningKind::CategoriesAsText));
    let decoded = values(&schema, &turned);
    assert_eq!(decoded.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["b", "m"]);

    // The order of ordered categories is part of what they are.
    let ordered = frame(vec![categorical("a", &["lo", "hi"], &[Some(1)], true)]);
    let reversed = frame(vec![categorical("a", &["hi", "lo"], &[Some(1)], true)]);
    let schema = freeze(&[ordered], &rules());
    assert_eq!(schema.arrow_schema().field(0).dict_is_ordered(), Some(true));
    assert_eq!(failure(&schema, &reversed).code, codes::CATEGORIES_DIFFER);
}

#[test]
fn categories_that_are_not_text_are_values() {
    let codes = Int8Array::from(vec![Some(1), None, Some(0)]);
    let array = arrow::array::DictionaryArray::new(codes, ints(&[30, 40]));
    let member = frame(vec![column_of("a", Arc::new(array), Logical::Categorical { ordered: false })]);
    let schema = freeze(from_ref(&member), &rules());
    assert_eq!(schema.columns[0].ty.arrow, ArrowType::Int64);
    assert_eq!(values(&schema, &member).as_ref(), &Int64Array::from(vec![Some(40), None, Some(30)]));
}

#[test]
fn extra_and_missing_columns() {
    let ab = frame(vec![column("a", ints(&[1])), column("b", ints(&[2]))]);
    let bca = frame(vec![column("b", ints(&[5])), column("c", ints(&[3])), column("a", ints(&[4]))]);
    let schema = freeze(&[ab.clone(), bca.clone()], &rules());
    assert!(schema.warnings.iter().any(|w| w.kind == WarningKind::ExtraColumn && w.column == "c"));
    assert_eq!(failure(&schema, &bca).code, codes::EXTRA_COLUMN);

    let drop = SchemaRules { on_extra_column: OnExtra::Drop, ..rules() };
    let schema = freeze(&[ab.clone(), bca.clone()], &drop);
    let (batch, report) = conform(&schema, &bca, None).unwrap();
    assert_eq!(
        (report.dropped_columns, schema.dropped.clone()),
        (vec!["c".to_owned()], vec!["c".to_owned()])
    );
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[4]);

    let add = SchemaRules { on_extra_column: OnExtra::Add, ..rules() };
    let schema = freeze(&[ab.clone(), bca], &add);
    let names: Vec<&str> = schema.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let (batch, report) = conform(&schema, &ab, None).unwrap();
    assert_eq!((batch.column(2).null_count(), report.missing_columns), (1, vec!["c".to_owned()]));
    let strict = SchemaRules { on_missing_column: OnMissing::Quarantine, ..rules() };
    let schema = freeze(&[ab], &strict);
    assert_eq!(failure(&schema, &one(ints(&[1]))).code, codes::MISSING_COLUMN);
}

#[test]
fn names_that_clash_are_raised_and_warned_about() {
    let mut member = frame(vec![column("0", ints(&[1])), column("0", ints(&[2]))]);
    member.columns[0].label = Label::Int(0);
    let schema = freeze(from_ref(&member), &rules());
    assert_eq!(schema.columns[1].name, "0__1");
    assert!(schema.warnings.iter().any(|w| w.kind == WarningKind::Renamed));
    let (batch, _) = conform(&schema, &member, None).unwrap();
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[2]);
    // A made-up name is no integer, so no name may be read back as one.
    assert_eq!(schema.columns_levels[0].pandas_type, "unicode");
}

#[test]
fn names_read_back_as_what_they_were() {
    let mut member = frame(vec![column("x", ints(&[1])), column("y", ints(&[2]))]);
    member.columns[0].label = Label::Int(7);
    member.columns[1].label = Label::Int(-1);
    member.column_levels = vec![ColumnLevel { name: label("n"), numpy_type: "int64".into(), zone: None }];
    let schema = freeze(&[member.clone(), member.clone()], &rules());
    let pandas: serde_json::Value = serde_json::from_str(&schema.pandas_metadata()).unwrap();
    assert_eq!(pandas["column_indexes"][0]["pandas_type"], "int64");
    assert_eq!(pandas["column_indexes"][0]["name"], "n");
    assert_eq!(schema.columns[1].name, "-1");
    let mut other = member.clone();
    other.column_levels[0].name = label("m");
    let schema = freeze(&[member, other], &rules());
    assert_eq!(schema.columns_levels[0].name, serde_json::Value::Null);
}

#[test]
fn frames_without_columns_are_counted_apart() {
    let mut none = frame(Vec::new());
    none.rows = 3;
    none.index[0].values = ints(&[0, 1, 2]);
    let sampled = SampledSchema::of(&none).unwrap();
    assert_eq!(JoinedSchema::of([&sampled]).freeze(&rules(), 1).unwrap_err().code, codes::NO_COLUMNS);
    assert_eq!(JoinedSchema::of([]).freeze(&rules(), 1).unwrap_err().code, codes::NOTHING_SAMPLED);
    let schema = freeze(&[one(ints(&[1]))], &rules());
    let (batch, report) = conform(&schema, &none, None).unwrap();
    assert_eq!((batch.num_rows(), report.columnless_rows), (0, 3));
}

#[test]
fn provenance_says_where_a_row_came_from() {
    let with = SchemaRules { provenance: true, ..rules() };
    let member = frame(vec![column("__source__", ints(&[1, 2]))]);
    let schema = freeze(from_ref(&member), &with);
    let (batch, _) = conform(&schema, &member, Some("a.tar!x.h5")).unwrap();
    assert_eq!(batch.schema().field(1).name(), "__source___");
    let sources = batch.column(1).as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
    assert_eq!(sources.into_iter().flatten().collect::<Vec<_>>(), ["a.tar!x.h5"; 2]);
}

#[test]
fn unnamed_series_are_called_zero() {
    let mut series = one(ints(&[1]));
    (series.series, series.columns[0].label) = (true, Label::None);
    let schema = freeze(&[series], &rules());
    assert_eq!(schema.columns[0].name, "0");
    assert_eq!(schema.columns_levels[0].pandas_type, "unicode");
}

#[test]
fn types_that_no_file_can_hold_are_refused_by_name() {
    let intervals: ArrayRef = Arc::new(IntervalYearMonthArray::from(vec![1]));
    let error = SampledSchema::of(&one(intervals)).unwrap_err();
    assert_eq!((error.code, error.place.item.as_deref()), (codes::TYPE_UNSUPPORTED, Some("a")));
}

#[test]
fn schemas_that_nobody_froze_are_refused() {
    let frozen = serde_json::to_value(freeze(&[one(ints(&[1]))], &rules())).unwrap();
    for ty in
        ["null", "decimal/200/3", "decimal/0/0", "decimal/38/100", "decimal/9/-5", "time/s", "timestamp/s"]
    {
        let mut garbage = frozen.clone();
        let parts: Vec<&str> = ty.split('/').collect();
        garbage["columns"][0]["ty"]["arrow"] = match parts.as_slice() {
            [name, p, s] => json!({*name: [p.parse::<u8>().unwrap(), s.parse::<i8>().unwrap()]}),
            ["timestamp", unit] => json!({"timestamp": [unit, null]}),
            [name, unit] => json!({*name: unit}),
            _ => json!(ty),
        };
        let schema: FrozenSchema = serde_json::from_value(garbage).unwrap();
        let refused =
            ParquetEncoder::new(&schema.layout(), &OutputSettings::default()).map(|_| ()).unwrap_err();
        assert!(
            [codes::SCHEMA_UNREADABLE, codes::TYPE_UNSUPPORTED].contains(&refused.code),
            "{ty}: {refused}"
        );
    }
    let mut empty = frozen;
    empty["columns"] = json!([]);
    let schema: FrozenSchema = serde_json::from_value(empty).unwrap();
    let refused = ParquetEncoder::new(&schema.layout(), &OutputSettings::default()).map(|_| ()).unwrap_err();
    assert_eq!(refused.code, codes::SCHEMA_UNREADABLE);
}
