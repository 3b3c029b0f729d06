//! Timestamps, spans and times of day in another unit.

use crate::arrow_type::{ArrowType, Unit};
use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Array},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use std::sync::Arc;
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
};

/// Converts from one unit to another. Coarser only where no digit is lost, finer only within range.
pub(super) fn rescale(
    name: &str,
    values: &ArrayRef,
    from: Unit,
    to: Unit,
    frozen: &ArrowType,
) -> Result<ArrayRef, Failure> {
    let integers = cast(values, &integer_of(values.data_type())).and_then(|a| cast(&a, &DataType::Int64));
    let integers = integers.map_err(broken)?;
    let source = integers.as_primitive::<Int64Type>();
    let (finer, coarser) = (to.per_second() / from.per_second(), from.per_second() / to.per_second());
    let convert = |v: i64| -> Option<i64> {
        if finer >= 1 { v.checked_mul(finer) } else { (v % coarser == 0).then_some(v / coarser) }
    };
    let converted: Int64Array = source.try_unary(|v| convert(v).ok_or(())).map_err(|()| {
        let row = (0..source.len())
            .find(|row| source.is_valid(*row) && convert(source.value(*row)).is_none())
            .expect("try_unary found one");
        lost(name, row, source.value(row), from, finer >= 1, frozen)
    })?;
    let target = frozen.data_type();
    let converted: ArrayRef = Arc::new(converted);
    let converted = cast(&converted, &integer_of(&target)).and_then(|a| cast(&a, &target));
    converted.map_err(broken)
}

/// A type of time that is not an integer underneath.
fn broken(error: ArrowError) -> Failure {
    Failure::new(ourselves::INVARIANT, "a time is not an integer").caused_by(&error)
}

/// The integer type behind a type of time.
fn integer_of(ty: &DataType) -> DataType {
    if matches!(ty, DataType::Time32(_)) { DataType::Int32 } else { DataType::Int64 }
}

/// A value that the frozen unit cannot hold.
fn lost(name: &str, row: usize, value: i64, from: Unit, finer: bool, frozen: &ArrowType) -> Failure {
    let (code, why) = if finer {
        (codes::VALUE_OUT_OF_RANGE, "is out of range for")
    } else {
        (codes::VALUE_NOT_EXACT, "would lose digits as")
    };
    let unit = from.name();
    Failure::new(code, format!("column {name}: {value} {unit} in row {row} {why} {frozen}"))
        .at_item(name)
        .expected(frozen, format!("{value} {unit}, first in row {row}"))
}
