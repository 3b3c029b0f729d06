//! The frame or series of a group: its axes and blocks put together.

use super::{index, values};
use crate::{
    build::text::Encoding,
    fail::{Res, fail, layout, of_column, over_limit},
    frame::{Column, Frame, Label, Layout, Logical},
    labels::{self, Positions},
    node::Group,
};
use arrow::array::{Array, ArrayRef};
use tarquet_common::codes::format;

/// Reads the frame or series that a group holds.
pub(crate) fn read(group: &Group<'_>, key: &str, series: bool) -> Res<Frame> {
    let (encoding, errors) = (group.attrs.text("encoding")?, group.attrs.text("errors")?);
    let encoding = Encoding::parse(encoding.as_deref(), errors.as_deref(), &group.path)?;
    let frame = if series { read_series(group, encoding)? } else { read_frame(group, encoding)? };
    Ok(Frame { key: key.to_owned(), ..frame })
}

fn read_series(group: &Group<'_>, encoding: Encoding) -> Res<Frame> {
    let index = index::rows(group, "index", encoding).map_err(|fault| of_column(fault, "index"))?;
    let label = group.attrs.label("name")?;
    let named = |fault| match &label {
        Label::None => fault,
        label => of_column(fault, &labels::shown(label)),
    };
    let dataset = group.need("values").map_err(named)?;
    let mut columns = values::columns(&dataset, None, group.attrs.has("pandas_version")).map_err(named)?;
    let (Some((values, logical)), true) = (columns.pop(), columns.is_empty()) else {
        return Err(layout(&dataset.path, "a series with other than one column"));
    };
    let rows = index.rows.unwrap_or(values.len());
    let columns = vec![Column { label, values, logical }];
    finish(group, Frame { series: true, index: index.levels, columns, rows, ..empty_frame() })
}

fn read_frame(group: &Group<'_>, encoding: Encoding) -> Res<Frame> {
    let (labels, column_levels) = index::labels(group, "axis0", encoding)?;
    let limit = group.context.limits.columns as usize;
    if labels.len() > limit {
        return Err(over_limit(&group.path, "the number of columns", limit, labels.len()));
    }
    let index = index::rows(group, "axis1", encoding).map_err(|fault| of_column(fault, "index"))?;
    let blocks = group.attrs.need_count("nblocks")?;
    if blocks > labels.len().max(1) {
        return Err(layout(&group.path, format!("{blocks} blocks for {} columns", labels.len())));
    }
    let mut positions = Positions::of(&labels);
    let mut found: Vec<Option<(ArrayRef, Logical)>> = vec![None; labels.len()];
    for block in 0..blocks {
        let (items, _) = index::labels(group, &format!("block{block}_items"), encoding)?;
        let dataset = group.need(&format!("block{block}_values"));
        let dataset = dataset.map_err(|fault| of_column(fault, &labels::few(&items)))?;
        let columns = values::columns(&dataset, Some(&items), group.attrs.has("pandas_version"))?;
        for (label, column) in items.iter().zip(columns) {
            let position = positions.take(label);
            let position = position.ok_or_else(|| {
                layout(&dataset.path, format!("no column is named {}", labels::shown(label)))
            })?;
            found[position] = Some(column);
        }
    }
    let columns = labels.into_iter().zip(found).map(|(label, column)| match column {
        Some((values, logical)) => Ok(Column { label, values, logical }),
        None => Err(layout(&group.path, format!("no block holds the column {}", labels::shown(&label)))),
    });
    let columns: Vec<Column> = columns.collect::<Res<_>>()?;
    let rows = index.rows.unwrap_or(0);
    finish(group, Frame { index: index.levels, columns, rows, column_levels, ..empty_frame() })
}

fn empty_frame() -> Frame {
    Frame {
        key: String::new(),
        layout: Layout::Fixed,
        series: false,
        rows: 0,
        index: Vec::new(),
        columns: Vec::new(),
        column_levels: Vec::new(),
    }
}

/// Checks that everything has as many rows as the index.
fn finish(group: &Group<'_>, frame: Frame) -> Res<Frame> {
    if frame.rows == 0 && frame.columns.is_empty() {
        return Err(fail(format::NO_FRAME, &group.path, "the frame has neither rows nor columns"));
    }
    let limit = group.context.limits.rows;
    if frame.rows as u64 > limit {
        return Err(over_limit(&group.path, "the number of rows", limit, frame.rows));
    }
    let odd = frame.columns.iter().find(|column| column.values.len() != frame.rows);
    let odd = odd.filter(|_| !group.context.headers_only);
    if let Some(Column { label, values, .. }) = odd {
        let message = format!(
            "the column {} has {} rows where the index has {}",
            labels::shown(label),
            values.len(),
            frame.rows
        );
        return Err(layout(&group.path, message));
    }
    Ok(frame)
}
