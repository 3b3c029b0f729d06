//! HDF5 that pandas did not write: one-dimensional datasets of one length under one group, or one
//! compound dataset, as h5py and PyTables write them. Columns are ordered by name, fields as declared.

use crate::{
    budget::Budget,
    build::{self, Make, Rows, text, text::Encoding},
    door::{DType, Field, Kind, Target},
    fail::{Fault, Res, differs, fail, over_limit},
    frame::{Column, ColumnLevel, Frame, Label, Layout, Logical},
    keys::{self, Walked},
    node::{Context, Dataset, Group},
    options::KeyChoice,
};
use arrow::array::{ArrayRef, StringArray};
use std::sync::Arc;
use tarquet_common::codes::{cluster, format};

/// Reads the frame that plain datasets form.
pub(crate) fn read(context: Context<'_>, walked: Walked, key: &KeyChoice) -> Res<Frame> {
    let mut groups = Vec::new();
    for (id, path) in &walked.groups {
        let group = Group::open(context, *id, path)?;
        if !datasets(&group)?.is_empty() {
            groups.push(group);
        }
    }
    let group = match key {
        KeyChoice::Named(name) => {
            let wanted = |path: &str| path.trim_matches('/') == name.trim_matches('/');
            if let Some((group, dataset)) = named_dataset(&groups, &wanted) {
                return frame(name, columns(&[group.need(&dataset)?], true)?, context);
            }
            groups.iter().find(|group| wanted(&group.path))
        }
        KeyChoice::Auto if groups.len() > 1 => return Err(several(&groups)),
        KeyChoice::Auto => groups.first(),
    };
    // a single group of datasets is meant even under another name: the name is for pandas' frames
    let only = if groups.len() == 1 { groups.first() } else { None };
    let Some(group) = group.or(only) else {
        return Err(if groups.is_empty() { keys::nothing(walked) } else { several(&groups) });
    };
    let names = datasets(group)?;
    let found = names.iter().map(|name| group.need(name)).collect::<Res<Vec<_>>>()?;
    let key = group.path.trim_start_matches('/');
    frame(if key.is_empty() { "/" } else { key }, columns(&found, found.len() == 1)?, context)
}

fn named_dataset<'g, 'a>(
    groups: &'g [Group<'a>],
    wanted: &impl Fn(&str) -> bool,
) -> Option<(&'g Group<'a>, String)> {
    groups.iter().find_map(|group| {
        let link = group.links().iter().find(|link| wanted(&group.join(&link.name)))?;
        Some((group, link.name.clone()))
    })
}

fn several(groups: &[Group<'_>]) -> Fault {
    let name = |group: &Group<'_>| if group.path.is_empty() { "/".to_owned() } else { group.path.clone() };
    let names: Vec<String> = groups.iter().take(10).map(name).collect();
    let message = "several groups hold datasets and no key says which is meant";
    differs(format::SEVERAL_FRAMES, "/", message, "one group of datasets, or `hdf5.key`", names.join(", "))
}

/// The names of a group's datasets, sorted.
fn datasets(group: &Group<'_>) -> Res<Vec<String>> {
    let mut names = Vec::new();
    for link in group.links() {
        if let Target::Object(id) = link.target
            && group.context.door.kind(id)? == Kind::Dataset
        {
            names.push(link.name.clone());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn frame(key: &str, columns: Vec<Column>, context: Context<'_>) -> Res<Frame> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    if rows as u64 > context.limits.rows {
        return Err(over_limit(key, "the number of rows", context.limits.rows, rows));
    }
    if columns.len() > context.limits.columns as usize {
        return Err(over_limit(key, "the number of columns", context.limits.columns, columns.len()));
    }
    let level = ColumnLevel { name: Label::None, numpy_type: "object".to_owned(), zone: None };
    Ok(Frame {
        key: key.to_owned(),
        layout: Layout::Plain,
        series: false,
        rows,
        index: Vec::new(),
        columns,
        column_levels: vec![level],
    })
}

/// One column per dataset, or one per field where a single compound stands alone.
fn columns(found: &[Dataset<'_>], alone: bool) -> Res<Vec<Column>> {
    let mut length: Option<(usize, &str)> = None;
    for dataset in found {
        let dims = dataset.dims()?;
        let &[len] = dims.as_slice() else {
            let shape = if dims.is_empty() { "a scalar".to_owned() } else { format!("shape {dims:?}") };
            let message = "a dataset is not one-dimensional, so it is no column";
            return Err(differs(format::PLAIN_SHAPES, &dataset.path, message, "one dimension", shape));
        };
        match length {
            Some((have, name)) if have != len => {
                let message = "the datasets differ in length, so they are no frame";
                return Err(differs(
                    format::PLAIN_SHAPES,
                    &dataset.path,
                    message,
                    format!("{have} as {name}"),
                    len,
                ));
            }
            _ => length = Some((len, &dataset.path)),
        }
    }
    let budget = found.first().map(Dataset::budget);
    let before = budget.map(Budget::spent);
    let made = match found {
        [only]
            if alone && matches!(only.info.dtype, DType::Compound { .. }) && !is_number(&only.info.dtype) =>
        {
            compound(only)
        }
        _ => found.iter().map(column).collect(),
    };
    match (made, budget.zip(before)) {
        (Err(fault), Some((budget, before))) if fault.code == cluster::SLOT_TOO_SMALL => {
            // Nothing of the columns is left by now, so that there is room to count what all of them would be.
            budget.back_to(before);
            Err(too_much(found, budget).unwrap_or(fault))
        }
        (made, _) => made,
    }
}

/// Why the columns are more than any process may make of them, where they are: then it is not this one that is too small.
fn too_much(found: &[Dataset<'_>], budget: &Budget) -> Option<Fault> {
    let mut sum = 0u64;
    for dataset in found {
        let before = budget.spent();
        sum = sum.saturating_add(dataset.bytes().ok()?);
        budget.back_to(before);
        if sum > dataset.limits().decoded_bytes {
            let limit = dataset.limits().decoded_bytes;
            return Some(over_limit(
                &dataset.path,
                "decoded data of the member",
                limit,
                format!("{sum} bytes or more"),
            ));
        }
    }
    None
}

/// Whether a compound is a complex number rather than a row.
fn is_number(dtype: &DType) -> bool {
    dtype.name() == "complex"
}

fn column(dataset: &Dataset<'_>) -> Res<Column> {
    let name = dataset.path.rsplit('/').next().unwrap_or_default().to_owned();
    dataset.budget().label(name.len(), &dataset.path)?;
    let len = dataset.dims()?.first().copied().unwrap_or(0);
    if dataset.info.dtype == DType::VarText {
        let (texts, _held) = dataset.read_vlen()?;
        let mut paid = text::Growing::new(dataset.budget(), texts.len(), 0, &dataset.path)?;
        let decoded = texts.iter().map(|bytes| {
            paid.take(bytes.len(), &dataset.path)?;
            Encoding::UTF8.decode(bytes, &dataset.path)
        });
        let values: StringArray = decoded.map(|text| text.map(Some)).collect::<Res<_>>()?;
        return Ok(Column {
            label: Label::Str(name),
            values: Arc::new(values),
            logical: Logical::ObjectText,
        });
    }
    let width = width(&dataset.info.dtype, &dataset.path)?;
    let raw = dataset.read()?;
    let rows = Rows::matrix((*raw).as_ref(), len, 1, width, dataset.budget());
    let (values, logical) = values(&rows, &dataset.info.dtype, width, &dataset.path)?;
    Ok(Column { label: Label::Str(name), values, logical })
}

fn compound(dataset: &Dataset<'_>) -> Res<Vec<Column>> {
    let DType::Compound { fields, .. } = &dataset.info.dtype else {
        return Err(fail(format::PLAIN_SHAPES, &dataset.path, "the dataset is no table"));
    };
    let stride = width(&dataset.info.dtype, &dataset.path)?;
    let len = dataset.dims()?.first().copied().unwrap_or(0);
    let raw = dataset.read()?;
    let one = |field: &Field| {
        let item = format!("{} ({})", field.name, dataset.path);
        let width = width(&field.dtype, &item)?;
        let offsets = vec![field.offset as usize];
        dataset.budget().label(field.name.len(), &item)?;
        let rows = Rows { bytes: (*raw).as_ref(), rows: len, stride, offsets, budget: dataset.budget() };
        let (values, logical) = values(&rows, &field.dtype, width, &item)?;
        Ok(Column { label: Label::Str(field.name.clone()), values, logical })
    };
    fields.iter().map(one).collect()
}

fn width(dtype: &DType, item: &str) -> Res<usize> {
    let width = dtype.size().and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0);
    let wanted = "numbers, booleans or text";
    width.ok_or_else(|| {
        differs(format::TYPE_UNSUPPORTED, item, "the values' type has no counterpart", wanted, dtype.name())
    })
}

fn values(rows: &Rows<'_>, dtype: &DType, width: usize, item: &str) -> Res<(ArrayRef, Logical)> {
    if let DType::Text { .. } = dtype {
        return Ok((
            text::column(rows, rows.offsets[0], width, Encoding::UTF8, None, item)?,
            Logical::ObjectText,
        ));
    }
    let mut columns = build::numbers(rows, dtype, &Make::Plain, item)?;
    let values = columns.pop().ok_or_else(|| fail(format::PLAIN_SHAPES, item, "no values"))?;
    Ok((values, Logical::Plain))
}
