//! Values of an enum, by their names: a dictionary of all its names in the order that the file declares them in.

use super::{
    rows::{Make, Rows},
    words::numbers,
};
use crate::{
    door::DType,
    fail::{Res, damaged, differs},
};
use arrow::{
    array::{ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray},
    compute::cast,
    datatypes::{DataType, Int64Type, UInt64Type},
};
use std::{collections::HashMap, sync::Arc};
use tarquet_common::codes::format;

/// What a name costs besides its text, where values are looked up.
const NAME_BYTES: u64 = 96;

/// The dictionary array of the one wanted element of each row. A value without a name is a failure.
pub(crate) fn named(
    rows: &Rows<'_>,
    base: &DType,
    members: &[(String, Vec<u8>)],
    item: &str,
) -> Res<ArrayRef> {
    let loan = rows.budget.loan();
    let text = members.iter().map(|(name, _)| name.len() as u64 + NAME_BYTES).sum();
    loan.add(text, item)?;
    loan.add(rows.rows as u64 * size_of::<i64>() as u64 * 2, item)?;
    let width = members.first().map_or(1, |(_, value)| value.len());
    let stored: Vec<u8> = members.iter().flat_map(|(_, value)| value.iter().copied()).collect();
    let of_members = integers(&Rows::matrix(&stored, members.len(), 1, width, rows.budget), base, item)?;
    let mut codes = HashMap::with_capacity(members.len());
    for (code, value) in (0i32..).zip(of_members) {
        if codes.insert(value, code).is_some() {
            return Err(damaged(item, format!("the enum has two names for {value}")));
        }
    }
    rows.budget.arrays(1, rows.rows, size_of::<i32>(), item)?;
    rows.budget.make(text, item)?;
    let code = |(row, value): (usize, i64)| {
        codes.get(&value).copied().ok_or_else(|| {
            let message = format!("the value in row {row} has no name in the enum");
            differs(format::VALUE_RANGE, item, message, "one of the enum's values", value)
        })
    };
    let keys = integers(rows, base, item)?.into_iter().enumerate().map(code).collect::<Res<Vec<i32>>>()?;
    let names = StringArray::from_iter_values(members.iter().map(|(name, _)| name));
    let array = DictionaryArray::try_new(Int32Array::from(keys), Arc::new(names));
    Ok(Arc::new(array.map_err(|e| damaged(item, e.to_string()))?))
}

/// The values as integers of 64 bits; unsigned ones beyond as the negative ones of the same bits.
fn integers(rows: &Rows<'_>, base: &DType, item: &str) -> Res<Vec<i64>> {
    let unsupported = || {
        let message = "the enum's values are no integers that are read";
        differs(format::TYPE_UNSUPPORTED, item, message, "integers of 1, 2, 4 or 8 bytes", base.name())
    };
    let array = numbers(rows, base, &Make::Plain, item)?.pop().ok_or_else(unsupported)?;
    if let Some(values) = array.as_primitive_opt::<UInt64Type>() {
        return Ok(values.values().iter().map(|&value| value as i64).collect());
    }
    let whole = array.data_type().is_integer();
    let array = cast(&array, &DataType::Int64).ok().filter(|_| whole);
    let values = array.as_ref().and_then(|array| array.as_primitive_opt::<Int64Type>());
    Ok(values.ok_or_else(unsupported)?.values().to_vec())
}
