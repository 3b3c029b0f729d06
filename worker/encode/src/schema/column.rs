//! What one column or level is: Arrow's type, pandas' kind, and the categories of a categorical.

use crate::arrow_type::ArrowType;
use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray},
    compute::cast,
    datatypes::DataType,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use tarquet_common::{codes::schema as codes, failure::Failure};
use tarquet_decode::frame::Logical;

/// What kind of pandas array a column is, where the Arrow type does not say it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Nothing beyond the Arrow type.
    Plain,
    /// Text in an `object` or `str` array.
    ObjectText,
    /// Text of the `string` extension type.
    StringText,
    /// Python objects of one type.
    Object,
    /// A categorical of text; its categories stand beside it.
    Categorical,
    /// Ordinals of periods of this frequency.
    Period(String),
}

/// The categories of a categorical, in order, unused ones included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Categories {
    /// The categories.
    pub values: Vec<String>,
    /// Whether their order means something.
    pub ordered: bool,
}

/// What one column or level is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnType {
    /// The type of its values.
    pub arrow: ArrowType,
    /// What pandas makes of them.
    pub kind: ColumnKind,
    /// For [`ColumnKind::Categorical`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
}

impl ColumnType {
    /// A type with nothing beside it.
    pub fn plain(arrow: ArrowType) -> Self {
        Self { arrow, kind: ColumnKind::Plain, categories: None }
    }

    /// Text in an `object` array.
    pub fn text() -> Self {
        Self { arrow: ArrowType::Utf8, kind: ColumnKind::ObjectText, categories: None }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, &self.categories) {
            (ColumnKind::Categorical, Some(categories)) => {
                let order = if categories.ordered { "ordered " } else { "" };
                write!(f, "{} {order}categories of text", categories.values.len())
            }
            (ColumnKind::Period(freq), _) => write!(f, "period[{freq}]"),
            _ => self.arrow.fmt(f),
        }
    }
}

/// The type of decoded values. Categories that are not text become plain values (FIDELITY 14).
///
/// # Errors
/// `TYPE_UNSUPPORTED` for Arrow types that our output cannot hold.
pub(crate) fn column_type(name: &str, values: &ArrayRef, logical: &Logical) -> Result<ColumnType, Failure> {
    let arrow = ArrowType::of(values.data_type()).ok_or_else(|| unsupported(name, values.data_type()))?;
    let kind = match logical {
        Logical::Plain if arrow == ArrowType::Utf8 => ColumnKind::ObjectText,
        Logical::Plain => ColumnKind::Plain,
        Logical::ObjectText => ColumnKind::ObjectText,
        Logical::StringText => ColumnKind::StringText,
        Logical::Object => ColumnKind::Object,
        Logical::Period { freq } => ColumnKind::Period(freq.clone()),
        Logical::Categorical { ordered } => return categorical(name, values, arrow, *ordered),
    };
    Ok(ColumnType { arrow, kind, categories: None })
}

/// The type of a categorical column.
fn categorical(
    name: &str,
    values: &ArrayRef,
    arrow: ArrowType,
    ordered: bool,
) -> Result<ColumnType, Failure> {
    match arrow {
        ArrowType::Utf8 => {}
        other => return Ok(ColumnType::plain(other)),
    }
    let Some(categories) = category_texts(values) else { return Ok(ColumnType::text()) };
    let values = categories.iter().map(|text| text.unwrap_or_default().to_owned()).collect::<Vec<_>>();
    if categories.null_count() > 0 {
        return Err(Failure::new(codes::TYPE_UNSUPPORTED, "a category is missing itself").at_item(name));
    }
    let categories = Some(Categories { values, ordered });
    Ok(ColumnType { arrow: ArrowType::Utf8, kind: ColumnKind::Categorical, categories })
}

/// The dictionary of a dictionary array of text.
pub(crate) fn category_texts(values: &ArrayRef) -> Option<StringArray> {
    let dictionary = values.as_any_dictionary_opt()?;
    let texts = cast(dictionary.values(), &DataType::Utf8).ok()?;
    Some(texts.as_string::<i32>().clone())
}

/// A type that we cannot write.
fn unsupported(name: &str, found: &DataType) -> Failure {
    Failure::new(
        codes::TYPE_UNSUPPORTED,
        format!("column {name} holds values of a type that cannot be written"),
    )
    .at_item(name)
    .expected("numbers, text, bytes, dates, times, decimals or categories", found)
}
