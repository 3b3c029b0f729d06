//! Axes of the fixed layout: the row index, and the labels of columns.

use super::values;
use crate::{
    build::{self, Make, Rows, checked_codes, text, text::Encoding},
    door::{DType, Padding},
    fail::{Res, fail, layout},
    frame::{ColumnLevel, Label, Level, Logical},
    labels,
    node::{Dataset, Group},
    pickle::arrays::Elements,
    unit,
};
use arrow::{
    array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array},
    compute::{cast, take},
    datatypes::{DataType, Int32Type},
};
use std::sync::Arc;
use tarquet_common::codes::format;

/// A row index: its levels and how many rows they have.
pub(super) struct RowIndex {
    pub(super) levels: Vec<Level>,
    pub(super) rows: Option<usize>,
}

/// Reads an axis as row index.
pub(super) fn rows(group: &Group<'_>, key: &str, encoding: Encoding) -> Res<RowIndex> {
    let levels = match variety(group, key)? {
        Variety::Regular => vec![node(group, key, encoding)?],
        Variety::Multi => multi(group, key, encoding)?,
    };
    let rows = levels.first().map(|level| level.values.len());
    if let Some(odd) = levels.iter().find(|level| Some(level.values.len()) != rows) {
        return Err(layout(
            &group.join(key),
            format!("levels of different lengths, one of {}", odd.values.len()),
        ));
    }
    Ok(RowIndex { levels, rows })
}

/// Reads an axis as column labels, with what the levels are.
pub(super) fn labels(
    group: &Group<'_>,
    key: &str,
    encoding: Encoding,
) -> Res<(Vec<Label>, Vec<ColumnLevel>)> {
    if variety(group, key)? == Variety::Multi {
        return tuples(group, key, multi(group, key, encoding)?);
    }
    let dataset = group.need(key)?;
    if matches!(dataset.info.dtype, DType::VarList(_)) {
        return pickled_labels(&dataset);
    }
    let level = node(group, key, encoding)?;
    let path = &dataset.path;
    let at = |i| labels::at(&level.values, i, group.context.budget, path);
    let labels = (0..level.values.len()).map(|i| match &level.logical {
        Logical::Period { freq } => at(i).map(|label| period_label(label, freq)),
        _ => at(i),
    });
    let (numpy_type, zone) = labels::numpy_type(&level.values);
    Ok((labels.collect::<Res<_>>()?, vec![ColumnLevel { name: level.name, numpy_type, zone }]))
}

fn period_label(label: Label, freq: &str) -> Label {
    match label {
        Label::Int(ordinal) => Label::Period(crate::period::print(ordinal, freq)),
        other => other,
    }
}

fn tuples(group: &Group<'_>, key: &str, levels: Vec<Level>) -> Res<(Vec<Label>, Vec<ColumnLevel>)> {
    let path = group.join(key);
    let len = levels.first().map_or(0, |level| level.values.len());
    if levels.iter().any(|level| level.values.len() != len) {
        return Err(layout(&path, "levels of different lengths"));
    }
    let budget = group.context.budget;
    let at = |level: &Level, i| labels::at(&level.values, i, budget, &path);
    let tuple = |i| {
        budget.label(0, &path)?;
        levels.iter().map(|level| at(level, i)).collect::<Res<_>>().map(Label::Tuple)
    };
    let tuples = (0..len).map(tuple).collect::<Res<_>>()?;
    let kinds = levels.iter().map(|level| {
        let (numpy_type, zone) = labels::numpy_type(&level.values);
        ColumnLevel { name: level.name.clone(), numpy_type, zone }
    });
    Ok((tuples, kinds.collect()))
}

/// Labels of several types, which pandas pickles.
fn pickled_labels(dataset: &Dataset<'_>) -> Res<(Vec<Label>, Vec<ColumnLevel>)> {
    let labels = values::unpickled(dataset, |pickle, array| match &array.elements {
        Elements::Objects(objects) => {
            objects.iter().map(|&value| pickle.label(value)).collect::<Res<Vec<_>>>()
        }
        Elements::Bytes { .. } => Err(layout(&dataset.path, "labels that are not objects")),
    })?;
    let name = dataset.attrs.label("name")?;
    Ok((labels, vec![ColumnLevel { name, numpy_type: "object".to_owned(), zone: None }]))
}

#[derive(PartialEq)]
enum Variety {
    Regular,
    Multi,
}

fn variety(group: &Group<'_>, key: &str) -> Res<Variety> {
    match group.attrs.need_text(&format!("{key}_variety"))?.as_str() {
        "regular" => Ok(Variety::Regular),
        "multi" => Ok(Variety::Multi),
        other => Err(layout(&group.join(key), format!("an axis of unknown variety {other:?}"))),
    }
}

/// Levels and labels: each level's values, taken by its labels; −1 is missing.
fn multi(group: &Group<'_>, key: &str, encoding: Encoding) -> Res<Vec<Level>> {
    let count = group.attrs.need_count(&format!("{key}_nlevels"))?;
    if count == 0 || count > group.links().len() {
        return Err(layout(&group.join(key), format!("a multi-index of {count} levels")));
    }
    (0..count).map(|i| multi_level(group, key, i, encoding)).collect()
}

fn multi_level(group: &Group<'_>, key: &str, i: usize, encoding: Encoding) -> Res<Level> {
    let level = node(group, &format!("{key}_level{i}"), encoding)?;
    let codes = codes(&group.need(&format!("{key}_label{i}"))?, level.values.len())?;
    let bytes = taken_bytes(&level.values, &codes);
    group.context.budget.make(bytes, &group.join(key))?;
    let values = take(&level.values, &codes, None).map_err(|e| layout(&group.join(key), e.to_string()))?;
    Ok(Level { values, ..level })
}

/// What the values of a level take once each code has its own.
fn taken_bytes(values: &ArrayRef, codes: &Int32Array) -> u64 {
    let text = |offsets: &[i32]| {
        let len = |code: i32| {
            let code = usize::try_from(code).ok()?;
            Some(u64::from(offsets.get(code + 1)?.abs_diff(*offsets.get(code)?)))
        };
        codes.iter().flatten().filter_map(len).sum::<u64>() + 4 * codes.len() as u64
    };
    match values.data_type() {
        DataType::Utf8 => text(values.as_string::<i32>().value_offsets()),
        DataType::Binary => text(values.as_binary::<i32>().value_offsets()),
        other => (other.primitive_width().unwrap_or(size_of::<i32>()) * codes.len()) as u64,
    }
}

/// Codes into `len` values as nullable int32, −1 being null; others must be within.
fn codes(dataset: &Dataset<'_>, len: usize) -> Res<Int32Array> {
    let columns = values::columns(dataset, None, false)?;
    let (codes, _) = columns.first().ok_or_else(|| layout(&dataset.path, "codes that are no integers"))?;
    checked_codes(codes, len, dataset.budget(), &dataset.path)
}

/// One array of an axis, by its `kind`.
fn node(group: &Group<'_>, key: &str, encoding: Encoding) -> Res<Level> {
    let dataset = group.need(key)?;
    let name = match dataset.attrs.label("name")? {
        // pandas before 3 takes bytes for text, and judges its own files
        Label::Bytes(bytes) if group.attrs.has("pandas_version") => {
            Label::Str(encoding.decode(&bytes, &dataset.path)?.into_owned())
        }
        name => name,
    };
    let kind = dataset.attrs.need_text("kind")?;
    let empty = dataset.attrs.shape()?.is_some_and(|shape| shape.contains(&0));
    let (values, logical) = match kind.as_str() {
        _ if empty => empty_values(&dataset, &kind)?,
        "category" => categorical(group, &dataset, key, encoding)?,
        "string" => strings(&dataset, encoding)?,
        "object" => values::pickled_column(&dataset, group.attrs.has("pandas_version"))?,
        "date" => (dates(&dataset)?, Logical::Object),
        "integer" | "float" | "bool" => plain(&dataset)?,
        kind if kind.starts_with("datetime64") || kind.starts_with("timedelta64") => {
            (times(&dataset, kind)?, Logical::Plain)
        }
        other => return Err(layout(&dataset.path, format!("an axis of unknown kind {other:?}"))),
    };
    Ok(Level { name, values, logical })
}

/// An index without values, of the type its attributes tell.
fn empty_values(dataset: &Dataset<'_>, kind: &str) -> Res<(ArrayRef, Logical)> {
    if kind.starts_with("datetime64") || kind.starts_with("timedelta64") {
        let make = time_make(dataset, kind)?;
        return Ok((values::empty_of(&make, dataset.budget(), &dataset.path)?, Logical::Plain));
    }
    if kind == "integer" && dataset.attrs.text("index_class")?.as_deref() == Some("period") {
        return plain(dataset);
    }
    let value_type = dataset.attrs.text("value_type")?.unwrap_or_else(|| "object".to_owned());
    match kind {
        "string" => values::empty_column("str", &dataset.path),
        _ => values::empty_column(&value_type, &dataset.path),
    }
}

fn strings(dataset: &Dataset<'_>, encoding: Encoding) -> Res<(ArrayRef, Logical)> {
    let DType::Text { width, .. } = dataset.info.dtype else {
        return Err(layout(&dataset.path, "an index of strings without text"));
    };
    let missing = match dataset.attrs.text("nan_rep")? {
        Some(text) if text.is_empty() => None,
        Some(text) => Some(text),
        None => Some("nan".to_owned()),
    };
    let (raw, width) = (dataset.read()?, width as usize);
    let rows = Rows::matrix((*raw).as_ref(), values::length(dataset)?, 1, width, dataset.budget());
    // PyTables reads text as NumPy has it, whatever the padding is that its files declare
    let text = (width, Padding::Nul);
    let values = text::column(&rows, 0, text, encoding, missing.as_deref(), &dataset.path)?;
    Ok((values, Logical::ObjectText))
}

/// Numbers as they are; period ordinals where the attributes say so.
fn plain(dataset: &Dataset<'_>) -> Res<(ArrayRef, Logical)> {
    if dataset.attrs.text("index_class")?.as_deref() != Some("period") {
        return Ok((numbers(dataset, &Make::Plain)?, Logical::Plain));
    }
    let freq = match dataset.attrs.held("freq")? {
        Some(crate::attrs::Held::Pickle(pickle)) => pickle.freq(pickle.top())?,
        Some(crate::attrs::Held::Text(text)) => text.to_owned(),
        _ => return Err(layout(&dataset.path, "a period index without a frequency")),
    };
    if dataset.attrs.shape()?.is_some_and(|shape| shape.contains(&0)) {
        return Ok((
            values::empty_of(&Make::Period, dataset.budget(), &dataset.path)?,
            Logical::Period { freq },
        ));
    }
    Ok((numbers(dataset, &Make::Period)?, Logical::Period { freq }))
}

fn time_make(dataset: &Dataset<'_>, kind: &str) -> Res<Make> {
    let unit = unit::of_dtype(kind)
        .ok_or_else(|| fail(format::TYPE_UNSUPPORTED, &dataset.path, format!("moments of type {kind}")))?;
    Ok(if kind.starts_with("datetime64") {
        Make::Moment(unit, dataset.attrs.zone("tz")?)
    } else {
        Make::Span(unit)
    })
}

fn times(dataset: &Dataset<'_>, kind: &str) -> Res<ArrayRef> {
    numbers(dataset, &time_make(dataset, kind)?)
}

fn numbers(dataset: &Dataset<'_>, make: &Make) -> Res<ArrayRef> {
    let width = dataset.info.dtype.size().and_then(|width| usize::try_from(width).ok()).unwrap_or(0);
    let raw = dataset.read()?;
    let rows = Rows::matrix((*raw).as_ref(), values::length(dataset)?, 1, width, dataset.budget());
    let mut columns = build::numbers(&rows, &dataset.info.dtype, make, &dataset.path)?;
    columns.pop().ok_or_else(|| layout(&dataset.path, "an index without values"))
}

/// Dates: ordinals that count from 0001-01-01 as day 1.
fn dates(dataset: &Dataset<'_>) -> Res<ArrayRef> {
    if matches!(dataset.info.dtype, DType::VarList(_)) {
        return values::pickled_column(dataset, false).map(|(values, _)| values);
    }
    let ordinals = cast(&numbers(dataset, &Make::Plain)?, &DataType::Int32);
    let ordinals = ordinals.map_err(|_| layout(&dataset.path, "dates that are no ordinals"))?;
    Ok(Arc::new(build::dates_from_ordinals(ordinals.as_primitive::<Int32Type>())))
}

/// pandas 3's categorical index: codes here, categories in a sibling.
fn categorical(
    group: &Group<'_>,
    dataset: &Dataset<'_>,
    key: &str,
    encoding: Encoding,
) -> Res<(ArrayRef, Logical)> {
    let categories = node(group, &format!("{key}_categories"), encoding)?;
    let codes = codes(dataset, categories.values.len())?;
    let ordered = dataset.attrs.flag("ordered")?;
    let array = DictionaryArray::try_new(codes, categories.values)
        .map_err(|e| layout(&dataset.path, e.to_string()))?;
    Ok((Arc::new(array), Logical::Categorical { ordered }))
}
