//! Values of the fixed layout: a matrix of rows × columns, or one pickled array of objects.

use crate::{
    budget::Budget,
    build::{self, Make, Objects, Rows, objects},
    door::{DType, Raw},
    fail::{Fault, Res, fail, layout, of_column},
    frame::{Label, Logical},
    labels,
    node::Dataset,
    pickle::{Pickle, arrays::Array as PickledArray},
    unit,
};
use arrow::{
    array::{ArrayRef, new_empty_array},
    datatypes::{DataType, TimeUnit},
};
use std::sync::Arc;
use tarquet_common::codes::format;

/// The columns of a block, one per label, or the single one of a series or label array (`None`).
pub(super) fn columns(
    dataset: &Dataset<'_>,
    labels: Option<&[Label]>,
    before_3: bool,
) -> Res<Vec<(ArrayRef, Logical)>> {
    let columns = block(dataset, labels, before_3);
    columns.map_err(|fault| match labels {
        Some(labels) => of_column(fault, &labels::few(labels)),
        None => fault,
    })
}

fn block(dataset: &Dataset<'_>, labels: Option<&[Label]>, before_3: bool) -> Res<Vec<(ArrayRef, Logical)>> {
    let columns = labels.map(<[Label]>::len);
    let value_type = dataset.attrs.text("value_type")?;
    if matches!(dataset.info.dtype, DType::VarList(_)) {
        return pickled(dataset, labels, value_type.as_deref(), before_3);
    }
    if let Some(shape) = dataset.attrs.shape()? {
        return empty(dataset, &shape, columns, value_type.as_deref());
    }
    let (make, logical) = make(dataset, value_type.as_deref())?;
    let (grid, width) = (grid(dataset, &dataset.dims()?, columns)?, element_width(dataset));
    let skip = dataset.headers_only() && labels.is_some();
    let raw: Raw = if skip { Arc::new(Vec::new()) } else { dataset.read()? };
    let rows = if skip { 0 } else { grid.rows };
    let item =
        labels.map_or_else(|| dataset.path.clone(), |of| format!("{} ({})", labels::few(of), dataset.path));
    let bytes = (*raw).as_ref();
    let numbers = |rows: &Rows<'_>| build::numbers(rows, &dataset.info.dtype, &make, &item);
    let arrays = if grid.by_rows {
        numbers(&Rows::matrix(bytes, rows, grid.columns, width, dataset.budget()))?
    } else {
        let column = |j: usize| {
            let bytes = bytes.get(j * rows * width..)?;
            Some(numbers(&Rows::matrix(bytes, rows, 1, width, dataset.budget())))
        };
        let columns = (0..grid.columns).filter_map(column).collect::<Res<Vec<_>>>()?;
        columns.into_iter().flatten().collect()
    };
    Ok(arrays.into_iter().map(|array| (array, logical.clone())).collect())
}

fn element_width(dataset: &Dataset<'_>) -> usize {
    dataset.info.dtype.size().and_then(|width| usize::try_from(width).ok()).unwrap_or(0)
}

/// How values stand: `transposed` (as pandas writes all but empty ones) is one row after the other, otherwise
/// one column after the other.
struct Grid {
    rows: usize,
    columns: usize,
    by_rows: bool,
}

/// The grid of values of a shape that must have so many columns, or one (`None`).
fn grid(dataset: &Dataset<'_>, shape: &[usize], columns: Option<usize>) -> Res<Grid> {
    let transposed = dataset.attrs.flag("transposed")?;
    match (shape, columns, transposed) {
        (&[rows], None | Some(1), _) | (&[rows, 1], None, _) | (&[1, rows], Some(1), _) => {
            Ok(Grid { rows, columns: 1, by_rows: true })
        }
        (&[rows, width], Some(columns), true) if width == columns => {
            Ok(Grid { rows, columns, by_rows: true })
        }
        (&[width, rows], Some(columns), false) if width == columns => {
            Ok(Grid { rows, columns, by_rows: false })
        }
        (shape, columns, _) => {
            let message = format!("values of shape {shape:?} for {} columns", columns.unwrap_or(1));
            Err(layout(&dataset.path, message))
        }
    }
}

/// The length of a one-dimensional dataset.
pub(super) fn length(dataset: &Dataset<'_>) -> Res<usize> {
    grid(dataset, &dataset.dims()?, None).map(|grid| grid.rows)
}

/// What the attributes say the numbers are.
fn make(dataset: &Dataset<'_>, value_type: Option<&str>) -> Res<(Make, Logical)> {
    let unsupported = |value_type: &str| {
        fail(format::TYPE_UNSUPPORTED, &dataset.path, format!("values of type {value_type}"))
    };
    let unit = |value_type: &str| unit::of_dtype(value_type).ok_or_else(|| unsupported(value_type));
    Ok(match value_type {
        Some(name) if name.starts_with("datetime64") => {
            (Make::Moment(unit(name)?, dataset.attrs.zone("tz")?), Logical::Plain)
        }
        Some(name) if name.starts_with("timedelta64") => (Make::Span(unit(name)?), Logical::Plain),
        Some(name) if name.starts_with("period[") => {
            let freq = name.trim_start_matches("period[").trim_end_matches(']').to_owned();
            (Make::Period, Logical::Period { freq })
        }
        _ => (Make::Plain, Logical::Plain),
    })
}

/// Columns without rows: a dummy array stands in the file, its true shape and type in attributes.
fn empty(
    dataset: &Dataset<'_>,
    shape: &[usize],
    columns: Option<usize>,
    value_type: Option<&str>,
) -> Res<Vec<(ArrayRef, Logical)>> {
    if !shape.contains(&0) {
        return Err(layout(&dataset.path, format!("a dummy array for values of shape {shape:?}")));
    }
    let (make, logical) = make(dataset, value_type)?;
    let one = || match make {
        Make::Plain => {
            dataset.budget().arrays(1, 0, 0, &dataset.path)?;
            empty_column(value_type.unwrap_or("object"), &dataset.path)
        }
        _ => Ok((empty_of(&make, dataset.budget(), &dataset.path)?, logical.clone())),
    };
    (0..columns.unwrap_or(1)).map(|_| one()).collect()
}

/// An empty array of moments, spans or periods.
pub(super) fn empty_of(make: &Make, budget: &Budget, item: &str) -> Res<ArrayRef> {
    let dtype = DType::Int { size: 8, signed: true, big: false };
    let mut arrays = build::numbers(&Rows::matrix(&[], 0, 1, 8, budget), &dtype, make, item)?;
    arrays.pop().ok_or_else(|| layout(item, "no values"))
}

/// An empty array of a NumPy or pandas dtype.
pub(super) fn empty_column(value_type: &str, item: &str) -> Res<(ArrayRef, Logical)> {
    let (data_type, logical) = match value_type {
        "bool" => (DataType::Boolean, Logical::Plain),
        "int8" => (DataType::Int8, Logical::Plain),
        "int16" => (DataType::Int16, Logical::Plain),
        "int32" => (DataType::Int32, Logical::Plain),
        "int64" => (DataType::Int64, Logical::Plain),
        "uint8" => (DataType::UInt8, Logical::Plain),
        "uint16" => (DataType::UInt16, Logical::Plain),
        "uint32" => (DataType::UInt32, Logical::Plain),
        "uint64" => (DataType::UInt64, Logical::Plain),
        "float16" => (DataType::Float16, Logical::Plain),
        "float32" => (DataType::Float32, Logical::Plain),
        "float64" => (DataType::Float64, Logical::Plain),
        "str" => (DataType::Utf8, Logical::ObjectText),
        "string" => (DataType::Utf8, Logical::StringText),
        "object" => (DataType::Null, Logical::Object),
        name if name.starts_with("datetime64") || name.starts_with("timedelta64") => {
            let unit = unit::of_dtype(name).unwrap_or(TimeUnit::Nanosecond);
            let moment = name.starts_with("datetime64");
            (if moment { DataType::Timestamp(unit, None) } else { DataType::Duration(unit) }, Logical::Plain)
        }
        other => return Err(fail(format::TYPE_UNSUPPORTED, item, format!("values of type {other}"))),
    };
    Ok((new_empty_array(&data_type), logical))
}

/// Runs the one pickle in a dataset and hands its array on.
pub(super) fn unpickled<T>(
    dataset: &Dataset<'_>,
    use_it: impl FnOnce(&Pickle<'_>, &PickledArray<'_>) -> Result<T, Fault>,
) -> Res<T> {
    let (rows, _held) = dataset.read_vlen()?;
    let [bytes] = rows.as_slice() else {
        return Err(layout(&dataset.path, format!("{} pickles where one must be", rows.len())));
    };
    let pickle = dataset.unpickle(bytes)?;
    let array = pickle.array(pickle.top())?;
    use_it(&pickle, &array)
}

/// The single column of a pickled one-dimensional array.
pub(super) fn pickled_column(dataset: &Dataset<'_>, before_3: bool) -> Res<(ArrayRef, Logical)> {
    let mut columns = pickled(dataset, None, None, before_3)?;
    columns.pop().ok_or_else(|| layout(&dataset.path, "no values"))
}

/// How failures name a column of a block.
fn item(dataset: &Dataset<'_>, label: &Label) -> String {
    format!("{} ({})", labels::shown(label), dataset.path)
}

fn pickled(
    dataset: &Dataset<'_>,
    labels: Option<&[Label]>,
    value_type: Option<&str>,
    before_3: bool,
) -> Res<Vec<(ArrayRef, Logical)>> {
    let columns = labels.map(<[Label]>::len);
    unpickled(dataset, |pickle, array| {
        let Grid { rows, columns, by_rows } = grid(dataset, &array.shape, columns)?;
        if rows as u64 > dataset.limits().rows {
            return Err(crate::fail::over_limit(
                &dataset.path,
                "the number of rows",
                dataset.limits().rows,
                rows,
            ));
        }
        let column = |j: usize| {
            let (start, step) = if by_rows { (j, columns) } else { (j * rows, 1) };
            let objects = Objects { pickle, array, start, step, len: rows, nanoseconds: before_3 };
            let label = labels.and_then(|labels| labels.get(j));
            let item = label.map_or_else(|| dataset.path.clone(), |label| item(dataset, label));
            let column = match value_type {
                Some("str") => objects::texts(&objects, &item).map(|values| (values, Logical::ObjectText)),
                Some(name) if name.starts_with("string") => {
                    objects::texts(&objects, &item).map(|values| (values, Logical::StringText))
                }
                _ => objects::column(&objects, &item),
            };
            column.map_err(|fault| match label {
                Some(label) => of_column(fault, &labels::shown(label)),
                None => fault,
            })
        };
        (0..columns).map(column).collect()
    })
}
