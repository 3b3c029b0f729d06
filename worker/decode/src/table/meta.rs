//! What the attributes of a table's group say about its columns.

use crate::{
    attrs::Held,
    fail::{Fault, Res, layout},
    frame::{ColumnLevel, Label},
    node::Group,
    pickle::{Pickle, Value},
};

/// The group's attributes, read once.
pub(super) struct Meta {
    /// The field that holds the index.
    pub(super) index: String,
    /// The fields that hold values.
    pub(super) values: Vec<String>,
    /// Column labels in the frame's order, levels of a MultiIndex among them.
    pub(super) labels: Vec<Label>,
    /// Levels of a MultiIndex.
    pub(super) levels: Option<Vec<Label>>,
    /// Names of the levels of `df.columns`.
    names: Vec<Label>,
    /// What stands for "missing" in columns without a sentinel of their own.
    pub(super) nan_rep: String,
    /// Whether every text column has its own sentinel or none (pandas 3).
    pub(super) own_nan_rep: bool,
    /// Whether the levels of the MultiIndex do.
    pub(super) own_level_nan_rep: bool,
    /// What is known of single fields: zone, order, name, frequency.
    pub(super) info: Vec<(String, FieldInfo)>,
}

/// What `info` says of one field.
#[derive(Clone, Debug)]
pub(super) struct FieldInfo {
    /// The zone, or why it is none: for whoever needs it.
    pub(super) zone: Result<Option<String>, Fault>,
    pub(super) ordered: bool,
    pub(super) name: Option<Label>,
    /// The frequency, where it is one that a period can have; anything else is never needed.
    pub(super) freq: Option<String>,
}

impl Default for FieldInfo {
    fn default() -> Self {
        Self { zone: Ok(None), ordered: false, name: None, freq: None }
    }
}

impl Meta {
    pub(super) fn read(group: &Group<'_>) -> Res<Self> {
        let attrs = &group.attrs;
        let (axis, index) = index_field(group)?;
        if axis != 0 {
            return Err(layout(&group.path, "the table is stored transposed"));
        }
        let values = pickled(group, "values_cols")?;
        let values: Vec<String> = texts(&values, values.top(), "the attribute values_cols")?;
        let axes = pickled(group, "non_index_axes")?;
        let labels = match axes.items(axes.top()).and_then(|axes_list| axes.items(*axes_list.first()?)) {
            Some([_, labels]) => all_labels(&axes, *labels)?,
            _ => return Err(axes.not(axes.top(), "the attribute non_index_axes")),
        };
        let levels = match attrs.held("levels")? {
            Some(Held::Pickle(pickle)) if pickle.items(pickle.top()).is_some() => {
                Some(all_labels(&pickle, pickle.top())?)
            }
            _ => None,
        };
        let info = pickled(group, "info")?;
        let mut fields = vec![index.clone()];
        fields.extend(values.iter().cloned());
        Ok(Self {
            names: column_names(&info)?,
            info: field_infos(&info, fields)?,
            index,
            values,
            labels,
            levels,
            nan_rep: attrs.text("nan_rep")?.unwrap_or_else(|| "nan".to_owned()),
            own_nan_rep: attrs.flag("data_col_nan_rep")?,
            own_level_nan_rep: attrs.flag("mi_level_nan_rep")?,
        })
    }

    /// What is known of a field.
    pub(super) fn info(&self, field: &str) -> FieldInfo {
        self.info.iter().find(|(name, _)| name == field).map(|(_, info)| info.clone()).unwrap_or_default()
    }

    /// Whether a label names a level of the MultiIndex.
    pub(super) fn is_level(&self, field: &str) -> bool {
        let is = |label: &Label| matches!(label, Label::Str(text) if text == field);
        self.levels.as_ref().is_some_and(|levels| levels.iter().any(is))
    }

    /// The levels of `df.columns`, without those labels that went into the index.
    pub(super) fn column_levels(&self) -> Vec<ColumnLevel> {
        let levels = self.levels.as_deref().unwrap_or_default();
        let labels: Vec<&Label> = self.labels.iter().filter(|label| !levels.contains(label)).collect();
        let depth = match labels.first() {
            Some(Label::Tuple(parts)) if self.names.len() == parts.len() => parts.len(),
            _ => 1,
        };
        let level = |i: usize| {
            let parts = labels.iter().map(|label| match label {
                Label::Tuple(parts) if depth > 1 => parts.get(i),
                other => Some(*other),
            });
            ColumnLevel {
                name: self.names.get(i).cloned().unwrap_or(Label::None),
                numpy_type: numpy_type(parts.flatten()),
                zone: None,
            }
        };
        (0..depth).map(level).collect()
    }
}

/// The dtype that pandas infers for labels given as a list.
fn numpy_type<'l>(labels: impl Iterator<Item = &'l Label>) -> String {
    let mut kind = None;
    for label in labels {
        let this = match label {
            Label::Int(_) => "int64",
            Label::Float(_) => "float64",
            Label::Bool(_) => "bool",
            Label::Datetime { .. } => "datetime64[ns]",
            Label::Timedelta(_) => "timedelta64[ns]",
            _ => "object",
        };
        kind = match (kind, this) {
            (None, this) => Some(this),
            (Some("int64"), "float64") | (Some("float64"), "int64") => Some("float64"),
            (Some(kind), this) if kind == this => Some(kind),
            _ => Some("object"),
        };
    }
    kind.unwrap_or("object").to_owned()
}

fn pickled<'g>(group: &'g Group<'_>, name: &str) -> Res<Pickle<'g>> {
    match group.attrs.held(name)? {
        Some(Held::Pickle(pickle)) => Ok(pickle),
        _ => Err(layout(&group.path, format!("the attribute {name} is missing or no list"))),
    }
}

fn texts(pickle: &Pickle<'_>, list: Value, what: &str) -> Res<Vec<String>> {
    let text = |&value: &Value| {
        let text = pickle.text(value).ok_or_else(|| pickle.not(value, what))?;
        pickle.budget().label(text.len(), pickle.item())?;
        Ok(text.to_owned())
    };
    pickle.need_items(list, what)?.iter().map(text).collect()
}

fn all_labels(pickle: &Pickle<'_>, list: Value) -> Res<Vec<Label>> {
    pickle.need_items(list, "a list of names")?.iter().map(|&value| pickle.label(value)).collect()
}

fn index_field(group: &Group<'_>) -> Res<(i64, String)> {
    let pickle = pickled(group, "index_cols")?;
    let first = pickle.items(pickle.top()).and_then(|list| pickle.items(*list.first()?));
    match first {
        Some([Value::Int(axis), name]) => {
            let name = pickle.text(*name).ok_or_else(|| pickle.not(*name, "the attribute index_cols"))?;
            Ok((*axis, name.to_owned()))
        }
        _ => Err(pickle.not(pickle.top(), "the attribute index_cols")),
    }
}

/// `info[1]["names"]`: the names of the levels of `df.columns`.
fn column_names(info: &Pickle<'_>) -> Res<Vec<Label>> {
    if !info.is_dict(info.top()) {
        return Err(info.not(info.top(), "the attribute info"));
    }
    let names = info.get_int(info.top(), 1).and_then(|axis| info.get(axis, "names"));
    names.map_or(Ok(Vec::new()), |names| all_labels(info, names))
}

/// What is kept of a field besides its name: a zone's name, a frequency's, and what holds them.
const FIELD_BYTES: usize = 128;

fn field_infos(info: &Pickle<'_>, fields: Vec<String>) -> Res<Vec<(String, FieldInfo)>> {
    let mut infos = Vec::with_capacity(fields.len());
    for field in fields {
        info.budget().keep_pace(info.item())?;
        if let Some(entry) = info.get(info.top(), &field) {
            // Beside the field's name: a zone's, a frequency's and what holds them.
            info.budget().label(field.len() + FIELD_BYTES, info.item())?;
            let some = |key: &str| info.get(entry, key).filter(|value| *value != Value::None);
            let known = FieldInfo {
                zone: some("tz").map(|zone| info.zone(zone)).transpose(),
                ordered: some("ordered") == Some(Value::Bool(true)),
                name: some("index_name").map(|name| info.label(name)).transpose()?,
                freq: some("freq").and_then(|freq| info.freq(freq).ok()),
            };
            infos.push((field, known));
        }
    }
    Ok(infos)
}
