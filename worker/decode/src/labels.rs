//! Column labels out of index arrays, and finding columns by them.

use crate::{
    budget::Budget,
    fail::{Res, layout},
    frame::Label,
    unit,
};
use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Float64Type, TimeUnit},
};
use std::collections::HashMap;

/// The label in a row of an index array.
pub(crate) fn at(array: &ArrayRef, row: usize, budget: &Budget, item: &str) -> Res<Label> {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return Ok(Label::None);
    }
    let odd = || layout(item, format!("columns named by values of type {}", array.data_type()));
    let int = || int_at(array, row).ok_or_else(odd);
    let nanoseconds = |unit: TimeUnit| {
        let value = int()?;
        unit::convert(value, unit, TimeUnit::Nanosecond)
            .ok_or_else(|| layout(item, "a column named by a moment beyond 2262"))
    };
    budget.label(text_bytes(array, row), item)?;
    Ok(match array.data_type() {
        DataType::Utf8 => Label::Str(array.as_string::<i32>().value(row).to_owned()),
        DataType::Binary => Label::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        DataType::Boolean => Label::Bool(array.as_boolean().value(row)),
        DataType::Float64 => Label::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(unit, zone) => {
            Label::Datetime { ns: nanoseconds(*unit)?, zone: zone.as_ref().map(ToString::to_string) }
        }
        DataType::Duration(unit) => Label::Timedelta(nanoseconds(*unit)?),
        DataType::Date32 => {
            let days = int()?;
            Label::Datetime { ns: days.checked_mul(86_400_000_000_000).ok_or_else(odd)?, zone: None }
        }
        DataType::Dictionary(_, _) => {
            budget.work(array.len());
            budget.keep_pace(item)?;
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys()[row];
            return at(dictionary.values(), key, budget, item);
        }
        _ => Label::Int(int()?),
    })
}

/// Bytes of the text in a row, if it is one.
fn text_bytes(array: &ArrayRef, row: usize) -> usize {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).len(),
        DataType::Binary => array.as_binary::<i32>().value(row).len(),
        _ => 0,
    }
}

/// Any integer-like value.
fn int_at(array: &ArrayRef, row: usize) -> Option<i64> {
    let slice = array.slice(row, 1);
    let long = match array.data_type() {
        DataType::UInt64 => {
            return i64::try_from(array.as_primitive::<arrow::datatypes::UInt64Type>().value(row)).ok();
        }
        DataType::Date32 => {
            return Some(i64::from(array.as_primitive::<arrow::datatypes::Date32Type>().value(row)));
        }
        _ => arrow::compute::cast(&slice, &DataType::Int64).ok()?,
    };
    long.as_primitive_opt::<arrow::datatypes::Int64Type>().map(|array| array.value(0))
}

/// A label as messages show it.
pub(crate) fn shown(label: &Label) -> String {
    match label {
        Label::Str(text) | Label::Period(text) => text.clone(),
        Label::Int(n) => n.to_string(),
        Label::Float(x) => x.to_string(),
        Label::Tuple(parts) => format!("({})", parts.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Label::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Label::None => "None".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The first labels of some, as messages show them.
pub(crate) fn few(labels: &[Label]) -> String {
    let names: Vec<String> = labels.iter().take(3).map(shown).collect();
    let more = if labels.len() > 3 { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// What NumPy calls the dtype of labels held in an array.
pub(crate) fn numpy_type(array: &ArrayRef) -> (String, Option<String>) {
    let name = match array.data_type() {
        DataType::Boolean => "bool",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float32 => "float32",
        DataType::Float64 => "float64",
        DataType::Timestamp(unit, zone) => {
            return (format!("datetime64[{}]", short(*unit)), zone.as_ref().map(ToString::to_string));
        }
        DataType::Duration(unit) => return (format!("timedelta64[{}]", short(*unit)), None),
        _ => "object",
    };
    (name.to_owned(), None)
}

fn short(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// Positions of labels; of equal ones all, in order.
pub(crate) struct Positions(HashMap<String, Vec<usize>>);

impl Positions {
    pub(crate) fn of(labels: &[Label]) -> Self {
        let mut map: HashMap<String, Vec<usize>> = HashMap::with_capacity(labels.len());
        for (i, label) in labels.iter().enumerate().rev() {
            map.entry(key(label)).or_default().push(i);
        }
        Self(map)
    }

    /// The next position of a label that was not taken yet.
    pub(crate) fn take(&mut self, label: &Label) -> Option<usize> {
        self.0.get_mut(&key(label)).and_then(Vec::pop)
    }
}

/// A text that equal labels share: an integer and a whole float are one label to pandas.
fn key(label: &Label) -> String {
    match label {
        Label::Str(text) => format!("s{text}"),
        Label::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => format!("i{}", *x as i64),
        Label::Int(n) => format!("i{n}"),
        Label::Tuple(parts) => parts.iter().map(|part| format!("({})", key(part))).collect(),
        other => format!("{other:?}"),
    }
}
