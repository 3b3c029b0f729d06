//! What `df.columns` itself is, for the `column_indexes` of the pandas metadata (FIDELITY 19).

use crate::python::label_text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tarquet_decode::frame::{ColumnLevel, Frame, Label};

/// One level of `df.columns`: enough for `pd.read_parquet` to turn names back into labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnsLevel {
    /// Its name: null, text or a number.
    pub name: Value,
    /// pandas' word for the labels: `unicode`, `int64`, `datetimetz`, `bytes`, `mixed` …
    pub pandas_type: String,
    /// numpy's word for them.
    pub numpy_type: String,
    /// Zone of aware datetime labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl ColumnsLevel {
    /// A level whose labels stay the text they are stored as.
    pub fn text(name: Value) -> Self {
        Self { name, pandas_type: "unicode".into(), numpy_type: "object".into(), zone: None }
    }

    /// What stands in the pandas metadata.
    pub(crate) fn descriptor(&self) -> Value {
        let metadata = match (self.pandas_type.as_str(), &self.zone) {
            ("unicode", _) => json!({"encoding": "UTF-8"}),
            ("datetimetz", Some(zone)) => json!({"timezone": zone}),
            _ => Value::Null,
        };
        json!({
            "name": self.name,
            "field_name": self.name,
            "pandas_type": self.pandas_type,
            "numpy_type": self.numpy_type,
            "metadata": metadata,
        })
    }
}

/// The levels of a frame's `df.columns`. If a column had to be renamed, its name no longer reads back as a label
/// of the level's type, so all names stay text.
pub(crate) fn columns_levels(frame: &Frame, renamed: bool) -> Vec<ColumnsLevel> {
    if frame.series {
        return vec![series_level(frame.columns.first().map(|c| &c.label), renamed)];
    }
    if frame.column_levels.is_empty() {
        return vec![ColumnsLevel::text(Value::Null)];
    }
    let many = frame.column_levels.len() > 1;
    let levels = frame.column_levels.iter().enumerate().map(|(depth, level)| {
        let labels = frame.columns.iter().map(|column| match &column.label {
            Label::Tuple(parts) if many => parts.get(depth).unwrap_or(&Label::None),
            label => label,
        });
        columns_level(level, labels, renamed)
    });
    levels.collect()
}

/// What `df.columns` of a Series as a frame is: its one name decides.
fn series_level(label: Option<&Label>, renamed: bool) -> ColumnsLevel {
    let word = match label {
        Some(Label::Int(_)) if !renamed => "int64",
        Some(Label::Float(_)) if !renamed => "float64",
        _ => return ColumnsLevel::text(Value::Null),
    };
    ColumnsLevel { name: Value::Null, pandas_type: word.into(), numpy_type: word.into(), zone: None }
}

/// One level, given its labels.
fn columns_level<'a>(
    level: &ColumnLevel,
    labels: impl Iterator<Item = &'a Label> + Clone,
    renamed: bool,
) -> ColumnsLevel {
    let name = level_name(&level.name);
    // Periods are stored as the integers they count, and read back as text.
    if renamed || labels.clone().any(|l| matches!(l, Label::Period(_))) {
        return ColumnsLevel::text(name);
    }
    let numpy_type =
        if level.numpy_type == "datetime64" { "datetime64[ns]" } else { level.numpy_type.as_str() };
    let typed = |pandas_type: &str, zone: Option<String>| ColumnsLevel {
        name: name.clone(),
        pandas_type: pandas_type.to_owned(),
        numpy_type: numpy_type.to_owned(),
        zone,
    };
    match numpy_type {
        t if t.starts_with("datetime64[") => match &level.zone {
            Some(zone) => typed("datetimetz", Some(zone.clone())),
            None => typed(t, None),
        },
        // pandas cannot read stored spans as names: text for good.
        t if t.starts_with("timedelta64[") => ColumnsLevel::text(name),
        t if t.starts_with("int") || t.starts_with("uint") || t.starts_with("float") => typed(t, None),
        // pandas reads stored bools back as all True, and cannot read periods: these names are text for good.
        "bool" => ColumnsLevel::text(name),
        _ => object_level(name, labels),
    }
}

/// A level of Python objects: text, bytes, or a mixture that stays text.
fn object_level<'a>(name: Value, labels: impl Iterator<Item = &'a Label>) -> ColumnsLevel {
    let (mut all_text, mut all_bytes, mut any) = (true, true, false);
    for label in labels {
        any = true;
        all_text &= matches!(label, Label::Str(_) | Label::Period(_) | Label::Bool(_));
        all_bytes &= matches!(label, Label::Bytes(_));
    }
    if all_text || !any {
        return ColumnsLevel::text(name);
    }
    let pandas_type = if all_bytes { "bytes" } else { "mixed" };
    ColumnsLevel { name, pandas_type: pandas_type.into(), numpy_type: "object".into(), zone: None }
}

/// A level's name as JSON: numbers and text stay what they are, others become text.
fn level_name(name: &Label) -> Value {
    match name {
        Label::Int(n) => json!(n),
        Label::Float(x) if x.is_finite() => json!(x),
        Label::Bool(b) => json!(b),
        other => level_text(other).map_or(Value::Null, Value::String),
    }
}

/// The text of an index level's name; `None` for an unnamed one.
pub(crate) fn level_text(name: &Label) -> Option<String> {
    label_text(name)
}
