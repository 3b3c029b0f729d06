//! The Arrow schema of the batches we write, and with it the files' `ARROW:schema`.

use super::{
    column::ColumnKind,
    frozen::{FrozenColumn, FrozenIndex, FrozenSchema},
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

/// Columns, provenance, index levels: the file order.
pub(super) fn arrow_schema(schema: &FrozenSchema) -> SchemaRef {
    let mut fields: Vec<Field> = schema.columns.iter().map(field).collect();
    if let Some(name) = &schema.provenance {
        fields.push(Field::new(name, dictionary(), true));
    }
    if let FrozenIndex::Kept { levels } = &schema.index {
        fields.extend(levels.iter().map(|level| field(&level.column)));
    }
    Arc::new(Schema::new(fields))
}

/// Codes and texts.
fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// One stored column. Any row may be missing: a later member may lack the column.
fn field(column: &FrozenColumn) -> Field {
    match (&column.ty.kind, &column.ty.categories) {
        (ColumnKind::Categorical, Some(categories)) => {
            Field::new(&column.name, dictionary(), true).with_dict_is_ordered(categories.ordered)
        }
        (ColumnKind::Period(freq), _) => {
            // pandas registers this extension type with pyarrow; others read the ordinals.
            let extension = HashMap::from([
                ("ARROW:extension:name".to_owned(), "pandas.period".to_owned()),
                ("ARROW:extension:metadata".to_owned(), json!({"freq": freq}).to_string()),
            ]);
            Field::new(&column.name, column.ty.arrow.data_type(), true).with_metadata(extension)
        }
        _ => Field::new(&column.name, column.ty.arrow.data_type(), true),
    }
}
