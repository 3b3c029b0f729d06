//! Frames for tests, and reading files back.

use arrow::array::{ArrayRef, DictionaryArray, Int8Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use std::sync::Arc;
use tarquet_decode::frame::{Column, ColumnLevel, Frame, Label, Layout, Level, Logical};
use tarquet_encode::{
    FrozenSchema, JoinedSchema, OutputSettings, ParquetEncoder, SampledSchema, SchemaRules, conform,
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
    let mut encoder = ParquetEncoder::new(schema, settings).unwrap();
    let mut out: Vec<Bytes> = Vec::new();
    for batch in batches {
        encoder.push(batch).unwrap();
        out.extend(encoder.take_ready().unwrap());
    }
    let finished = encoder.finish().unwrap();
    out.extend(encoder.take_ready().unwrap());
    let bytes = out.concat();
    assert_eq!(finished.bytes, bytes.len() as u64);
    assert_eq!(finished.rows, batches.iter().map(|b| b.num_rows() as u64).sum::<u64>());
    bytes
}
