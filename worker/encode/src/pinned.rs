//! A schema of the user's own: read from a file instead of frozen from a sample.

use crate::{
    names::free_name,
    parquet::ParquetEncoder,
    schema::{FrozenSchema, PROVENANCE, SampleSize},
    settings::{OutputSettings, SchemaRules},
};
use serde_json::Value;
use std::collections::BTreeSet;
use tarquet_common::{codes::schema as codes, failure::Failure};

impl FrozenSchema {
    /// The schema in a file, under the rules of this job. Columns, their types and what becomes of the index are the
    /// file's; what happens to members that differ is the job's. `planned` is the number of members it stands for.
    ///
    /// # Errors
    /// `PINNED_UNUSABLE` with the reason.
    pub fn pinned(file: &Value, rules: &SchemaRules, planned: u64) -> Result<Self, Failure> {
        let unusable = |text: &str| Failure::new(codes::PINNED_UNUSABLE, text);
        let mut schema: Self = serde_json::from_value(file.clone())
            .map_err(|e| unusable("the pinned schema does not read").caused_by(&e))?;
        if schema.version != 1 {
            let text = "the pinned schema is of another version";
            return Err(unusable(text).expected("version 1", format!("version {}", schema.version)));
        }
        schema.rules = rules.clone();
        schema.sampled = SampleSize { planned, ..SampleSize::default() };
        schema.dropped.clear();
        schema.warnings.clear();
        let names: Vec<String> = schema.stored().map(|column| column.name.clone()).collect();
        schema.provenance = match (rules.provenance, schema.provenance.take()) {
            (false, _) => None,
            (true, Some(name)) => Some(name),
            (true, None) => Some(free_name(PROVENANCE, &names)),
        };
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().chain(&schema.provenance).find(|name| !seen.insert(*name)) {
            return Err(unusable("the pinned schema names a column twice").at_item(twice));
        }
        // What no file can be written with is told now, not by the first shard.
        ParquetEncoder::new(&schema.layout(), &OutputSettings::default())
            .map_err(|e| unusable("no file can be written with the pinned schema").caused_by(&e))?;
        Ok(schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pinned(file: &Value) -> Result<FrozenSchema, Failure> {
        FrozenSchema::pinned(file, &SchemaRules::default(), 7)
    }

    fn column(name: &str, arrow: &Value) -> Value {
        json!({"name": name, "ty": {"arrow": arrow, "kind": "plain"}})
    }

    #[test]
    fn a_schema_may_be_written_by_hand() {
        let file = json!({"version": 1, "columns": [column("v", &json!("float64"))]});
        let schema = pinned(&file).unwrap();
        assert_eq!(schema.columns[0].name, "v");
        assert_eq!(schema.sampled.planned, 7);
        let again = serde_json::to_value(&schema).unwrap();
        assert_eq!(pinned(&again).unwrap(), schema, "what was kept of a job pins the next one");
    }

    #[test]
    fn what_cannot_be_written_says_why() {
        let twice = [column("v", &json!("int64")), column("v", &json!("int64"))];
        for (file, why) in [
            (json!({}), "missing field"),
            (json!({"version": 2, "columns": []}), "another version"),
            (json!({"version": 1, "columns": [], "colums": []}), "unknown field"),
            (json!({"version": 1, "columns": []}), "no flat columns"),
            (json!({"version": 1, "columns": twice}), "twice"),
            (json!({"version": 1, "columns": [column("v", &json!("int65"))]}), "int65"),
            (json!({"version": 1, "columns": [column("v", &json!({"time": "s"}))]}), "no file"),
        ] {
            let failure = pinned(&file).unwrap_err();
            assert_eq!(failure.code, codes::PINNED_UNUSABLE);
            assert!(format!("{} {:?}", failure.message, failure.causes).contains(why), "{why}: {failure:?}");
        }
    }
}
