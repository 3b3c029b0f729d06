//! Many sampled schemas as one: everything they say, still undecided.
//!
//! Joining is associative, so that shards may join what they sampled before one place joins the shards. It is
//! not commutative in one respect, on purpose: the order of first appearance is kept, because it decides the
//! order of columns and categories.

use super::{
    column::ColumnType,
    labels::ColumnsLevel,
    sampled::{SampledColumn, SampledSchema},
};
use serde::{Deserialize, Serialize};

/// How much a variant has to say about a column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Strength {
    /// The member has no rows.
    Empty,
    /// The member has rows, none with a value.
    Missing,
    /// The member has values.
    Values,
}

/// One type that members gave a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Variant {
    /// The type.
    pub(crate) ty: ColumnType,
    /// How much it counts.
    pub(crate) strength: Strength,
    /// Members that said so.
    pub(crate) members: u64,
    /// Whether all their integers are exact as floats.
    pub(crate) exact_in_float: bool,
}

/// Everything said about one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JoinedColumn {
    /// Its storage name.
    pub(crate) name: String,
    /// Whether its label is missing.
    pub(crate) unlabelled: bool,
    /// Its types, in order of first appearance.
    pub(crate) variants: Vec<Variant>,
    /// Floats only: compressed bytes of samples stored plainly and byte-split.
    pub(crate) float_sizes: (u64, u64),
}

/// Everything said about row indexes with the same level names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JoinedIndex {
    /// The levels' names.
    pub(crate) names: Vec<Option<String>>,
    /// What was said about each level.
    pub(crate) levels: Vec<JoinedColumn>,
    /// Members that have it.
    pub(crate) members: u64,
}

/// What a set of members says, in order of first appearance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinedSchema {
    /// Members joined.
    pub(crate) members: u64,
    /// Those with rows.
    pub(crate) with_rows: u64,
    /// Those with rows whose index is not the default one.
    pub(crate) not_default: u64,
    /// All columns seen.
    pub(crate) columns: Vec<JoinedColumn>,
    /// Names of the columns of the first member with rows.
    pub(crate) first_with_rows: Option<Vec<String>>,
    /// Names of the columns of the first member.
    pub(crate) first: Option<Vec<String>>,
    /// All row indexes seen on members with rows.
    pub(crate) indexes: Vec<JoinedIndex>,
    /// What `df.columns` is, for members with columns; the first one's.
    pub(crate) columns_levels: Option<Vec<ColumnsLevel>>,
    /// Whether members differ in what `df.columns` is called, or is made of.
    pub(crate) columns_levels_differ: bool,
    /// Made-up storage names.
    pub(crate) renamed: Vec<String>,
}

impl From<&SampledSchema> for JoinedSchema {
    fn from(sampled: &SampledSchema) -> Self {
        let strength = |column: &SampledColumn| match () {
            () if sampled.rows == 0 => Strength::Empty,
            () if column.all_missing => Strength::Missing,
            () => Strength::Values,
        };
        let joined = |column: &SampledColumn| joined_column(column, strength(column));
        let names: Vec<String> = sampled.columns.iter().map(|c| c.name.clone()).collect();
        let indexes = (sampled.rows > 0).then(|| JoinedIndex {
            names: sampled.levels.iter().map(|level| level.name.clone()).collect(),
            levels: sampled.levels.iter().map(|level| joined(&level.column)).collect(),
            members: 1,
        });
        Self {
            members: 1,
            with_rows: u64::from(sampled.rows > 0),
            not_default: u64::from(!sampled.default_index),
            columns: sampled.columns.iter().map(joined).collect(),
            first_with_rows: (sampled.rows > 0).then(|| names.clone()),
            first: Some(names),
            indexes: indexes.into_iter().collect(),
            columns_levels: (!sampled.columns.is_empty()).then(|| sampled.columns_levels.clone()),
            columns_levels_differ: false,
            renamed: sampled.renamed.clone(),
        }
    }
}

/// What one member says about one column.
fn joined_column(column: &SampledColumn, strength: Strength) -> JoinedColumn {
    let exact_in_float = column.exact_in_float;
    JoinedColumn {
        name: column.name.clone(),
        unlabelled: column.unlabelled,
        variants: vec![Variant { ty: column.ty.clone(), strength, members: 1, exact_in_float }],
        float_sizes: column.float_sizes.unwrap_or_default(),
    }
}

impl JoinedSchema {
    /// Adds what later members say.
    pub fn merge(&mut self, later: Self) {
        self.members += later.members;
        self.with_rows += later.with_rows;
        self.not_default += later.not_default;
        for column in later.columns {
            match self.columns.iter_mut().find(|mine| mine.name == column.name) {
                Some(mine) => mine.merge(column),
                None => self.columns.push(column),
            }
        }
        self.first_with_rows = self.first_with_rows.take().or(later.first_with_rows);
        self.first = self.first.take().or(later.first);
        for index in later.indexes {
            match self.indexes.iter_mut().find(|mine| mine.names == index.names) {
                Some(mine) => mine.merge(index),
                None => self.indexes.push(index),
            }
        }
        self.columns_levels_differ |= later.columns_levels_differ
            || matches!((&self.columns_levels, &later.columns_levels), (Some(a), Some(b)) if a != b);
        self.columns_levels = self.columns_levels.take().or(later.columns_levels);
        for name in later.renamed {
            if !self.renamed.contains(&name) {
                self.renamed.push(name);
            }
        }
    }

    /// Joins in the order given, which must be the order of archives and members.
    pub fn of<'a>(sampled: impl IntoIterator<Item = &'a SampledSchema>) -> Self {
        let mut all = Self::default();
        for one in sampled {
            all.merge(Self::from(one));
        }
        all
    }
}

impl JoinedColumn {
    fn merge(&mut self, later: Self) {
        self.float_sizes.0 += later.float_sizes.0;
        self.float_sizes.1 += later.float_sizes.1;
        self.unlabelled &= later.unlabelled;
        for variant in later.variants {
            let same = |mine: &&mut Variant| mine.ty == variant.ty && mine.strength == variant.strength;
            match self.variants.iter_mut().find(same) {
                Some(mine) => {
                    mine.members += variant.members;
                    mine.exact_in_float &= variant.exact_in_float;
                }
                None => self.variants.push(variant),
            }
        }
    }
}

impl JoinedIndex {
    fn merge(&mut self, later: Self) {
        self.members += later.members;
        for (mine, other) in self.levels.iter_mut().zip(later.levels) {
            mine.merge(other);
        }
    }
}
