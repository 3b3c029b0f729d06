//! Arrays of Python objects that are known to be of one type, or missing.

use super::{cells::Objects, text, words};
use crate::{
    fail::{Fault, Res, differs, fail},
    pickle::cell::Cell,
    unit,
};
use arrow::{
    array::{
        ArrayRef, BinaryBuilder, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
        Int64Array, Time64MicrosecondArray, UInt64Array,
    },
    buffer::NullBuffer,
    datatypes::TimeUnit,
};
use std::sync::Arc;
use tarquet_common::codes::format;

pub(super) fn bytes(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
    let mut paid = text::Growing::new(objects.pickle.budget(), objects.len, 8, item)?;
    let mut builder = BinaryBuilder::with_capacity(objects.len, objects.len * 8);
    for cell in objects.cells() {
        match cell? {
            Cell::Bytes(bytes) => {
                paid.take(bytes.len(), item)?;
                builder.append_value(bytes);
            }
            _ => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

pub(super) fn bools(objects: &Objects<'_>) -> Res<ArrayRef> {
    let values = objects.cells().map(|cell| Ok(if let Cell::Bool(b) = cell? { Some(b) } else { None }));
    Ok(Arc::new(values.collect::<Res<BooleanArray>>()?))
}

fn out_of_range(item: &str, row: usize, found: impl std::fmt::Display, wanted: &str) -> Fault {
    differs(format::VALUE_RANGE, item, format!("the value in row {row} does not fit"), wanted, found)
}

/// int64; uint64 where a value needs it and none is negative.
pub(super) fn ints(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
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

pub(super) fn floats(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
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

pub(super) fn dates(objects: &Objects<'_>) -> Res<ArrayRef> {
    let values = objects.cells().map(|cell| Ok(if let Cell::Date(d) = cell? { Some(d) } else { None }));
    Ok(Arc::new(values.collect::<Res<Date32Array>>()?))
}

/// Dates from Python's ordinals, which count 0001-01-01 as day 1.
pub(crate) fn dates_from_ordinals(ordinals: &Int32Array) -> Date32Array {
    const EPOCH: i32 = 719_163;
    ordinals.unary(|ordinal| ordinal.wrapping_sub(EPOCH))
}

pub(super) fn times(objects: &Objects<'_>) -> Res<ArrayRef> {
    let values = objects.cells().map(|cell| Ok(if let Cell::Time(t) = cell? { Some(t) } else { None }));
    Ok(Arc::new(values.collect::<Res<Time64MicrosecondArray>>()?))
}

fn split(values: Vec<Option<i64>>) -> (Vec<i64>, Option<NullBuffer>) {
    let nulls = values.iter().any(Option::is_none).then(|| values.iter().map(Option::is_some).collect());
    (values.into_iter().map(Option::unwrap_or_default).collect(), nulls)
}

/// Moments, all in one zone or none.
pub(super) fn moments(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
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

pub(super) fn spans(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
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
pub(super) fn decimals(objects: &Objects<'_>, item: &str) -> Res<ArrayRef> {
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
