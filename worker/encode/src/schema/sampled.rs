//! What one decoded member says about the schema.

use super::{
    column::{ColumnType, column_type},
    labels::{ColumnsLevel, columns_levels, level_text},
};
use crate::{arrow_type::ArrowType, names::column_names, parquet::float_sizes};
use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Int64Type, UInt64Type},
};
use serde::{Deserialize, Serialize};
use tarquet_common::failure::Failure;
use tarquet_decode::frame::{Frame, Label, Level, Logical};

/// Integers up to this are exact as 64-bit floats.
const EXACT: u64 = 1 << 53;

/// What one member says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledSchema {
    /// Its rows.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<SampledColumn>,
    /// Levels of its row index.
    pub levels: Vec<SampledLevel>,
    /// Whether the row index is unnamed 0..n-1, or there are no rows.
    pub default_index: bool,
    /// What `df.columns` is.
    pub columns_levels: Vec<ColumnsLevel>,
    /// Storage names that had to be made up because a name was there already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<String>,
}

/// One level of the row index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledLevel {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its values.
    pub column: SampledColumn,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledColumn {
    /// Its storage name; empty for index levels, whose names are given when the schema is frozen.
    pub name: String,
    /// Whether the label itself is missing (`None`, NaN).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlabelled: bool,
    /// What it is.
    pub ty: ColumnType,
    /// Whether no row has a value.
    pub all_missing: bool,
    /// Whether every integer is exact as a 64-bit float.
    pub exact_in_float: bool,
    /// Floats only: compressed bytes of a few thousand values stored plainly and byte-split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub float_sizes: Option<(u64, u64)>,
}

impl SampledSchema {
    /// Looks at a decoded frame.
    ///
    /// # Errors
    /// `TYPE_UNSUPPORTED` if a column cannot be written at all.
    pub fn of(frame: &Frame) -> Result<Self, Failure> {
        let named = column_names(frame_labels(frame).iter());
        let mut columns = Vec::with_capacity(frame.columns.len());
        for (column, name) in frame.columns.iter().zip(&named.names) {
            let mut sampled = sampled_column(name, &column.values, &column.logical)?;
            sampled.unlabelled = !frame.series && level_text(&column.label).is_none();
            columns.push(sampled);
        }
        let mut levels = Vec::with_capacity(frame.index.len());
        for level in &frame.index {
            let name = level_text(&level.name);
            let shown = name.as_deref().unwrap_or("index");
            let mut column = sampled_column(shown, &level.values, &level.logical)?;
            column.name = String::new();
            levels.push(SampledLevel { name, column });
        }
        Ok(Self {
            rows: frame.rows as u64,
            columns,
            levels,
            default_index: is_default_index(frame),
            columns_levels: columns_levels(frame, !named.renamed.is_empty()),
            renamed: named.renamed.iter().map(|i| named.names[*i].clone()).collect(),
        })
    }
}

/// The labels of a frame's columns. The column of a Series without a name is called "0" (FIDELITY 17).
pub(crate) fn frame_labels(frame: &Frame) -> Vec<Label> {
    let label = |label: &Label| match label {
        Label::None if frame.series => Label::Str("0".to_owned()),
        other => other.clone(),
    };
    frame.columns.iter().map(|column| label(&column.label)).collect()
}

/// Whether the frame's index is *default*: unnamed, int64, values exactly 0..n-1; or no rows; or no index at all
/// (FIDELITY 4).
pub(crate) fn is_default_index(frame: &Frame) -> bool {
    match frame.index.as_slice() {
        _ if frame.rows == 0 => true,
        [] => true,
        [level] => is_default_level(level),
        _ => false,
    }
}

/// Whether the level is unnamed, int64, and counts from 0.
fn is_default_level(level: &Level) -> bool {
    if level.name != Label::None || level.logical != Logical::Plain {
        return false;
    }
    if *level.values.data_type() != DataType::Int64 || level.values.null_count() > 0 {
        return false;
    }
    level.values.as_primitive::<Int64Type>().values().iter().zip(0..).all(|(value, n)| *value == n)
}

/// Looks at one column's values.
fn sampled_column(name: &str, values: &ArrayRef, logical: &Logical) -> Result<SampledColumn, Failure> {
    let ty = column_type(name, values, logical)?;
    Ok(SampledColumn {
        name: name.to_owned(),
        unlabelled: false,
        all_missing: values.logical_null_count() == values.len(),
        exact_in_float: exact_in_float(values),
        float_sizes: if ty.arrow.is_float() { float_sizes(values) } else { None },
        ty,
    })
}

/// Whether every integer of the array is at most 2^53 from zero. True for other types.
fn exact_in_float(values: &ArrayRef) -> bool {
    match ArrowType::of(values.data_type()) {
        Some(ArrowType::Int64) => values
            .as_primitive_opt::<Int64Type>()
            .is_none_or(|a| a.iter().flatten().all(|v| v.unsigned_abs() <= EXACT)),
        Some(ArrowType::Uint64) => {
            values.as_primitive_opt::<UInt64Type>().is_none_or(|a| a.iter().flatten().all(|v| v <= EXACT))
        }
        _ => true,
    }
}
