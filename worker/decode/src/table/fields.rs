//! The compound dataset: its fields as arrays.

use super::{categories, meta::Meta};
use crate::{
    attrs::Held,
    budget::Budget,
    build::{self, Make, Rows, text, text::Encoding},
    door::{DType, Field, Padding, Raw},
    fail::{Fault, Res, differs, fail, layout, of_column},
    frame::{Label, Level, Logical},
    labels,
    node::{Dataset, Group},
    unit,
};
use arrow::array::ArrayRef;
use tarquet_common::codes::format;

/// The dataset `table` of a frame.
pub(super) struct Table<'a> {
    group: &'a Group<'a>,
    dataset: Dataset<'a>,
    encoding: Encoding,
    raw: Raw,
    pub(super) path: String,
    pub(super) rows: usize,
}

/// A column's values and what they are.
type Values = (ArrayRef, Logical);

impl<'a> Table<'a> {
    pub(super) fn open(group: &'a Group<'a>, encoding: Encoding) -> Res<Self> {
        let dataset = group.need("table")?;
        let (&[rows], DType::Compound { .. }) = (dataset.dims()?.as_slice(), &dataset.info.dtype) else {
            return Err(layout(&dataset.path, "the dataset is no table"));
        };
        let raw = dataset.read()?;
        let path = dataset.path.clone();
        Ok(Self { group, dataset, encoding, raw, path, rows })
    }

    /// What may still be held and made.
    pub(super) fn budget(&self) -> &'a Budget {
        self.group.context.budget
    }

    fn field(&self, name: &str) -> Res<&Field> {
        let DType::Compound { fields, .. } = &self.dataset.info.dtype else { return Err(self.missing(name)) };
        fields.iter().find(|field| field.name == name).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Fault {
        layout(&self.path, format!("the table has no field {name}"))
    }

    /// Where `count` elements of a field stand in the rows, and their type; no rows at all to `skip` them.
    fn place<'f>(&'f self, field: &'f Field, count: usize, skip: bool) -> Res<(Rows<'f>, &'f DType, usize)> {
        let (base, elements) = match &field.dtype {
            DType::Array { base, dims } => {
                (base.as_ref(), dims.iter().try_fold(1u64, |n, &d| n.checked_mul(d)))
            }
            other => (other, Some(1)),
        };
        if elements != Some(count as u64) {
            let found = elements.map_or_else(|| "too many".to_owned(), |n| n.to_string());
            let message = format!("the field {} does not hold as many columns as its names say", field.name);
            return Err(differs(format::PANDAS_LAYOUT, &self.path, message, count, found));
        }
        let width = base.size().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let stride = self.dataset.info.dtype.size().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let start = field.offset as usize;
        let end = width.checked_mul(count).and_then(|n| n.checked_add(start));
        if end.is_none_or(|end| end > stride) {
            return Err(fail(
                format::HDF5_DAMAGED,
                &self.path,
                format!("the field {} reaches beyond its row", field.name),
            ));
        }
        let offsets = (0..count).map(|j| start + j * width).collect();
        let rows = if skip { 0 } else { self.rows };
        let budget = self.budget();
        Ok((Rows { bytes: (*self.raw).as_ref(), rows, stride, offsets, budget }, base, width))
    }

    /// The row index.
    pub(super) fn index(&self, meta: &Meta) -> Res<Level> {
        self.row_index(meta).map_err(|fault| of_column(fault, "index"))
    }

    fn row_index(&self, meta: &Meta) -> Res<Level> {
        let (field, info, attrs) = (self.field(&meta.index)?, meta.info(&meta.index), &self.dataset.attrs);
        let kind = attrs.text(&format!("{}_kind", meta.index))?.unwrap_or_default();
        let (rows, base, width) = self.place(field, 1, false)?;
        let plain = |make: &Make| single(build::numbers(&rows, base, make, &self.path)?, &self.path);
        let category = attrs.text(&format!("{}_meta", meta.index))?.as_deref() == Some("category")
            || categories::exist(self.group, &meta.index)?;
        let (values, logical) = if category {
            let codes = plain(&Make::Plain)?;
            categories::column(self.group, &meta.index, &codes, info.ordered)?
        } else if kind == "string" {
            let missing = attrs.text(&format!("{}_nan_rep", meta.index))?.unwrap_or_else(|| "nan".to_owned());
            let missing = Some(missing.as_str()).filter(|text| !text.is_empty());
            (
                text::column(&rows, rows.offsets[0], as_numpy(width), self.encoding, missing, &self.path)?,
                Logical::ObjectText,
            )
        } else if kind.starts_with("timedelta64") && self.group.attrs.has("pandas_version") {
            // pandas before 3 reads its own spans in this place as integers, and judges its files
            (plain(&Make::Plain)?, Logical::Plain)
        } else if kind.starts_with("datetime64") || kind.starts_with("timedelta64") {
            (plain(&self.times(&kind, info.zone)?)?, Logical::Plain)
        } else if let (Some(freq), "integer") = (&info.freq, kind.as_str()) {
            (plain(&Make::Period)?, Logical::Period { freq: freq.clone() })
        } else {
            (plain(&Make::Plain)?, Logical::Plain)
        };
        Ok(Level { name: info.name.unwrap_or(Label::None), values, logical })
    }

    /// The columns of a field, with their labels.
    pub(super) fn values(&self, name: &str, meta: &Meta) -> Res<Vec<(Label, Values)>> {
        let labels = self.labels(name)?;
        let columns = self.columns(name, &labels, meta);
        let columns = columns.map_err(|fault| of_column(fault, &labels::few(&labels)))?;
        Ok(labels.into_iter().zip(columns).collect())
    }

    fn columns(&self, name: &str, labels: &[Label], meta: &Meta) -> Res<Vec<Values>> {
        let (field, info, attrs) = (self.field(name)?, meta.info(name), &self.dataset.attrs);
        let skip = self.group.context.headers_only && !meta.is_level(name);
        let (rows, base, width) = self.place(field, labels.len(), skip)?;
        let dtype = attrs.text(&format!("{name}_dtype"))?.unwrap_or_default();
        let kind = attrs.text(&format!("{name}_meta"))?;
        let item = self.item(labels);
        let make = match dtype.as_str() {
            dtype if dtype.starts_with("datetime64") || dtype.starts_with("timedelta64") => {
                self.times(dtype, info.zone)?
            }
            dtype if dtype.starts_with("period[") => Make::Period,
            _ => Make::Plain,
        };
        if dtype.starts_with("string") || dtype.starts_with("bytes") {
            self.texts(name, labels, &rows, width, meta)
        } else if kind.as_deref() == Some("category") {
            let codes = build::numbers(&rows, base, &Make::Plain, &item)?;
            codes.iter().map(|codes| categories::column(self.group, name, codes, info.ordered)).collect()
        } else {
            let logical = match dtype.strip_prefix("period[") {
                Some(freq) => Logical::Period { freq: freq.trim_end_matches(']').to_owned() },
                None => Logical::Plain,
            };
            let columns = build::numbers(&rows, base, &make, &item)?;
            Ok(columns.into_iter().map(|values| (values, logical.clone())).collect())
        }
    }

    /// Text columns. Missing is: the column's own sentinel, where columns have them (pandas 3); else the
    /// table's.
    fn texts(
        &self,
        name: &str,
        labels: &[Label],
        rows: &Rows<'_>,
        width: usize,
        meta: &Meta,
    ) -> Res<Vec<Values>> {
        let own = meta.own_nan_rep || (meta.own_level_nan_rep && meta.is_level(name));
        let missing = if own {
            self.dataset.attrs.text(&format!("{name}_nan_rep"))?
        } else {
            Some(meta.nan_rep.clone())
        };
        let column = |(label, &offset): (&Label, &usize)| {
            let item = self.item(std::slice::from_ref(label));
            let values =
                text::column(rows, offset, as_numpy(width), self.encoding, missing.as_deref(), &item)?;
            // pandas looks for the dtype under the column's own name, which only data columns have
            let declared = match label {
                Label::Str(text) => self.dataset.attrs.text(&format!("{text}_meta"))?,
                _ => None,
            };
            let string = declared.as_deref() == Some("string");
            Ok((values, if string { Logical::StringText } else { Logical::ObjectText }))
        };
        labels.iter().zip(&rows.offsets).map(column).collect()
    }

    /// The labels of a field's columns.
    fn labels(&self, name: &str) -> Res<Vec<Label>> {
        let attr = format!("{name}_kind");
        let Some(Held::Pickle(pickle)) = self.dataset.attrs.held(&attr)? else {
            return Err(layout(&self.path, format!("the attribute {attr} is missing or no list")));
        };
        let items = pickle.need_items(pickle.top(), &format!("the attribute {attr}"))?;
        items.iter().map(|&value| pickle.label(value)).collect()
    }

    fn times(&self, dtype: &str, zone: Res<Option<String>>) -> Res<Make> {
        let unit = unit::of_dtype(dtype);
        let unit = unit
            .ok_or_else(|| fail(format::TYPE_UNSUPPORTED, &self.path, format!("values of type {dtype}")))?;
        Ok(if dtype.starts_with("datetime64") { Make::Moment(unit, zone?) } else { Make::Span(unit) })
    }

    /// How failures name columns.
    fn item(&self, labels: &[Label]) -> String {
        format!("{} ({})", labels::few(labels), self.path)
    }
}

/// PyTables reads text as NumPy has it, whatever the padding is that its files declare.
fn as_numpy(width: usize) -> (usize, Padding) {
    (width, Padding::Nul)
}

fn single(mut arrays: Vec<ArrayRef>, item: &str) -> Res<ArrayRef> {
    arrays.pop().ok_or_else(|| layout(item, "no values"))
}
