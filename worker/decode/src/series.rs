//! Columns of plain HDF5: a dataset is one, and so is each field of a compound.

use crate::{
    attrs::Attrs,
    build::{self, Make, Rows, text, text::Encoding},
    door::{DType, Field, Padding},
    fail::{Res, differs, fail},
    frame::{Column, Label, Logical},
    node::Dataset,
};
use arrow::array::{ArrayRef, StringArray};
use std::sync::Arc;
use tarquet_common::codes::format;

/// Who wrote a file, as far as its types mean something of their own by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Writer {
    /// HDF5's own meanings hold.
    #[default]
    Any,
    /// PyTables: text is NumPy's whatever padding is declared, bits are booleans, and times of 8 bytes have two halves.
    PyTables,
}

impl Writer {
    /// By the attributes of a file's root.
    pub(crate) fn of(root: &Attrs<'_>) -> Self {
        if root.has("PYTABLES_FORMAT_VERSION") { Self::PyTables } else { Self::Any }
    }

    /// What a type means in this writer's files.
    fn meaning(self, dtype: &DType, item: &str) -> Res<DType> {
        Ok(match (self, dtype) {
            (Self::PyTables, DType::Text { width, utf8, padding: Padding::NulTerminated }) => {
                DType::Text { width: *width, utf8: *utf8, padding: Padding::Nul }
            }
            (Self::Any, DType::Bits { size, big }) => DType::Int { size: *size, signed: false, big: *big },
            (Self::Any, DType::Time64 { .. }) => return Err(unsupported(item, dtype)),
            (_, other) => other.clone(),
        })
    }
}

/// Whether a dataset is a table: a compound that is no complex number.
pub(crate) fn is_table(dtype: &DType) -> bool {
    matches!(dtype, DType::Compound { .. }) && dtype.name() != "complex"
}

/// The column that a dataset is, under its last name.
pub(crate) fn of_dataset(dataset: &Dataset<'_>, writer: Writer) -> Res<Column> {
    let name = dataset.path.rsplit('/').next().unwrap_or_default().to_owned();
    dataset.budget().label(name.len(), &dataset.path)?;
    let len = dataset.dims()?.first().copied().unwrap_or(0);
    let (values, logical) = if dataset.info.dtype == DType::VarText {
        let (found, _held) = dataset.read_vlen()?;
        (texts(dataset, &found, &dataset.path)?, Logical::ObjectText)
    } else {
        let dtype = writer.meaning(&dataset.info.dtype, &dataset.path)?;
        let width = width(&dtype, &dataset.path)?;
        let raw = dataset.read()?;
        let rows = Rows::matrix((*raw).as_ref(), len, 1, width, dataset.budget());
        values(&rows, &dtype, width, &dataset.path)?
    };
    Ok(Column { label: Label::Str(name), values, logical })
}

/// The columns that the fields of a table are.
pub(crate) fn of_table(dataset: &Dataset<'_>, writer: Writer) -> Res<Vec<Column>> {
    let DType::Compound { fields, .. } = &dataset.info.dtype else {
        return Err(fail(format::PLAIN_SHAPES, &dataset.path, "the dataset is no table"));
    };
    let stride = width(&dataset.info.dtype, &dataset.path)?;
    let len = dataset.dims()?.first().copied().unwrap_or(0);
    let raw = dataset.read()?;
    let one = |field: &Field| {
        let item = format!("{} ({})", field.name, dataset.path);
        dataset.budget().label(field.name.len(), &item)?;
        let (values, logical) = if field.dtype == DType::VarText {
            let (found, _held) = dataset.read_vlen_field(field, (*raw).as_ref(), &item)?;
            (texts(dataset, &found, &item)?, Logical::ObjectText)
        } else {
            let dtype = writer.meaning(&field.dtype, &item)?;
            let width = width(&dtype, &item)?;
            let offsets = vec![field.offset as usize];
            let rows = Rows { bytes: (*raw).as_ref(), rows: len, stride, offsets, budget: dataset.budget() };
            values(&rows, &dtype, width, &item)?
        };
        Ok(Column { label: Label::Str(field.name.clone()), values, logical })
    };
    fields.iter().map(one).collect()
}

/// Texts of variable length. HDF5 hands them out up to the first NUL.
fn texts(dataset: &Dataset<'_>, found: &[Vec<u8>], item: &str) -> Res<ArrayRef> {
    let mut paid = text::Growing::new(dataset.budget(), found.len(), 0, item)?;
    let decoded = found.iter().map(|bytes| {
        let bytes = text::until_nul(bytes);
        paid.take(bytes.len(), item)?;
        Encoding::UTF8.decode(bytes, item)
    });
    let values: StringArray = decoded.map(|text| text.map(Some)).collect::<Res<_>>()?;
    Ok(Arc::new(values))
}

fn unsupported(item: &str, dtype: &DType) -> crate::fail::Fault {
    let wanted = "numbers, booleans or text";
    let message = "the values' type has no counterpart";
    differs(format::TYPE_UNSUPPORTED, item, message, wanted, dtype.name())
}

fn width(dtype: &DType, item: &str) -> Res<usize> {
    let width = dtype.size().and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0);
    width.ok_or_else(|| unsupported(item, dtype))
}

fn values(rows: &Rows<'_>, dtype: &DType, width: usize, item: &str) -> Res<(ArrayRef, Logical)> {
    match dtype {
        DType::Text { padding, .. } => {
            let text = (width, *padding);
            let values = text::column(rows, rows.offsets[0], text, Encoding::UTF8, None, item)?;
            Ok((values, Logical::ObjectText))
        }
        DType::Enum { base, members } if !build::is_bool(dtype) => {
            let values = build::named(rows, base, members, item)?;
            Ok((values, Logical::Categorical { ordered: false }))
        }
        _ => {
            let mut columns = build::numbers(rows, dtype, &Make::Plain, item)?;
            let values = columns.pop().ok_or_else(|| fail(format::PLAIN_SHAPES, item, "no values"))?;
            Ok((values, Logical::Plain))
        }
    }
}
