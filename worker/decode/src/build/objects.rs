//! Columns of Python objects: one inferred type, or a failure that names both and the first row.
//!
//! Missing are None, NaN, NaT and NA. Integers beside floats are floats, as pyarrow has it; nothing else
//! mixes. Without a single value the array is of Arrow's `Null` type, for the schema to decide.

use super::{text, words};
use crate::{
    fail::{Fault, Res, differs, fail},
    frame::Logical,
    pickle::{
        Pickle, Value,
        arrays::{Array, Elements, element},
        objects::{Cell, utf8},
    },
    unit,
};
use arrow::{
    array::{
        ArrayRef, BinaryBuilder, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
        Int64Array, NullArray, StringBuilder, Time64MicrosecondArray, UInt64Array,
    },
    buffer::NullBuffer,
    datatypes::TimeUnit,
};
use std::sync::Arc;
use tarquet_common::codes::format;

/// What a column of objects is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    Date,
    Time,
    Moment,
    Span,
    Decimal,
    Period,
    Nested(&'static str),
}

impl Kind {
    fn of(cell: &Cell<'_>) -> Option<Self> {
        Some(match cell {
            Cell::Null => return None,
            Cell::Float(x) if x.is_nan() => return None,
            Cell::Bool(_) => Self::Bool,
            Cell::Int(_) => Self::Int,
            Cell::Float(_) => Self::Float,
            Cell::Text(_) => Self::Text,
            Cell::Bytes(_) => Self::Bytes,
            Cell::Date(_) => Self::Date,
            Cell::Time(_) => Self::Time,
            Cell::Moment { .. } => Self::Moment,
            Cell::Span { .. } => Self::Span,
            Cell::Decimal { .. } => Self::Decimal,
            Cell::Period { .. } => Self::Period,
            Cell::Nested(name) => Self::Nested(name),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Text => "str",
            Self::Bytes => "bytes",
            Self::Date => "date",
            Self::Time => "time",
            Self::Moment => "datetime",
            Self::Span => "timedelta",
            Self::Decimal => "Decimal",
            Self::Period => "Period",
            Self::Nested(name) => name,
        }
    }
}

/// Some of a pickled array's values, in order: one column of it.
pub(crate) struct Objects<'p> {
    /// The pickle they stand in.
    pub(crate) pickle: &'p Pickle<'p>,
    /// The array.
    pub(crate) array: &'p Array<'p>,
    /// Index of the first in C order.
    pub(crate) start: usize,
    /// From one to the next.
    pub(crate) step: usize,
    /// How many.
    pub(crate) len: usize,
    /// Whether pandas before 3 wrote the file: it reads moments and spans back in nanoseconds.
    pub(crate) nanoseconds: bool,
}

impl<'p> Objects<'p> {
    fn raw(&self, row: usize) -> Option<Value> {
        match self.array.elements {
            Elements::Objects(objects) => objects.get(self.start + row * self.step).copied(),
            Elements::Bytes { .. } => None,
        }
    }

    /// The scalar in a row.
    pub(crate) fn cell(&self, row: usize) -> Res<Cell<'p>> {
        let index = self.start + row * self.step;
        match &self.array.elements {
            Elements::Objects(objects) => self.pickle.cell(objects[index]),
            Elements::Bytes { bytes, fortran } => {
                let width = self.array.dtype.width;
                let index = if *fortran { fortran_index(&self.array.shape, index) } else { index };
                element(self.array.dtype, &bytes[index * width..(index + 1) * width], self.pickle.item())
            }
        }
    }

    fn cells(&self) -> impl Iterator<Item = Res<Cell<'p>>> {
        (0..self.len).map(|row| self.cell(row))
    }
}

/// Where an element that is `index`-th in C order stands in Fortran order.
fn fortran_index(shape: &[usize], mut index: usize) -> usize {
    let mut at = vec![0; shape.len()];
    for (digit, &extent) in at.iter_mut().zip(shape).rev() {
        *digit = index % extent.max(1);
        index /= extent.max(1);
    }
    at.iter().zip(shape).rev().fold(0, |sum, (digit, extent)| sum * extent + digit)
}

/// The array of a column of objects, and what it is.
pub(crate) fn column(objects: &Objects<'_>, item: &str) -> Res<(ArrayRef, Logical)> {
    let Some(kind) = infer(objects, item)? else {
        return Ok((Arc::new(NullArray::new(objects.len)), Logical::Object));
    };
    let array = match kind {
        Kind::Text => return Ok((texts(objects, item)?, Logical::ObjectText)),
        Kind::Bool => bools(objects)?,
        Kind::Int => ints(objects, item)?,
        Kind::Float => floats(objects, item)?,
        Kind::Bytes => bytes(objects, item)?,
        Kind::Date => dates(objects)?,
        Kind::Time => times(objects)?,
        Kind::Moment => moments(objects, item)?,
        Kind::Span => spans(objects, item)?,
        Kind::Decimal => decimals(objects, item)?,
        Kind::Period => {
            return Err(fail(format::TYPE_UNSUPPORTED, item, "a column of objects holds Periods"));
        }
        Kind::Nested(name) => {
            let message = format!("cells of the column are of type {name}");
            return Err(differs(format::NESTED_CELLS, item, message, "plain values", name));
        }
    };
    Ok((array, Logical::Object))
}

/// The one type of the values, if there are any.
fn infer(objects: &Objects<'_>, item: &str) -> Res<Option<Kind>> {
    let mut first: Option<(Kind, usize)> = None;
    for row in 0..objects.len {
        let kind = match objects.raw(row) {
            Some(Value::Str(_)) => Kind::Text,
            Some(Value::None) => continue,
            _ => match Kind::of(&objects.cell(row)?) {
                Some(kind) => kind,
                None => continue,
            },
        };
        match &mut first {
            None => first = Some((kind, row)),
            Some((have, _)) if *have == kind => {}
            Some((have @ Kind::Int, _)) if kind == Kind::Float => *have = kind,
            Some((Kind::Float, _)) if kind == Kind::Int => {}
            Some((have, at)) => return Err(mixed(item, *have, *at, kind, row)),
        }
    }
    Ok(first.map(|(kind, _)| kind))
}

fn mixed(item: &str, a: Kind, at: usize, b: Kind, row: usize) -> Fault {
    differs(
        format::MIXED_OBJECTS,
        item,
        format!("the column mixes {} and {}: the first {} stands in row {row}", a.name(), b.name(), b.name()),
        format!("{} as in row {at}", a.name()),
        format!("{} in row {row}", b.name()),
    )
}

/// Text, from objects that are known to be text or missing. Also for columns declared as text.
pub(crate) fn texts(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(objects.len, objects.len * 8);
    let mut total = 0usize;
    for row in 0..objects.len {
        match objects.cell(row)? {
            Cell::Text(bytes) => {
                total += bytes.len();
                text::check_total(total, item)?;
                builder.append_value(utf8(&bytes, item)?);
            }
            cell => match Kind::of(&cell) {
                None => builder.append_null(),
                Some(kind) => return Err(mixed(item, Kind::Text, 0, kind, row)),
            },
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn bytes(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut builder = BinaryBuilder::with_capacity(objects.len, objects.len * 8);
    let mut total = 0usize;
    for cell in objects.cells() {
        match cell? {
            Cell::Bytes(bytes) => {
                total += bytes.len();
                text::check_total(total, item)?;
                builder.append_value(bytes);
            }
            _ => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn bools(objects: &Objects<'_>) -> Res<ArrayRef> {
    let values = objects.cells().map(|cell| Ok(if let Cell::Bool(b) = cell? { Some(b) } else { None }));
    Ok(Arc::new(values.collect::<Res<BooleanArray>>()?))
}

fn out_of_range(item: &str, row: usize, found: impl std::fmt::Display, wanted: &str) -> Fault {
    differs(format::VALUE_RANGE, item, format!("the value in row {row} does not fit"), wanted, found)
}

/// int64; uint64 where a value needs it and none is negative.
fn ints(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut values = Vec::with_capacity(objects.len);
    for cell in objects.cells() {
        values.push(if let Cell::Int(n) = cell? { Some(n) } else { None });
    }
    let present = || values.iter().enumerate().filter_map(|(row, n)| n.map(|n| (row, n)));
    let Some((row, large)) = present().find(|(_, n)| i64::try_from(*n).is_err()) else {
        return Ok(Arc::new(
            values.iter().map(|n| n.and_then(|n| i64::try_from(n).ok())).collect::<Int64Array>(),
        ));
    };
    if let Some((row, n)) = present().find(|(_, n)| u64::try_from(*n).is_err()) {
        let (row, n) = if u64::try_from(large).is_err() { (row, large) } else { (row, n) };
        return Err(out_of_range(item, row, n, "integers of 64 bits"));
    }
    debug_assert!(row < objects.len);
    Ok(Arc::new(values.iter().map(|n| n.and_then(|n| u64::try_from(n).ok())).collect::<UInt64Array>()))
}

fn floats(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut values = Vec::with_capacity(objects.len);
    for (row, cell) in objects.cells().enumerate() {
        values.push(match cell? {
            Cell::Float(x) if !x.is_nan() => Some(x),
            Cell::Int(n) if n.unsigned_abs() <= 1 << 53 => Some(n as f64),
            Cell::Int(n) => return Err(out_of_range(item, row, n, "integers beside floats up to 2^53")),
            _ => None,
        });
    }
    Ok(Arc::new(Float64Array::from(values)))
}

fn dates(objects: &Objects<'_>) -> Res<ArrayRef> {
    let values = objects.cells().map(|cell| Ok(if let Cell::Date(d) = cell? { Some(d) } else { None }));
    Ok(Arc::new(values.collect::<Res<Date32Array>>()?))
}

/// Dates from Python's ordinals, which count 0001-01-01 as day 1.
pub(crate) fn dates_from_ordinals(ordinals: &Int32Array) -> Date32Array {
    const EPOCH: i32 = 719_163;
    ordinals.unary(|ordinal| ordinal.wrapping_sub(EPOCH))
}

fn times(objects: &Objects<'_>) -> Res<ArrayRef> {
    let values = objects.cells().map(|cell| Ok(if let Cell::Time(t) = cell? { Some(t) } else { None }));
    Ok(Arc::new(values.collect::<Res<Time64MicrosecondArray>>()?))
}

fn split(values: Vec<Option<i64>>) -> (Vec<i64>, Option<NullBuffer>) {
    let nulls = values.iter().any(Option::is_none).then(|| values.iter().map(Option::is_some).collect());
    (values.into_iter().map(Option::unwrap_or_default).collect(), nulls)
}

/// Moments, all in one zone or none.
fn moments(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut found = Vec::with_capacity(objects.len);
    let mut zones: Option<Option<String>> = None;
    for (row, cell) in objects.cells().enumerate() {
        let Cell::Moment { value, unit, zone } = cell? else {
            found.push(None);
            continue;
        };
        found.push(Some((value, unit)));
        match &zones {
            None => zones = Some(zone),
            Some(have) if *have == zone => {}
            Some(have) => {
                let name = |zone: &Option<String>| zone.clone().unwrap_or_else(|| "no zone".to_owned());
                let message = format!("the column mixes time zones: the first other one stands in row {row}");
                return Err(differs(format::MIXED_OBJECTS, item, message, name(have), name(&zone)));
            }
        }
    }
    let (values, nulls, unit) = in_one_unit(&found, objects.nanoseconds, item)?;
    Ok(words::moment_array(values, nulls, unit, zones.flatten().as_deref()))
}

fn spans(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut found = Vec::with_capacity(objects.len);
    for cell in objects.cells() {
        found.push(if let Cell::Span { value, unit } = cell? { Some((value, unit)) } else { None });
    }
    let (values, nulls, unit) = in_one_unit(&found, objects.nanoseconds, item)?;
    Ok(words::span_array(values, nulls, unit))
}

/// In microseconds, as pyarrow infers, or in nanoseconds first, as pandas before 3 reads them back; in the other where
/// values need it.
fn in_one_unit(
    found: &[Option<(i64, TimeUnit)>],
    nanoseconds: bool,
    item: &str,
) -> Res<(Vec<i64>, Option<NullBuffer>, TimeUnit)> {
    let all = |to: TimeUnit| -> Result<Vec<Option<i64>>, usize> {
        let one = |(row, value): (usize, &Option<(i64, TimeUnit)>)| match value {
            None => Ok(None),
            Some((value, unit)) => unit::convert(*value, *unit, to).map(Some).ok_or(row),
        };
        found.iter().enumerate().map(one).collect()
    };
    let (first, second) = match nanoseconds {
        true => (TimeUnit::Nanosecond, TimeUnit::Microsecond),
        false => (TimeUnit::Microsecond, TimeUnit::Nanosecond),
    };
    let (values, unit) = match all(first) {
        Ok(values) => (values, first),
        Err(_) => {
            let wanted = "micro- or nanoseconds of 64 bits, the same for the whole column";
            (all(second).map_err(|row| out_of_range(item, row, "a moment or span", wanted))?, second)
        }
    };
    let (values, nulls) = split(values);
    Ok((values, nulls, unit))
}

/// Decimals with the smallest precision and scale that hold all, as pyarrow infers them.
fn decimals(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut found = Vec::with_capacity(objects.len);
    for cell in objects.cells() {
        found.push(if let Cell::Decimal { unscaled, scale } = cell? {
            Some((unscaled, scale))
        } else {
            None
        });
    }
    let scale = found.iter().flatten().map(|&(_, scale)| scale).max().unwrap_or(0);
    let (mut whole, mut values) = (1u32, Vec::with_capacity(found.len()));
    for (row, decimal) in found.iter().enumerate() {
        let Some((unscaled, own)) = *decimal else {
            values.push(None);
            continue;
        };
        let factor = 10i128.checked_pow(u32::from((scale - own).unsigned_abs()));
        let value = factor.and_then(|factor| unscaled.checked_mul(factor));
        values.push(Some(value.ok_or_else(|| out_of_range(item, row, unscaled, "38 decimal digits"))?));
        let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |n| n + 1);
        whole = whole.max(digits.saturating_sub(u32::from(own.unsigned_abs())));
    }
    let precision = whole + u32::from(scale.unsigned_abs());
    let precision = u8::try_from(precision).ok().filter(|&p| p <= 38);
    let precision = precision.ok_or_else(|| out_of_range(item, 0, "more digits", "38 decimal digits"))?;
    let array = Decimal128Array::from(values).with_precision_and_scale(precision, scale);
    Ok(Arc::new(array.map_err(|e| fail(format::VALUE_RANGE, item, e.to_string()))?))
}

#[cfg(test)]
mod tests {
    use super::fortran_index;

    #[test]
    fn fortran_order_runs_down_the_first_axis() {
        // 2 × 3, C order 0..6 → where each stands column by column
        let at: Vec<usize> = (0..6).map(|i| fortran_index(&[2, 3], i)).collect();
        assert_eq!(at, [0, 2, 4, 1, 3, 5]);
    }
}
