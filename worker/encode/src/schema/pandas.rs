//! The `pandas` key of a file's metadata, as pandas and pyarrow read it. It depends on nothing but the frozen
//! schema, so it is the same in every file. Format: `construct_metadata` of pyarrow's `pandas_compat.py`.

use super::{
    column::ColumnKind,
    frozen::{FrozenColumn, FrozenSchema},
};
use crate::arrow_type::ArrowType;
use serde_json::{Value, json};

/// The pandas release whose form of the key this is.
const PANDAS_VERSION: &str = "2.3.3";

impl FrozenSchema {
    /// The value of the files' `pandas` key.
    pub fn pandas_metadata(&self) -> String {
        metadata(self)
    }
}

/// The key's value.
fn metadata(schema: &FrozenSchema) -> String {
    let mut columns: Vec<Value> = Vec::new();
    for column in &schema.columns {
        let name = if column.unlabelled { Value::Null } else { json!(column.name) };
        columns.push(descriptor(column, &name));
    }
    if let Some(name) = &schema.provenance {
        columns.push(json!({
            "name": name, "field_name": name, "pandas_type": "categorical", "numpy_type": "int32",
            "metadata": {"num_categories": 0, "ordered": false},
        }));
    }
    let mut index_columns = Vec::new();
    for level in schema.levels() {
        index_columns.push(json!(level.column.name));
        columns.push(descriptor(&level.column, &json!(level.name)));
    }
    let column_indexes: Vec<Value> = schema.columns_levels.iter().map(|level| level.descriptor()).collect();
    json!({
        "index_columns": index_columns,
        "column_indexes": column_indexes,
        "columns": columns,
        "attributes": {},
        "creator": {"library": "tarquet", "version": env!("CARGO_PKG_VERSION")},
        "pandas_version": PANDAS_VERSION,
    })
    .to_string()
}

/// What stands in the key about one stored column.
fn descriptor(column: &FrozenColumn, name: &Value) -> Value {
    let (pandas_type, numpy_type, metadata) = types(column);
    json!({
        "name": name,
        "field_name": column.name,
        "pandas_type": pandas_type,
        "numpy_type": numpy_type,
        "metadata": metadata,
    })
}

/// pandas' and numpy's words for a column, and what else they need to restore it.
fn types(column: &FrozenColumn) -> (String, String, Value) {
    let ty = &column.ty;
    let numpy = match &ty.kind {
        ColumnKind::Plain => ty.arrow.numpy_name(),
        ColumnKind::ObjectText | ColumnKind::Object => "object".to_owned(),
        ColumnKind::StringText => "string".to_owned(),
        ColumnKind::Period(freq) => format!("period[{freq}]"),
        ColumnKind::Categorical => {
            let categories = ty.categories.as_ref();
            let count = categories.map_or(0, |c| c.values.len());
            let codes = match count {
                0..0x80 => "int8",
                0x80..0x8000 => "int16",
                _ => "int32",
            };
            let ordered = categories.is_some_and(|c| c.ordered);
            let metadata = json!({"num_categories": count, "ordered": ordered});
            return ("categorical".into(), codes.into(), metadata);
        }
    };
    if matches!(ty.kind, ColumnKind::Period(_)) {
        return ("object".into(), numpy, Value::Null);
    }
    match &ty.arrow {
        ArrowType::Utf8 => ("unicode".into(), numpy, Value::Null),
        ArrowType::Binary => ("bytes".into(), numpy, Value::Null),
        ArrowType::Date32 => ("date".into(), numpy, Value::Null),
        ArrowType::Time(_) => ("time".into(), numpy, Value::Null),
        ArrowType::Null => ("empty".into(), numpy, Value::Null),
        ArrowType::Decimal(precision, scale) => {
            ("decimal".into(), "object".into(), json!({"precision": precision, "scale": scale}))
        }
        ArrowType::Timestamp(_, None) => ("datetime".into(), numpy, Value::Null),
        ArrowType::Timestamp(_, Some(zone)) => ("datetimetz".into(), numpy, json!({"timezone": zone})),
        ArrowType::Duration(_) => ("object".into(), numpy, Value::Null),
        other => (other.numpy_name(), numpy, Value::Null),
    }
}
