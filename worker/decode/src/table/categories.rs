//! Categoricals of tables: codes in the table, categories in a table under `meta/{field}/meta`.

use crate::{
    build::checked_codes,
    fail::{Res, layout},
    frame::Logical,
    node::{Context, Group},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, new_empty_array},
    compute::{filter, is_not_null},
    datatypes::DataType,
};
use std::sync::Arc;

/// Whether categories are stored for a field.
pub(super) fn exist(group: &Group<'_>, field: &str) -> Res<bool> {
    Ok(stored(group, field)?.is_some())
}

fn stored<'a>(group: &Group<'a>, field: &str) -> Res<Option<Group<'a>>> {
    let Some(meta) = group.group("meta")? else { return Ok(None) };
    let Some(meta) = meta.group(field)? else { return Ok(None) };
    meta.group("meta")
}

/// The dictionary array of a field's codes. All categories in order, unused ones included.
pub(super) fn column(
    group: &Group<'_>,
    field: &str,
    codes: &ArrayRef,
    ordered: bool,
) -> Res<(ArrayRef, Logical)> {
    let path = group.join(&format!("meta/{field}"));
    let categories = match stored(group, field)? {
        Some(stored) => values(stored)?,
        // PyTables cannot hold an empty array: pandas then has none, of floats
        None => new_empty_array(&DataType::Float64),
    };
    let budget = group.context.budget;
    let codes = checked_codes(codes, categories.len(), budget, &path)?;
    if categories.null_count() > 0 {
        budget.make(2 * codes.get_array_memory_size() as u64 + 8 * categories.len() as u64, &path)?;
        budget.make(categories.get_array_memory_size() as u64, &path)?;
    }
    let (codes, categories) = without_missing(codes, categories, &path)?;
    let array = DictionaryArray::try_new(codes, categories).map_err(|e| layout(&path, e.to_string()))?;
    Ok((Arc::new(array), Logical::Categorical { ordered }))
}

/// The categories: the one column of a series table. They are read in full even where only headers are.
fn values(stored: Group<'_>) -> Res<ArrayRef> {
    let stored = Group { context: Context { headers_only: false, ..stored.context }, ..stored };
    let mut frame = super::frame::read(&stored, "categories")?;
    match frame.columns.pop() {
        Some(column) if column.values.as_any_dictionary_opt().is_none() => Ok(column.values),
        _ => Err(layout(&stored.path, "categories that are no plain values")),
    }
}

/// A category that reads as missing was its own sentinel: it goes, and its code becomes missing.
fn without_missing(codes: Int32Array, categories: ArrayRef, path: &str) -> Res<(Int32Array, ArrayRef)> {
    if categories.null_count() == 0 {
        return Ok((codes, categories));
    }
    let mut next = 0;
    let remap: Vec<Option<i32>> = (0..categories.len())
        .map(|i| {
            categories.is_valid(i).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    let codes = codes
        .iter()
        .map(|code| code.and_then(|code| remap.get(usize::try_from(code).ok()?).copied().flatten()));
    let kept = is_not_null(&categories).and_then(|kept| filter(&categories, &kept));
    Ok((codes.collect(), kept.map_err(|e| layout(path, e.to_string()))?))
}
