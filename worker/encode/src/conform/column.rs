//! One column against its frozen type.

use super::{categories, numbers, times};
use crate::{
    arrow_type::ArrowType,
    schema::{ColumnKind, ColumnType, Seen, column_type, join_types},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray, new_null_array},
    compute::cast,
};
use std::sync::Arc;
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
};
use tarquet_decode::frame::Logical;

/// The values as the frozen type, nothing lost.
///
/// # Errors
/// As [`conform`](super::conform()).
pub(super) fn conform_column(
    name: &str,
    values: &ArrayRef,
    logical: &Logical,
    frozen: &ColumnType,
    widen: bool,
) -> Result<ArrayRef, Failure> {
    if values.data_type() == &frozen.arrow.data_type() && kinds_agree(logical, frozen) {
        return Ok(Arc::clone(values));
    }
    // What is missing everywhere fits anything.
    if values.logical_null_count() == values.len() {
        return Ok(nulls(frozen, values.len()));
    }
    let own = column_type(name, values, logical)?;
    if frozen.kind == ColumnKind::Categorical {
        return categories::conform(name, values, &own, frozen);
    }
    if !fits(&own, frozen, widen) {
        return Err(mismatch(name, values, &own, frozen));
    }
    let decoded = decode_dictionary(values)?;
    convert(name, &decoded, &own.arrow, &frozen.arrow)
}

/// Whether the common case holds: nothing to convert, nothing to ask.
fn kinds_agree(logical: &Logical, frozen: &ColumnType) -> bool {
    match (logical, &frozen.kind) {
        (Logical::Period { freq }, ColumnKind::Period(frozen)) => freq == frozen,
        (Logical::Period { .. } | Logical::Categorical { .. }, _) => false,
        (_, kind) => !matches!(kind, ColumnKind::Period(_) | ColumnKind::Categorical),
    }
}

/// Whether values of `own` may stand in a column of `frozen`, value by value, if each is exact.
fn fits(own: &ColumnType, frozen: &ColumnType, widen: bool) -> bool {
    if own == frozen {
        return true;
    }
    // The one conversion that no rule can forbid: Parquet has no seconds, and the user may ask for microseconds.
    let same_moment = matches!(
        (&own.arrow, &frozen.arrow),
        (ArrowType::Timestamp(_, a), ArrowType::Timestamp(_, b)) if a == b
    );
    let seen = |ty: &ColumnType| Seen { ty: ty.clone(), exact_in_float: true };
    let joinable = join_types(&seen(own), &seen(frozen)).is_some();
    let same_arrow = own.arrow == frozen.arrow;
    joinable && (widen || same_moment || same_arrow)
}

/// All rows missing, in the type that batches use.
pub(super) fn nulls(frozen: &ColumnType, rows: usize) -> ArrayRef {
    match &frozen.categories {
        Some(categories) => {
            let codes = Int32Array::new_null(rows);
            let values = StringArray::from_iter_values(&categories.values);
            Arc::new(DictionaryArray::new(codes, Arc::new(values)))
        }
        None => new_null_array(&frozen.arrow.data_type(), rows),
    }
}

/// Values instead of codes.
fn decode_dictionary(values: &ArrayRef) -> Result<ArrayRef, Failure> {
    match values.as_any_dictionary_opt() {
        None => Ok(Arc::clone(values)),
        Some(dictionary) => cast(values, dictionary.values().data_type()).map_err(|error| {
            Failure::new(ourselves::INVARIANT, "a dictionary cannot be decoded").caused_by(&error)
        }),
    }
}

/// The conversion from one type to another that the lattice connects.
fn convert(name: &str, values: &ArrayRef, own: &ArrowType, frozen: &ArrowType) -> Result<ArrayRef, Failure> {
    match (own, frozen) {
        _ if values.data_type() == &frozen.data_type() => Ok(Arc::clone(values)),
        (a, b) if a == b => cast(values, &frozen.data_type()).map_err(|error| {
            Failure::new(codes::VALUE_OUT_OF_RANGE, format!("column {name} is too large for one batch"))
                .at_item(name)
                .caused_by(&error)
        }),
        (ArrowType::Timestamp(a, _), ArrowType::Timestamp(b, _))
        | (ArrowType::Duration(a), ArrowType::Duration(b))
        | (ArrowType::Time(a), ArrowType::Time(b)) => times::rescale(name, values, *a, *b, frozen),
        (ArrowType::Decimal(_, from), ArrowType::Decimal(precision, to)) => {
            numbers::rescale(name, values, *from, *precision, *to)
        }
        _ => numbers::convert(name, values, own, frozen),
    }
}

/// Another type, with the first row that shows it.
fn mismatch(name: &str, values: &ArrayRef, own: &ColumnType, frozen: &ColumnType) -> Failure {
    let row = (0..values.len()).find(|row| values.is_valid(*row)).unwrap_or(0);
    Failure::new(codes::TYPE_MISMATCH, format!("column {name}: {own} where {frozen} is expected"))
        .at_item(name)
        .expected(frozen, format!("{own}, first in row {row}"))
}
