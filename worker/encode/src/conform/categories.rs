//! Categoricals: the member's codes become codes of the frozen dictionary (FIDELITY 14).

use crate::schema::{Categories, ColumnType, category_texts, same_categories};
use arrow::{
    array::{ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray},
    compute::cast,
    datatypes::{DataType, Int32Type},
};
use std::{collections::HashMap, sync::Arc};
use tarquet_common::{codes::schema as codes, failure::Failure};

/// The column with the frozen dictionary.
///
/// # Errors
/// `TYPE_MISMATCH` if the member's column is no categorical, `CATEGORIES_DIFFER` if its categories are others.
pub(super) fn conform(
    name: &str,
    values: &ArrayRef,
    own: &ColumnType,
    frozen: &ColumnType,
) -> Result<ArrayRef, Failure> {
    let (Some(theirs), Some(wanted)) = (&own.categories, &frozen.categories) else {
        let message = format!("column {name}: {own} where {frozen} is expected");
        return Err(Failure::new(codes::TYPE_MISMATCH, message).at_item(name).expected(frozen, own));
    };
    if !same_categories(wanted, theirs) {
        return Err(differ(name, wanted, theirs));
    }
    let dictionary = values.as_any_dictionary();
    let keys = cast(dictionary.keys(), &DataType::Int32).map_err(|error| {
        Failure::new(codes::VALUE_OUT_OF_RANGE, format!("column {name} has too many categories"))
            .at_item(name)
            .caused_by(&error)
    })?;
    let keys = keys.as_primitive::<Int32Type>();
    let keys = if theirs.values == wanted.values { keys.clone() } else { recode(keys, values, wanted) };
    let texts = StringArray::from_iter_values(&wanted.values);
    Ok(Arc::new(DictionaryArray::new(keys, Arc::new(texts))))
}

/// The same set in another order: every code becomes the frozen one of its category.
fn recode(keys: &Int32Array, values: &ArrayRef, wanted: &Categories) -> Int32Array {
    let place: HashMap<&str, i32> = wanted.values.iter().map(String::as_str).zip(0..).collect();
    let texts = category_texts(values).expect("a categorical of text has a dictionary of text");
    let map: Vec<i32> =
        texts.iter().map(|text| text.and_then(|t| place.get(t).copied()).unwrap_or(0)).collect();
    keys.unary(|key| usize::try_from(key).ok().and_then(|key| map.get(key).copied()).unwrap_or(0))
}

/// Other categories, or another order of ordered ones.
fn differ(name: &str, wanted: &Categories, theirs: &Categories) -> Failure {
    let message = format!("column {name} has other categories than the frozen ones");
    Failure::new(codes::CATEGORIES_DIFFER, message)
        .at_item(name)
        .expected(shown(wanted, theirs), shown(theirs, wanted))
}

/// Count, order, and up to four categories, those first that the other side lacks.
fn shown(these: &Categories, others: &Categories) -> String {
    let order = if these.ordered { "ordered" } else { "unordered" };
    let lacking = these.values.iter().filter(|v| !others.values.contains(v));
    let mut named: Vec<&str> = lacking.map(String::as_str).take(4).collect();
    if named.is_empty() {
        named = these.values.iter().map(String::as_str).take(4).collect();
    }
    format!("{} {order} categories ({} …)", these.values.len(), named.join(", "))
}
