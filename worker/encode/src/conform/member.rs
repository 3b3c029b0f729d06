//! One member against the frozen schema: names, index, missing and extra columns.

use super::column::{conform_column, nulls};
use crate::{
    names::column_names,
    schema::{
        FrozenColumn, FrozenIndex, FrozenLevel, FrozenSchema, frame_labels, is_default_index, level_text,
    },
};
use arrow::{
    array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, StringArray},
    datatypes::SchemaRef,
    record_batch::{RecordBatch, RecordBatchOptions},
};
use std::sync::Arc;
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
    spec::{OnExtra, OnMissing},
};
use tarquet_decode::frame::{Column, Frame, Layout};

/// What happened to a frame on its way, beyond the batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conformed {
    /// Columns that were left out, by storage name.
    pub dropped_columns: Vec<String>,
    /// Frozen columns that the member lacks and that are all missing in the batch.
    pub missing_columns: Vec<String>,
    /// Rows of a frame without a single column: Parquet cannot hold them, so they are counted here and the batch
    /// has no rows.
    pub columnless_rows: u64,
}

/// Makes a batch of the frozen schema out of a member's frame. `source` is what the provenance column says of
/// its rows; it is ignored where the schema has none.
///
/// # Errors
/// `EXTRA_COLUMN`, `MISSING_COLUMN`, `INDEX_NOT_DEFAULT`, `INDEX_SHAPE`, `TYPE_MISMATCH`, `VALUE_NOT_EXACT`,
/// `VALUE_OUT_OF_RANGE`, `CATEGORIES_DIFFER`: each names column, expected, found and, for values, the first row.
pub fn conform(
    schema: &FrozenSchema,
    frame: &Frame,
    source: Option<&str>,
) -> Result<(RecordBatch, Conformed), Failure> {
    let mut report = Conformed::default();
    let arrow_schema = schema.arrow_schema();
    if frame.rows == 0 {
        // Without rows nothing can be lost, and empty members decide no type.
        return Ok((RecordBatch::new_empty(arrow_schema), report));
    }
    let keeps_index = matches!(schema.index, FrozenIndex::Kept { .. });
    if frame.columns.is_empty() && !keeps_index {
        check_dropped_index(schema, frame)?;
        report.columnless_rows = frame.rows as u64;
        return Ok((RecordBatch::new_empty(arrow_schema), report));
    }
    let mut arrays = columns(schema, frame, &mut report)?;
    if schema.provenance.is_some() {
        arrays.push(provenance(source.unwrap_or_default(), frame.rows));
    }
    arrays.extend(index(schema, frame)?);
    Ok((batch(arrow_schema, arrays, frame.rows)?, report))
}

/// The frozen columns' values, in frozen order.
fn columns(schema: &FrozenSchema, frame: &Frame, report: &mut Conformed) -> Result<Vec<ArrayRef>, Failure> {
    let mut mine: Vec<(String, &Column, bool)> = column_names(frame_labels(frame).iter())
        .names
        .into_iter()
        .zip(&frame.columns)
        .map(|(name, column)| (name, column, false))
        .collect();
    let mut arrays = Vec::with_capacity(schema.columns.len() + 2);
    for (position, frozen) in schema.columns.iter().enumerate() {
        // Nearly always the column stands where the first member had it.
        let at = match mine.get(position) {
            Some((name, ..)) if *name == frozen.name => Some(position),
            _ => mine.iter().position(|(name, ..)| *name == frozen.name),
        };
        arrays.push(match at.and_then(|at| mine.get_mut(at)) {
            Some((name, column, used)) => {
                *used = true;
                conform_column(name, &column.values, &column.logical, &frozen.ty, schema.rules.widen)?
            }
            None => missing(schema, frozen, frame.rows, report)?,
        });
    }
    let extra: Vec<String> = mine.into_iter().filter(|(_, _, used)| !used).map(|(name, ..)| name).collect();
    match extra.first() {
        Some(name) if schema.rules.on_extra_column != OnExtra::Drop => Err(extra_column(schema, name)),
        _ => {
            report.dropped_columns = extra;
            Ok(arrays)
        }
    }
}

/// All missing, if the rules allow that.
fn missing(
    schema: &FrozenSchema,
    frozen: &FrozenColumn,
    rows: usize,
    report: &mut Conformed,
) -> Result<ArrayRef, Failure> {
    if schema.rules.on_missing_column == OnMissing::Quarantine {
        let message = format!("column {} is absent", frozen.name);
        return Err(Failure::new(codes::MISSING_COLUMN, message)
            .at_item(&frozen.name)
            .expected(&frozen.ty, "no such column"));
    }
    report.missing_columns.push(frozen.name.clone());
    Ok(nulls(&frozen.ty, rows))
}

/// A column that nobody froze.
fn extra_column(schema: &FrozenSchema, name: &str) -> Failure {
    let message = format!("column {name} is not in the frozen schema ({})", schema.sample_text());
    let known: Vec<&str> = schema.columns.iter().map(|c| c.name.as_str()).collect();
    let shown = if known.len() > 8 {
        format!("{} and {} more", known[..8].join(", "), known.len() - 8)
    } else {
        known.join(", ")
    };
    Failure::new(codes::EXTRA_COLUMN, message).at_item(name).expected(shown, name)
}

/// The kept levels' values; none where the index is dropped.
fn index(schema: &FrozenSchema, frame: &Frame) -> Result<Vec<ArrayRef>, Failure> {
    let FrozenIndex::Kept { levels } = &schema.index else {
        check_dropped_index(schema, frame)?;
        return Ok(Vec::new());
    };
    if frame.layout == Layout::Plain && frame.index.is_empty() {
        return counted(levels, frame.rows);
    }
    let names: Vec<Option<String>> = frame.index.iter().map(|level| level_text(&level.name)).collect();
    if !names.iter().eq(levels.iter().map(|level| &level.name)) {
        return Err(index_shape(levels, &names));
    }
    let arrays = levels.iter().zip(&frame.index).map(|(frozen, level)| {
        let shown = frozen.name.as_deref().unwrap_or(&frozen.column.name);
        conform_column(shown, &level.values, &level.logical, &frozen.column.ty, schema.rules.widen)
    });
    arrays.collect()
}

/// A frame without any index writes 0..n-1, as pandas would give it.
fn counted(levels: &[FrozenLevel], rows: usize) -> Result<Vec<ArrayRef>, Failure> {
    match levels {
        [level] if level.name.is_none() => {
            let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..).take(rows)));
            let logical = tarquet_decode::frame::Logical::Plain;
            Ok(vec![conform_column("index", &values, &logical, &level.column.ty, true)?])
        }
        _ => Err(index_shape(levels, &[])),
    }
}

/// Where the index is dropped because every sampled one was 0..n-1, so must this one be.
fn check_dropped_index(schema: &FrozenSchema, frame: &Frame) -> Result<(), Failure> {
    if schema.index != (FrozenIndex::Dropped { only_default: true }) || is_default_index(frame) {
        return Ok(());
    }
    let names: Vec<Option<String>> = frame.index.iter().map(|level| level_text(&level.name)).collect();
    let message = format!("the index is not 0..n-1 as in the sample ({})", schema.sample_text());
    let types: Vec<String> = frame.index.iter().map(|level| level.values.data_type().to_string()).collect();
    let found = format!("{} of {}", shown(&names), types.join(", "));
    Err(Failure::new(codes::INDEX_NOT_DEFAULT, message).expected("an unnamed index 0..n-1", found))
}

/// Another number of levels, or other names.
fn index_shape(levels: &[FrozenLevel], found: &[Option<String>]) -> Failure {
    let expected: Vec<Option<String>> = levels.iter().map(|level| level.name.clone()).collect();
    Failure::new(codes::INDEX_SHAPE, "the index has other levels than the frozen one")
        .expected(shown(&expected), shown(found))
}

/// Level names as a person reads them.
fn shown(names: &[Option<String>]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_deref().unwrap_or("(unnamed)")).collect();
    format!("levels ({})", names.join(", "))
}

/// The same text for every row, stored once.
fn provenance(source: &str, rows: usize) -> ArrayRef {
    let codes = Int32Array::from(vec![0; rows]);
    let values = Arc::new(StringArray::from(vec![source]));
    Arc::new(DictionaryArray::new(codes, values))
}

/// The batch; its parts fit by construction.
fn batch(schema: SchemaRef, arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, Failure> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|error| {
        Failure::new(ourselves::INVARIANT, "a conformed batch does not fit its own schema").caused_by(&error)
    })
}
