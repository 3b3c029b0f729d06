//! Frames for tests, and reading files back.

use arrow::{
    array::{
        Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
        DurationMillisecondArray, Float16Array, Float32Array, Float64Array, Int8Array, Int32Array,
        Int64Array, StringArray, Time64MicrosecondArray, TimestampNanosecondArray, UInt16Array, UInt64Array,
    },
    record_batch::RecordBatch,
};
use bytes::Bytes;
use half::f16;
use std::sync::Arc;
use tarquet_decode::frame::{Column, ColumnLevel, Frame, Label, Layout, Level, Logical};
use tarquet_encode::{
    FrozenSchema, JoinedSchema, OutputSettings, ParquetEncoder, PartWriter, SampledSchema, SchemaRules,
    conform,
};

/// A text label.
pub fn label(text: &str) -> Label {
    Label::Str(text.into())
}

/// A column of plain values.
pub fn column(name: &str, values: impl Into<ArrayRef>) -> Column {
    Column { label: label(name), values: values.into(), logical: Logical::Plain }
}

/// A column of this kind.
pub fn column_of(name: &str, values: ArrayRef, logical: Logical) -> Column {
    Column { label: label(name), values, logical }
}

/// A categorical of text.
pub fn categorical(name: &str, categories: &[&str], codes: &[Option<i8>], ordered: bool) -> Column {
    let values = StringArray::from(categories.to_vec());
    let array = DictionaryArray::new(Int8Array::from(codes.to_vec()), Arc::new(values));
    column_of(name, Arc::new(array), Logical::Categorical { ordered })
}

/// A column's integers.
pub fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// A column's floats.
pub fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// A column of text.
pub fn texts(name: &str, values: &[Option<&str>]) -> Column {
    column_of(name, Arc::new(StringArray::from(values.to_vec())), Logical::ObjectText)
}

/// Rules that nobody has touched.
pub fn rules() -> SchemaRules {
    SchemaRules::default()
}

/// A frame with the default index.
pub fn frame(columns: Vec<Column>) -> Frame {
    let rows = columns.first().map_or(0, |c| c.values.len());
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0..).take(rows)));
    Frame {
        key: "df".into(),
        layout: Layout::Fixed,
        series: false,
        rows,
        index: vec![Level { name: Label::None, values: numbers, logical: Logical::Plain }],
        columns,
        column_levels: vec![ColumnLevel { name: Label::None, numpy_type: "object".into(), zone: None }],
    }
}

/// The frame with another index.
pub fn indexed(mut frame: Frame, levels: Vec<(Label, ArrayRef)>) -> Frame {
    let level = |(name, values)| Level { name, values, logical: Logical::Plain };
    frame.index = levels.into_iter().map(level).collect();
    frame
}

/// Numbers that look random and are the same everywhere.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11
    }

    /// `make(noise)` for each row, one in `missing_in` missing.
    fn some<T>(&mut self, rows: usize, missing_in: u64, make: impl Fn(u64) -> T) -> Vec<Option<T>> {
        (0..rows)
            .map(|_| {
                let (n, missing) = (self.next(), self.next().is_multiple_of(missing_in));
                (!missing).then(|| make(n))
            })
            .collect()
    }
}

/// A frame with a column of every type we write.
pub fn every_type(rows: usize, seed: u64) -> Frame {
    let n = &mut Noise(seed);
    let array = |a: ArrayRef| a;
    let decimals = |p, s, v: Vec<Option<i128>>| {
        array(Arc::new(Decimal128Array::from(v).with_precision_and_scale(p, s).unwrap()))
    };
    let codes: Vec<Option<i8>> = n.some(rows, 5, |v| (v % 3) as i8);
    frame(vec![
        column("f64", array(Arc::new(Float64Array::from(n.some(rows, 9, |v| v as f64 / 1e3))))),
        column("full", array(Arc::new(Float64Array::from_iter_values((0..rows).map(|i| i as f64))))),
        column("f32", array(Arc::new(Float32Array::from(n.some(rows, 9, |v| v as f32))))),
        column(
            "f16",
            array(Arc::new(Float16Array::from(n.some(rows, 9, |v| f16::from_f64((v % 2000) as f64))))),
        ),
        column("i8", array(Arc::new(Int8Array::from(n.some(rows, 9, |v| v as i8))))),
        column("i32", array(Arc::new(Int32Array::from(n.some(rows, 9, |v| v as i32))))),
        column("i64", array(Arc::new(Int64Array::from(n.some(rows, 9, |v| (v << 11) as i64))))),
        column("u16", array(Arc::new(UInt16Array::from(n.some(rows, 9, |v| v as u16))))),
        column("u64", array(Arc::new(UInt64Array::from(n.some(rows, 9, |v| v << 11))))),
        column("bool", array(Arc::new(BooleanArray::from(n.some(rows, 9, |v| v % 3 == 0))))),
        column("date", array(Arc::new(Date32Array::from(n.some(rows, 9, |v| (v % 20_000) as i32))))),
        column(
            "time",
            array(Arc::new(Time64MicrosecondArray::from(n.some(rows, 9, |v| (v % 86_400) as i64)))),
        ),
        column("span", array(Arc::new(DurationMillisecondArray::from(n.some(rows, 9, |v| v as i64))))),
        column(
            "ts",
            array(Arc::new(
                TimestampNanosecondArray::from(n.some(rows, 9, |v| v as i64)).with_timezone("Europe/Berlin"),
            )),
        ),
        column("dec5", decimals(5, 2, n.some(rows, 9, |v| i128::from(v % 99_999)))),
        column("dec15", decimals(15, 2, n.some(rows, 9, |v| i128::from(v % 999_999_999)))),
        column("dec30", decimals(30, 5, n.some(rows, 9, |v| i128::from(v) * -12_345_678_901))),
        column_of(
            "few",
            array(Arc::new(StringArray::from(n.some(rows, 9, |v| format!("value {}", v % 20))))),
            Logical::ObjectText,
        ),
        column_of(
            "many",
            array(Arc::new(StringArray::from(n.some(rows, 9, |v| format!("{v:x}"))))),
            Logical::ObjectText,
        ),
        column_of(
            "bytes",
            array(Arc::new(BinaryArray::from_iter(n.some(rows, 9, |v| v.to_le_bytes())))),
            Logical::Object,
        ),
        column("nothing", array(Arc::new(Float64Array::new_null(rows)))),
        categorical("cat", &["z", "a", "unused", "m"], &codes, true),
    ])
}

/// What these frames freeze to.
pub fn freeze(frames: &[Frame], rules: &SchemaRules) -> FrozenSchema {
    let sampled: Vec<SampledSchema> = frames.iter().map(|f| SampledSchema::of(f).unwrap()).collect();
    JoinedSchema::of(&sampled).freeze(rules, frames.len() as u64).unwrap()
}

/// The batches of these frames.
pub fn batches(schema: &FrozenSchema, frames: &[Frame]) -> Vec<RecordBatch> {
    frames.iter().map(|f| conform(schema, f, Some("a.tar!m.h5")).unwrap().0).collect()
}

/// The file of these batches.
pub fn file(schema: &FrozenSchema, settings: &OutputSettings, batches: &[RecordBatch]) -> Vec<u8> {
    let mut encoder = ParquetEncoder::new(&schema.layout(), settings).unwrap();
    part(&mut encoder, batches, 1)
}

/// The bytes of a part of these batches, taken after every so many of them.
pub fn part(part: &mut dyn PartWriter, batches: &[RecordBatch], taken_every: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut take = |ready: Bytes| {
        bytes.extend_from_slice(&ready);
        Ok(())
    };
    for (at, batch) in batches.iter().enumerate() {
        part.push(batch).unwrap();
        if (at + 1).is_multiple_of(taken_every) {
            part.drain(&mut take).unwrap();
        }
    }
    let finished = part.finish().unwrap();
    part.drain(&mut take).unwrap();
    assert_eq!(finished.bytes, bytes.len() as u64);
    assert_eq!(finished.rows, batches.iter().map(|b| b.num_rows() as u64).sum::<u64>());
    bytes
}
