//! The schema that stands in the plan.

use super::{
    column::{ColumnKind, ColumnType},
    labels::ColumnsLevel,
};
use crate::settings::SchemaRules;
use serde::{Deserialize, Serialize};
use tarquet_common::spec::SchemaMode;

/// One schema for every file of a job. Equal inputs freeze to equal JSON.
///
/// In a file of the user's own `version` and `columns` are enough; the rest says what a plain frame of text labels and
/// the index 0..n-1 needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenSchema {
    /// Version of this description; 1.
    pub version: u32,
    /// The columns, in file order.
    pub columns: Vec<FrozenColumn>,
    /// What becomes of the row index; kept levels stand behind the columns.
    #[serde(default)]
    pub index: FrozenIndex,
    /// Name of the column that says where a row came from, if there is one; it stands behind the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<String>,
    /// What `df.columns` is.
    #[serde(default = "text_labels")]
    pub columns_levels: Vec<ColumnsLevel>,
    /// The rules it was frozen under, which later members are held to.
    #[serde(default)]
    pub rules: SchemaRules,
    /// What it was frozen from.
    #[serde(default)]
    pub sampled: SampleSize,
    /// Columns seen in the sample and left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// What `plan` should say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

fn text_labels() -> Vec<ColumnsLevel> {
    vec![ColumnsLevel::text(serde_json::Value::Null)]
}

/// One column of every file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenColumn {
    /// Its storage name.
    pub name: String,
    /// Whether pandas' label for it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlabelled: bool,
    /// What it is.
    pub ty: ColumnType,
    /// Floats only: whether the sample is smaller byte-split.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub split: bool,
}

/// One kept level of the row index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenLevel {
    /// The level's own name, if it has one; the storage name is the column's.
    pub name: Option<String>,
    /// Its values.
    pub column: FrozenColumn,
}

/// What becomes of the row index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrozenIndex {
    /// It is not written.
    Dropped {
        /// Whether a member with another index than 0..n-1 is set aside.
        only_default: bool,
    },
    /// These levels are written.
    Kept {
        /// The levels, outermost first.
        levels: Vec<FrozenLevel>,
    },
}

impl Default for FrozenIndex {
    fn default() -> Self {
        Self::Dropped { only_default: true }
    }
}

/// What a schema was frozen from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleSize {
    /// Members sampled.
    pub members: u64,
    /// Those with rows.
    pub with_rows: u64,
    /// Members planned.
    pub planned: u64,
}

/// Something that `plan` should say about the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What kind of thing.
    pub kind: WarningKind,
    /// Which column; empty if it is about all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// One sentence.
    pub text: String,
}

/// Kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// No sampled member has a value: written as text.
    AllMissing,
    /// Members with another type will be set aside.
    TypeConflict,
    /// Members with a column that the schema does not have will be set aside.
    ExtraColumn,
    /// A column is left out.
    DroppedColumn,
    /// Categories differ: written as text.
    CategoriesAsText,
    /// Members with another index will be set aside.
    IndexConflict,
    /// The index is left out although it says something.
    IndexDropped,
    /// A column had to be renamed.
    Renamed,
    /// Column names stay text when they are read back.
    NamesAsText,
    /// Readers that do not know nanoseconds will refuse the column.
    Nanoseconds,
}

impl FrozenSchema {
    /// Every stored column in file order, the provenance column left out: columns, then kept levels.
    pub fn stored(&self) -> impl Iterator<Item = &FrozenColumn> {
        self.columns.iter().chain(self.levels().iter().map(|level| &level.column))
    }

    /// The kept levels of the row index, outermost first.
    pub fn levels(&self) -> &[FrozenLevel] {
        match &self.index {
            FrozenIndex::Kept { levels } => levels,
            FrozenIndex::Dropped { .. } => &[],
        }
    }

    /// "64 of 1,000,000 sampled", in the words of `plan`.
    pub fn sample_text(&self) -> String {
        if self.rules.mode == SchemaMode::Pinned {
            return "pinned by schema.file".to_owned();
        }
        let SampleSize { members, planned, .. } = self.sampled;
        format!("{} of {} sampled", grouped(members), grouped(planned))
    }
}

impl FrozenColumn {
    /// A column of this type.
    pub fn new(name: impl Into<String>, ty: ColumnType) -> Self {
        Self { name: name.into(), unlabelled: false, ty, split: false }
    }

    /// Whether it is a categorical with a frozen dictionary.
    pub fn is_categorical(&self) -> bool {
        self.ty.kind == ColumnKind::Categorical
    }
}

/// A number with its thousands grouped.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
