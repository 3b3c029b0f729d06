//! Numbers out of rows: one pass that gathers, turns to native byte order and finds the nulls.
//!
//! Rows are taken in blocks that fit the first-level cache, and all columns of a block before the next:
//! a row is then fetched from memory once, whatever the number of columns.

use super::rows::{Make, Rows};
use crate::{
    budget::Budget,
    door::DType,
    fail::{Res, differs, layout},
};
use arrow::{
    array::{ArrayRef, AsArray, BooleanArray, Int32Array, PrimitiveArray},
    buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer},
    compute::cast,
    datatypes::{
        ArrowPrimitiveType, DataType, DurationMicrosecondType, DurationMillisecondType,
        DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
        Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use half::f16;
use std::sync::Arc;
use tarquet_common::codes::format;

/// Bytes of rows to work on at a time.
const BLOCK_BYTES: usize = 16 * 1024;

/// A number that stands in a file.
trait Word: Copy {
    const WIDTH: usize;
    /// From bytes of exactly its width.
    fn read<const BIG: bool>(bytes: &[u8]) -> Self;
}

macro_rules! word {
    ($($number:ty),*) => {$(
        impl Word for $number {
            const WIDTH: usize = size_of::<Self>();

            #[inline(always)]
            fn read<const BIG: bool>(bytes: &[u8]) -> Self {
                let mut word = [0u8; size_of::<Self>()];
                word.copy_from_slice(bytes);
                if BIG { Self::from_be_bytes(word) } else { Self::from_le_bytes(word) }
            }
        }
    )*};
}
word!(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64, f16);

/// Numbers as arrays, one per wanted element of the rows.
pub(crate) fn numbers(rows: &Rows<'_>, dtype: &DType, make: &Make, item: &str) -> Res<Vec<ArrayRef>> {
    let width = dtype.size().and_then(|width| usize::try_from(width).ok());
    if let Some(width) = width.filter(|&width| rows.holds(width)) {
        rows.budget.arrays(rows.offsets.len(), rows.rows, width, item)?;
    }
    columns(rows, dtype, make).ok_or_else(|| {
        let wanted = match make {
            Make::Plain => "integers, floats of 16, 32 or 64 bits, or booleans",
            _ => "64-bit integers",
        };
        differs(format::TYPE_UNSUPPORTED, item, "the values' type has no counterpart", wanted, dtype.name())
    })
}

/// One array per offset, or `None` if the type has no counterpart or the rows are too short.
fn columns(rows: &Rows<'_>, dtype: &DType, make: &Make) -> Option<Vec<ArrayRef>> {
    let width = usize::try_from(dtype.size()?).ok()?;
    if !rows.holds(width) {
        return None;
    }
    match (dtype, make) {
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
        (_, Make::Plain) => plain(rows, dtype),
        _ => None,
    }
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
        DType::Bits { size: 1, .. } => booleans(rows),
        DType::Enum { ref base, ref members } if is_bool(base, members) => booleans(rows),
        _ => return None,
    })
}

/// Whether an enum is how h5py stores booleans.
fn is_bool(base: &DType, members: &[(String, Vec<u8>)]) -> bool {
    base.size() == Some(1)
        && matches!(members, [(a, x), (b, y)] if a == "FALSE" && b == "TRUE" && x == &[0] && y == &[1])
}

/// A column's values and, where some are null, which.
struct Gathered<N> {
    values: Vec<N>,
    nulls: Option<NullBuffer>,
}

fn gathered<N: Word>(rows: &Rows<'_>, big: bool, null: impl Fn(&N) -> bool) -> Vec<Gathered<N>> {
    if big { gather::<N, true>(rows, null) } else { gather::<N, false>(rows, null) }
}

fn gather<N: Word, const BIG: bool>(rows: &Rows<'_>, null: impl Fn(&N) -> bool) -> Vec<Gathered<N>> {
    let mut columns: Vec<(Vec<N>, Nulls)> =
        rows.offsets.iter().map(|_| (Vec::with_capacity(rows.rows), Nulls::new(rows.rows))).collect();
    if rows.rows > 0 && rows.stride > 0 {
        // a multiple of 64 rows, so that each block begins a word of the null bitmap
        let block_rows = (BLOCK_BYTES / rows.stride).next_multiple_of(64).max(64);
        let bytes = &rows.bytes[..rows.rows * rows.stride];
        for block in bytes.chunks(block_rows * rows.stride) {
            for ((values, nulls), &offset) in columns.iter_mut().zip(&rows.offsets) {
                let from = values.len();
                let row = |row: &[u8]| N::read::<BIG>(&row[offset..offset + N::WIDTH]);
                values.extend(block.chunks_exact(rows.stride).map(row));
                nulls.scan(&values[from..], &null);
            }
        }
    }
    columns
        .into_iter()
        .map(|(values, nulls)| Gathered { nulls: nulls.finish(values.len()), values })
        .collect()
}

/// The null bitmap in the making: a set bit is a null.
struct Nulls {
    words: Vec<u64>,
    any: bool,
}

impl Nulls {
    fn new(rows: usize) -> Self {
        Self { words: Vec::with_capacity(rows.div_ceil(64)), any: false }
    }

    fn scan<N>(&mut self, values: &[N], null: impl Fn(&N) -> bool) {
        for chunk in values.chunks(64) {
            let word = chunk.iter().rev().fold(0u64, |word, value| word << 1 | u64::from(null(value)));
            self.any |= word != 0;
            self.words.push(word);
        }
    }

    fn finish(self, len: usize) -> Option<NullBuffer> {
        self.any.then(|| {
            let valid: Vec<u64> = self.words.into_iter().map(|word| !word).collect();
            NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, len))
        })
    }
}

fn array<T: ArrowPrimitiveType>(column: Gathered<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(column.values), column.nulls))
}

fn booleans(rows: &Rows<'_>) -> Vec<ArrayRef> {
    let columns = gathered::<u8>(rows, false, |_| false);
    let boolean = |column: Gathered<u8>| -> ArrayRef {
        let bits = BooleanBuffer::collect_bool(column.values.len(), |i| column.values[i] != 0);
        Arc::new(BooleanArray::new(bits, None))
    };
    columns.into_iter().map(boolean).collect()
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
        let columns = columns(&rows, &DType::Float { size: 8, big: true }, &Make::Plain).unwrap();
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
        let rows = Rows { bytes: &[0; 15], rows: 2, stride: 8, offsets: vec![0], budget };
        assert!(columns(&rows, &DType::Int { size: 8, signed: true, big: false }, &Make::Plain).is_none());
        let rows = Rows { bytes: &[0; 16], rows: 2, stride: 8, offsets: vec![4], budget };
        assert!(columns(&rows, &DType::Int { size: 8, signed: true, big: false }, &Make::Plain).is_none());
    }
}
