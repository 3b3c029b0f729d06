//! Freezing: from everything that was said to one decision, with the reasons.

use super::{
    column::{ColumnKind, ColumnType},
    frozen::{FrozenColumn, FrozenIndex, FrozenLevel, FrozenSchema, SampleSize, Warning, WarningKind},
    joined::{JoinedColumn, JoinedIndex, JoinedSchema, Strength, Variant},
    labels::ColumnsLevel,
    lattice::{Seen, join_types},
};
use crate::{
    arrow_type::{ArrowType, Unit},
    names::{free_name, level_names},
    settings::SchemaRules,
};
use tarquet_common::{
    codes::schema as codes,
    failure::Failure,
    spec::{IndexMode, OnExtra, Timestamps},
};

/// The provenance column, if its name is free.
pub(crate) const PROVENANCE: &str = "__source__";

/// How many bytes in a hundred byte-splitting must save at least.
const SPLIT_MUST_SAVE_PERCENT: u64 = 2;

impl JoinedSchema {
    /// Decides the schema. `planned` is the number of members that the sample stands for.
    ///
    /// # Errors
    /// `NOTHING_SAMPLED` without members, `NO_COLUMNS` where no sampled member has a column.
    pub fn freeze(&self, rules: &SchemaRules, planned: u64) -> Result<FrozenSchema, Failure> {
        if self.members == 0 {
            return Err(Failure::new(codes::NOTHING_SAMPLED, "no member could be sampled"));
        }
        let mut warnings = Vec::new();
        let (chosen, dropped) = self.choose_columns(rules, &mut warnings);
        let columns: Vec<FrozenColumn> =
            chosen.into_iter().map(|column| freeze_column(column, rules, &mut warnings)).collect();
        if columns.is_empty() {
            return Err(Failure::new(
                codes::NO_COLUMNS,
                format!("none of {} sampled members has a column", self.members),
            ));
        }
        let mut names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
        let provenance = rules.provenance.then(|| free_name(PROVENANCE, &names));
        names.extend(provenance.clone());
        let index = self.freeze_index(rules, &names, &mut warnings);
        let columns_levels = self.freeze_names(provenance.is_some(), &columns, &mut warnings);
        for name in self.renamed.iter().filter(|name| names.contains(name)) {
            let text = format!("another column has the same name; this one is called {name}");
            warnings.push(Warning { kind: WarningKind::Renamed, column: name.clone(), text });
        }
        Ok(FrozenSchema {
            version: 1,
            columns,
            index,
            provenance,
            columns_levels,
            rules: rules.clone(),
            sampled: SampleSize { members: self.members, with_rows: self.with_rows, planned },
            dropped,
            warnings,
        })
    }

    /// The columns to write, and the names of those left out.
    fn choose_columns(
        &self,
        rules: &SchemaRules,
        warnings: &mut Vec<Warning>,
    ) -> (Vec<&JoinedColumn>, Vec<String>) {
        let first = self.first_with_rows.as_ref().or(self.first.as_ref());
        let in_first = |column: &JoinedColumn| first.is_some_and(|names| names.contains(&column.name));
        let has_rows = |column: &JoinedColumn| column.variants.iter().any(|v| v.strength > Strength::Empty);
        let mut dropped = Vec::new();
        let mut chosen = Vec::new();
        for column in &self.columns {
            let members: u64 = column.variants.iter().map(|v| v.members).sum();
            if in_first(column) || rules.on_extra_column == OnExtra::Add {
                chosen.push(column);
            } else if rules.on_extra_column == OnExtra::Drop {
                dropped.push(column.name.clone());
                let text = format!("left out: only {members} of {} sampled members have it", self.members);
                warnings.push(Warning {
                    kind: WarningKind::DroppedColumn,
                    column: column.name.clone(),
                    text,
                });
            } else if has_rows(column) {
                let text = format!(
                    "members that have it will be set aside ({members} of {} sampled); \
                     on_extra_column = \"add\" keeps it",
                    self.members
                );
                warnings.push(Warning { kind: WarningKind::ExtraColumn, column: column.name.clone(), text });
            }
        }
        // Columns stand as in the first sampled member; others follow in the order they appeared.
        chosen.sort_by_key(|column| {
            first.and_then(|names| names.iter().position(|name| *name == column.name)).unwrap_or(usize::MAX)
        });
        (chosen, dropped)
    }

    /// Decides what becomes of the index.
    fn freeze_index(
        &self,
        rules: &SchemaRules,
        names: &[String],
        warnings: &mut Vec<Warning>,
    ) -> FrozenIndex {
        let only_default = rules.index == IndexMode::Auto;
        if rules.index == IndexMode::Drop || (only_default && self.not_default == 0) {
            if self.not_default > 0 {
                let text = format!("{} sampled members have an index that says something", self.not_default);
                warnings.push(Warning { kind: WarningKind::IndexDropped, column: String::new(), text });
            }
            return FrozenIndex::Dropped { only_default };
        }
        let has_levels = |index: &&JoinedIndex| !index.levels.is_empty();
        let Some(shape) = self.indexes.iter().find(has_levels) else {
            return FrozenIndex::Kept { levels: vec![default_level(names)] };
        };
        for other in self.indexes.iter().filter(has_levels).filter(|other| other.names != shape.names) {
            let text = format!(
                "{} sampled members have an index {} instead of {} and will be set aside",
                other.members,
                shown(&other.names),
                shown(&shape.names)
            );
            warnings.push(Warning { kind: WarningKind::IndexConflict, column: String::new(), text });
        }
        let stored = level_names(&shape.names, names);
        let levels = shape.levels.iter().zip(&shape.names).zip(stored).map(|((level, name), stored)| {
            let mut column = freeze_column(level, rules, warnings);
            column.name = stored;
            FrozenLevel { name: name.clone(), column }
        });
        FrozenIndex::Kept { levels: levels.collect() }
    }

    /// Decides how names read back: as labels only where every member, and every column, agrees.
    fn freeze_names(
        &self,
        provenance: bool,
        columns: &[FrozenColumn],
        warnings: &mut Vec<Warning>,
    ) -> Vec<ColumnsLevel> {
        let text = || vec![ColumnsLevel::text(serde_json::Value::Null)];
        let Some(levels) = &self.columns_levels else { return text() };
        let is_text = |level: &ColumnsLevel| level.pandas_type == "unicode";
        let [only] = levels.as_slice() else {
            if !provenance && !self.columns_levels_differ {
                return levels.clone();
            }
            warnings.push(names_as_text());
            return text();
        };
        let unlabelled = columns.iter().any(|c| c.unlabelled) && only.pandas_type != "mixed";
        if !self.columns_levels_differ && !unlabelled && (is_text(only) || !provenance) {
            return levels.clone();
        }
        if !is_text(only) {
            warnings.push(names_as_text());
        }
        // The name of `df.columns` is kept only if it is the same everywhere.
        if self.columns_levels_differ { text() } else { vec![ColumnsLevel::text(only.name.clone())] }
    }
}

/// The warning that names stay text.
fn names_as_text() -> Warning {
    let text = "column names are not all of one kind and stay text when they are read back".to_owned();
    Warning { kind: WarningKind::NamesAsText, column: String::new(), text }
}

/// The index level of members that all count from 0.
fn default_level(names: &[String]) -> FrozenLevel {
    let stored = level_names(&[None], names).pop().expect("one level has one name");
    FrozenLevel { name: None, column: FrozenColumn::new(stored, ColumnType::plain(ArrowType::Int64)) }
}

/// Level names as a person reads them.
fn shown(names: &[Option<String>]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_deref().unwrap_or("(unnamed)")).collect();
    format!("({})", names.join(", "))
}

/// Decides one column.
fn freeze_column(column: &JoinedColumn, rules: &SchemaRules, warnings: &mut Vec<Warning>) -> FrozenColumn {
    let mut warn = |kind, text: String| {
        // Only an index level can be without a name.
        let text = if column.name.is_empty() { format!("the index: {text}") } else { text };
        warnings.push(Warning { kind, column: column.name.clone(), text });
    };
    let mut ty = match decided(column, rules, &mut warn) {
        Some(ty) => ty,
        None => {
            warn(
                WarningKind::AllMissing,
                "no sampled member has a value in it; it is written as text".into(),
            );
            ColumnType::text()
        }
    };
    ty.arrow = stored_type(ty.arrow, rules.timestamps);
    if matches!(ty.arrow, ArrowType::Timestamp(Unit::Ns, _)) {
        let text = "Spark refuses nanoseconds unless nanosAsLong is set; timestamps = \"us\" converts".into();
        warn(WarningKind::Nanoseconds, text);
    }
    let (plain, split) = column.float_sizes;
    let saves = split.saturating_mul(100) < plain.saturating_mul(100 - SPLIT_MUST_SAVE_PERCENT);
    let split = ty.arrow.is_float() && saves;
    FrozenColumn { name: column.name.clone(), unlabelled: column.unlabelled, ty, split }
}

/// The type that the members agree on: of those with values, else of those with rows, else of any. `None` if
/// nobody knows.
fn decided(
    column: &JoinedColumn,
    rules: &SchemaRules,
    warn: &mut impl FnMut(WarningKind, String),
) -> Option<ColumnType> {
    let of = |strength| column.variants.iter().filter(move |v| v.strength == strength);
    let known = |v: &&Variant| v.ty.arrow != ArrowType::Null;
    let mut strong = of(Strength::Values).filter(known);
    let Some(first) = strong.next() else {
        let weak = of(Strength::Missing).find(known).or_else(|| of(Strength::Empty).find(known));
        return weak.map(|variant| variant.ty.clone());
    };
    let mut seen = Seen { ty: first.ty.clone(), exact_in_float: first.exact_in_float };
    for variant in strong {
        let other = Seen { ty: variant.ty.clone(), exact_in_float: variant.exact_in_float };
        let joined = join_types(&seen, &other).filter(|ty| rules.widen || *ty == seen.ty || is_text(ty));
        match joined {
            Some(ty) => {
                let was_categorical = seen.ty.kind == ColumnKind::Categorical;
                if was_categorical && ty.kind != ColumnKind::Categorical {
                    let text = "sampled members have different categories; it is written as text".into();
                    warn(WarningKind::CategoriesAsText, text);
                }
                seen = Seen { ty, exact_in_float: seen.exact_in_float && other.exact_in_float };
            }
            None => {
                let text = format!(
                    "{} of the sampled members hold {} instead of {} and will be set aside",
                    variant.members, variant.ty, seen.ty
                );
                warn(WarningKind::TypeConflict, text);
            }
        }
    }
    Some(seen.ty)
}

/// Whether it is text in objects: what different categories become whatever `widen` says.
fn is_text(ty: &ColumnType) -> bool {
    ty.kind == ColumnKind::ObjectText
}

/// The type as Parquet stores it: no seconds, no times of day coarser than milliseconds, no unknown.
fn stored_type(arrow: ArrowType, timestamps: Timestamps) -> ArrowType {
    match (arrow, timestamps) {
        (ArrowType::Timestamp(_, zone), Timestamps::Us) => ArrowType::Timestamp(Unit::Us, zone),
        (ArrowType::Timestamp(Unit::S, zone), Timestamps::Keep) => ArrowType::Timestamp(Unit::Ms, zone),
        (ArrowType::Time(Unit::S), _) => ArrowType::Time(Unit::Ms),
        (other, _) => other,
    }
}
