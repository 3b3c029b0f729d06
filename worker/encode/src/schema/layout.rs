//! How the files of a frozen schema are laid out: columns, provenance, index levels, in this order.

use super::{
    column::ColumnKind,
    frozen::{FrozenColumn, FrozenSchema},
};
use crate::parquet::{ColumnStorage, FileLayout};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

/// Where pandas looks for what it wants to know.
const PANDAS_KEY: &str = "pandas";

impl FrozenSchema {
    /// The layout of every file.
    pub fn layout(&self) -> FileLayout {
        let levels = self.levels().iter().map(|level| storage(&level.column));
        let provenance = self.provenance.iter().map(|_| ColumnStorage::default());
        FileLayout {
            schema: self.arrow_schema(),
            columns: self.columns.iter().map(storage).chain(provenance).chain(levels).collect(),
            key_values: vec![(PANDAS_KEY.to_owned(), self.pandas_metadata())],
            sorting: Vec::new(),
        }
    }

    /// The Arrow schema of the batches that [`conform`](crate::conform()) makes.
    pub fn arrow_schema(&self) -> SchemaRef {
        let mut fields: Vec<Field> = self.columns.iter().map(field).collect();
        if let Some(name) = &self.provenance {
            fields.push(Field::new(name, dictionary(), true));
        }
        fields.extend(self.levels().iter().map(|level| field(&level.column)));
        Arc::new(Schema::new(fields))
    }
}

/// How a column is stored.
fn storage(column: &FrozenColumn) -> ColumnStorage {
    let categories = column.ty.categories.as_ref().filter(|_| column.is_categorical());
    ColumnStorage { dictionary: categories.map(|c| c.values.clone()), split: column.split }
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
