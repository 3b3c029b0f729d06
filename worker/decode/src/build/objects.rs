//! Columns of Python objects: one inferred type, or a failure that names both and the first row.
//!
//! Missing are None, NaN, NaT and NA. Integers beside floats are floats, as pyarrow has it; nothing else
//! mixes. Without a single value the array is of Arrow's `Null` type, for the schema to decide.

use super::{
    cells::Objects,
    text,
    typed::{bools, bytes, dates, decimals, floats, ints, moments, spans, times},
};
use crate::{
    fail::{Fault, Res, differs, fail},
    frame::Logical,
    pickle::{Value, cell::Cell, objects::utf8},
};
use arrow::array::{ArrayRef, NullArray, StringBuilder};
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

/// The array of a column of objects, and what it is.
pub(crate) fn column(objects: &Objects<'_>, item: &str) -> Res<(ArrayRef, Logical)> {
    let Some(kind) = infer(objects, item)? else {
        return Ok((Arc::new(NullArray::new(objects.len)), Logical::Object));
    };
    // Scalars stand side by side once before they are an array.
    const SCALAR_BYTES: usize = 48;
    let loan = objects.pickle.budget().loan();
    if kind != Kind::Text && kind != Kind::Bytes {
        loan.add((objects.len * SCALAR_BYTES) as u64, item)?;
        let width = if kind == Kind::Decimal { size_of::<i128>() } else { size_of::<i64>() };
        objects.pickle.budget().arrays(1, objects.len, width, item)?;
    }
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
    let mut paid = text::Growing::new(objects.pickle.budget(), objects.len, 8, item)?;
    let mut builder = StringBuilder::with_capacity(objects.len, objects.len * 8);
    for row in 0..objects.len {
        match objects.cell(row)? {
            Cell::Text(bytes) => {
                paid.take(bytes.len(), item)?;
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
