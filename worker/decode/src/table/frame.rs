//! The frame or series of a group: index and columns put together in order.

use super::{fields::Table, meta::Meta};
use crate::{
    budget::Budget,
    build::text::Encoding,
    fail::{Res, fail, layout, over_limit},
    frame::{Column, Frame, Label, Layout, Level, Logical},
    labels::{self, Positions},
    node::Group,
};
use arrow::array::ArrayRef;
use tarquet_common::codes::format;

/// Reads the frame or series that a group holds.
pub(crate) fn read(group: &Group<'_>, key: &str) -> Res<Frame> {
    let series = group.attrs.need_text("pandas_type")? == "series_table";
    let encoding = {
        let (encoding, errors) = (group.attrs.text("encoding")?, group.attrs.text("errors")?);
        Encoding::parse(encoding.as_deref(), errors.as_deref(), &group.path)?
    };
    let meta = Meta::read(group)?;
    let table = Table::open(group, encoding)?;
    let limits = group.context.limits;
    if table.rows as u64 > limits.rows {
        return Err(over_limit(&group.path, "the number of rows", limits.rows, table.rows));
    }
    if meta.labels.len() > limits.columns as usize {
        return Err(over_limit(&group.path, "the number of columns", limits.columns, meta.labels.len()));
    }
    let columns = columns(&table, &meta)?;
    let (index, columns) = match &meta.levels {
        None => (vec![table.index(&meta)?], columns),
        Some(levels) => set_index(&group.path, levels, columns, group.context.budget)?,
    };
    let frame = Frame {
        key: key.to_owned(),
        layout: Layout::Table,
        series,
        rows: table.rows,
        index,
        columns,
        column_levels: meta.column_levels(),
    };
    if series { as_series(group, frame) } else { Ok(frame) }
}

/// All columns, in the frame's order.
fn columns(table: &Table<'_>, meta: &Meta) -> Res<Vec<Column>> {
    let mut positions = Positions::of(&meta.labels);
    let mut found: Vec<Option<(ArrayRef, Logical)>> = vec![None; meta.labels.len()];
    let budget = table.budget();
    for field in &meta.values {
        budget.work(2 * meta.values.len());
        budget.keep_pace(&table.path)?;
        for (label, column) in table.values(field, meta)? {
            let position = positions.take(&label);
            let position = position.ok_or_else(|| {
                layout(&table.path, format!("the frame has no column named {}", labels::shown(&label)))
            })?;
            found[position] = Some(column);
        }
    }
    let named = meta.labels.iter().cloned().zip(found);
    let column = |(label, column): (Label, Option<(ArrayRef, Logical)>)| match column {
        Some((values, logical)) => Ok(Column { label, values, logical }),
        None => Err(layout(&table.path, format!("no field holds the column {}", labels::shown(&label)))),
    };
    named.map(column).collect()
}

/// Moves the columns that are levels into the index. Names that pandas made up (`level_0`) go.
fn set_index(
    path: &str,
    levels: &[Label],
    mut columns: Vec<Column>,
    budget: &Budget,
) -> Res<(Vec<Level>, Vec<Column>)> {
    let mut index = Vec::with_capacity(levels.len());
    for name in levels {
        budget.work(columns.len());
        budget.keep_pace(path)?;
        let at = columns.iter().position(|column| column.label == *name);
        let at =
            at.ok_or_else(|| layout(path, format!("no column holds the level {}", labels::shown(name))))?;
        let Column { label, values, logical } = columns.remove(at);
        let made_up =
            matches!(&label, Label::Str(text) if text.strip_prefix("level_").is_some_and(is_number));
        index.push(Level { name: if made_up { Label::None } else { label }, values, logical });
    }
    Ok((index, columns))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A series is a frame of one column, called `values` if it has no name.
fn as_series(group: &Group<'_>, mut frame: Frame) -> Res<Frame> {
    let [column] = frame.columns.as_mut_slice() else {
        let message = format!("a series with {} columns", frame.columns.len());
        return Err(fail(format::PANDAS_LAYOUT, &group.path, message));
    };
    if column.label == Label::Str("values".to_owned()) {
        column.label = Label::None;
    }
    frame.column_levels.clear();
    Ok(frame)
}
