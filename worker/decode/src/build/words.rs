//! Arrays of the numbers that stand in rows.

use super::{
    gather::{Gathered, Word, array, gathered},
    layouts,
    rows::{Make, Rows},
};
use crate::{
    budget::Budget,
    door::DType,
    fail::{Res, differs, layout},
};
use arrow::{
    array::{ArrayRef, AsArray, BooleanArray, Int32Array, PrimitiveArray},
    buffer::{BooleanBuffer, NullBuffer, ScalarBuffer},
    compute::cast,
    datatypes::{
        ArrowPrimitiveType, DataType, DurationMicrosecondType, DurationMillisecondType,
        DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
        Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use std::sync::Arc;
use tarquet_common::codes::format;

/// Numbers as arrays, one per wanted element of the rows.
pub(crate) fn numbers(rows: &Rows<'_>, dtype: &DType, make: &Make, item: &str) -> Res<Vec<ArrayRef>> {
    let width = dtype.size().and_then(|width| usize::try_from(width).ok());
    if let Some(width) = width.filter(|&width| rows.holds(width)) {
        rows.budget.arrays(rows.offsets.len(), rows.rows, width, item)?;
    }
    columns(rows, dtype, make, item)?.ok_or_else(|| {
        let wanted = match make {
            Make::Plain => "integers, floats of 16, 32 or 64 bits, or booleans",
            _ => "64-bit integers",
        };
        differs(format::TYPE_UNSUPPORTED, item, "the values' type has no counterpart", wanted, dtype.name())
    })
}

/// One array per offset, or `None` if the type has no counterpart or the rows are too short.
fn columns(rows: &Rows<'_>, dtype: &DType, make: &Make, item: &str) -> Res<Option<Vec<ArrayRef>>> {
    let width = dtype.size().and_then(|width| usize::try_from(width).ok());
    if !width.is_some_and(|width| rows.holds(width)) {
        return Ok(None);
    }
    Ok(match (dtype, make) {
        (DType::Int { size: 8, signed: true, big }, Make::Moment(unit, zone)) => {
            let columns = gathered::<i64>(rows, *big, |x| *x == i64::MIN);
            Some(columns.into_iter().map(|column| moments(column, *unit, zone.as_deref())).collect())
        }
        (DType::Int { size: 8, signed: true, big }, Make::Span(unit)) => {
            let columns = gathered::<i64>(rows, *big, |x| *x == i64::MIN);
            Some(columns.into_iter().map(|column| spans(column, *unit)).collect())
        }
        (DType::Int { size: 8, signed: true, big }, Make::Period) => {
            let columns = gathered::<i64>(rows, *big, |x| *x == i64::MIN);
            Some(columns.into_iter().map(array::<Int64Type>).collect())
        }
        (dtype, Make::Plain) if is_bool(dtype) => Some(booleans(rows, item)?),
        (_, Make::Plain) => plain(rows, dtype).or_else(|| layouts::columns(rows, dtype)),
        _ => None,
    })
}

fn plain(rows: &Rows<'_>, dtype: &DType) -> Option<Vec<ArrayRef>> {
    fn all<T: ArrowPrimitiveType>(
        rows: &Rows<'_>,
        big: bool,
        null: impl Fn(&T::Native) -> bool,
    ) -> Vec<ArrayRef>
    where
        T::Native: Word,
    {
        gathered(rows, big, null).into_iter().map(array::<T>).collect()
    }
    Some(match *dtype {
        DType::Float { size: 2, big } => all::<Float16Type>(rows, big, |x| x.is_nan()),
        DType::Float { size: 4, big } => all::<Float32Type>(rows, big, |x| x.is_nan()),
        DType::Float { size: 8, big } => all::<Float64Type>(rows, big, |x| x.is_nan()),
        DType::Int { size: 1, signed: true, .. } => all::<Int8Type>(rows, false, |_| false),
        DType::Int { size: 2, signed: true, big } => all::<Int16Type>(rows, big, |_| false),
        DType::Int { size: 4, signed: true, big } => all::<Int32Type>(rows, big, |_| false),
        DType::Int { size: 8, signed: true, big } => all::<Int64Type>(rows, big, |_| false),
        DType::Int { size: 1, signed: false, .. } => all::<UInt8Type>(rows, false, |_| false),
        DType::Int { size: 2, signed: false, big } => all::<UInt16Type>(rows, big, |_| false),
        DType::Int { size: 4, signed: false, big } => all::<UInt32Type>(rows, big, |_| false),
        DType::Int { size: 8, signed: false, big } => all::<UInt64Type>(rows, big, |_| false),
        _ => return None,
    })
}

/// Whether values are booleans: PyTables stores them as bits of one byte, h5py as an enum of one byte.
pub(crate) fn is_bool(dtype: &DType) -> bool {
    match dtype {
        DType::Bits { size, .. } => *size == 1,
        DType::Enum { base, members } => {
            base.size() == Some(1)
                && matches!(&members[..], [(a, x), (b, y)] if a == "FALSE" && b == "TRUE" && x == &[0] && y == &[1])
        }
        _ => false,
    }
}

/// Booleans. Any other number than 0 and 1 means something that only whoever wrote it knows.
fn booleans(rows: &Rows<'_>, item: &str) -> Res<Vec<ArrayRef>> {
    let boolean = |column: Gathered<u8>| -> Res<ArrayRef> {
        if let Some(row) = column.values.iter().position(|&byte| byte > 1) {
            let message = format!("the value in row {row} is no boolean");
            return Err(differs(format::VALUE_RANGE, item, message, "0 or 1", column.values[row]));
        }
        let bits = BooleanBuffer::collect_bool(column.values.len(), |i| column.values[i] != 0);
        Ok(Arc::new(BooleanArray::new(bits, None)))
    };
    gathered::<u8>(rows, false, |_| false).into_iter().map(boolean).collect()
}

fn moments(column: Gathered<i64>, unit: TimeUnit, zone: Option<&str>) -> ArrayRef {
    let zone: Option<Arc<str>> = zone.map(Arc::from);
    let (values, nulls) = (ScalarBuffer::from(column.values), column.nulls);
    match unit {
        TimeUnit::Second => {
            Arc::new(PrimitiveArray::<TimestampSecondType>::new(values, nulls).with_timezone_opt(zone))
        }
        TimeUnit::Millisecond => {
            Arc::new(PrimitiveArray::<TimestampMillisecondType>::new(values, nulls).with_timezone_opt(zone))
        }
        TimeUnit::Microsecond => {
            Arc::new(PrimitiveArray::<TimestampMicrosecondType>::new(values, nulls).with_timezone_opt(zone))
        }
        TimeUnit::Nanosecond => {
            Arc::new(PrimitiveArray::<TimestampNanosecondType>::new(values, nulls).with_timezone_opt(zone))
        }
    }
}

fn spans(column: Gathered<i64>, unit: TimeUnit) -> ArrayRef {
    match unit {
        TimeUnit::Second => array::<DurationSecondType>(column),
        TimeUnit::Millisecond => array::<DurationMillisecondType>(column),
        TimeUnit::Microsecond => array::<DurationMicrosecondType>(column),
        TimeUnit::Nanosecond => array::<DurationNanosecondType>(column),
    }
}

/// Moments from values at hand.
pub(crate) fn moment_array(
    values: Vec<i64>,
    nulls: Option<NullBuffer>,
    unit: TimeUnit,
    zone: Option<&str>,
) -> ArrayRef {
    moments(Gathered { values, nulls }, unit, zone)
}

/// Spans from values at hand.
pub(crate) fn span_array(values: Vec<i64>, nulls: Option<NullBuffer>, unit: TimeUnit) -> ArrayRef {
    spans(Gathered { values, nulls }, unit)
}

/// Codes into `len` values as nullable int32, −1 being null. A code beyond the values is a failure.
pub(crate) fn checked_codes(codes: &ArrayRef, len: usize, budget: &Budget, item: &str) -> Res<Int32Array> {
    let loan = budget.loan();
    loan.add(codes.len() as u64 * size_of::<i64>() as u64, item)?;
    budget.arrays(1, codes.len(), size_of::<i32>(), item)?;
    let codes = cast(codes, &DataType::Int64).map_err(|_| layout(item, "codes that are no integers"))?;
    let codes =
        codes.as_primitive_opt::<Int64Type>().ok_or_else(|| layout(item, "codes that are no integers"))?;
    if let Some(bad) = codes.iter().flatten().find(|&code| code < -1 || code >= len as i64) {
        return Err(layout(item, format!("the code {bad} where there are {len} values")));
    }
    Ok(codes
        .iter()
        .map(|code| code.filter(|&code| code >= 0).and_then(|code| i32::try_from(code).ok()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Limits;
    use arrow::array::Array;

    #[test]
    fn columns_come_out_of_rows_with_their_nulls() {
        let cells: Vec<f64> = (0..500).map(|i| if i % 7 == 3 { f64::NAN } else { f64::from(i) }).collect();
        let bytes: Vec<u8> = cells.iter().flat_map(|x| x.to_be_bytes()).collect();
        let budget = Budget::new(&Limits::default());
        let rows = Rows::matrix(&bytes, 100, 5, 8, &budget);
        let columns =
            columns(&rows, &DType::Float { size: 8, big: true }, &Make::Plain, "a").unwrap().unwrap();
        for (j, column) in columns.iter().enumerate() {
            let column = column.as_primitive::<Float64Type>();
            for i in 0..100 {
                let cell = cells[i * 5 + j];
                assert_eq!(column.is_null(i), cell.is_nan());
                assert!(cell.is_nan() || column.value(i) == cell);
            }
        }
    }

    #[test]
    fn rows_that_are_too_short_are_not_read() {
        let budget = &Budget::new(&Limits::default());
        let long = DType::Int { size: 8, signed: true, big: false };
        for (bytes, offset) in [(15, 0), (16, 4)] {
            let bytes = vec![0; bytes];
            let rows = Rows { bytes: &bytes, rows: 2, stride: 8, offsets: vec![offset], budget };
            assert!(columns(&rows, &long, &Make::Plain, "a").unwrap().is_none());
        }
    }

    #[test]
    fn a_boolean_is_0_or_1() {
        let budget = &Budget::new(&Limits::default());
        let bits = DType::Bits { size: 1, big: false };
        assert!(numbers(&Rows::matrix(&[0, 1], 2, 1, 1, budget), &bits, &Make::Plain, "a").is_ok());
        let failure = numbers(&Rows::matrix(&[0, 2], 2, 1, 1, budget), &bits, &Make::Plain, "a").unwrap_err();
        assert_eq!((failure.code, failure.found.as_deref()), (format::VALUE_RANGE, Some("2")));
    }
}
