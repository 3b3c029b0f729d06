//! What an earlier release stored, read as if this one had stored it.
//!
//! Rows and job objects up to ledger version 1 keep no word for an item, and no `store`: three places looked for the settings in the spec, each time
//! anew. They are taken from there once, where the row or object is read. A section that does not read is an error: going on
//! with other settings would look for the job in another store.

use crate::{objects::Submit, rows::JobRow};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;
use tarquet_common::{stage_plan::ItemWords, store::StoreSettings};

/// The word for an item of who kept none: the first release had one kind, and this was its word.
pub(crate) fn item() -> ItemWords {
    ItemWords::of("member", "members")
}

/// The job with a `store`. `json` is a [`JobRow`] or a [`Submit`].
fn with_store<E: Error>(mut json: Value) -> Result<Value, E> {
    let section = json.pointer("/spec/output/store").cloned();
    if let Some(job) = json.as_object_mut().filter(|job| !job.contains_key("store")) {
        let settings: StoreSettings = match section {
            None | Some(Value::Null) => StoreSettings::default(),
            Some(section) => {
                let bad = |e| E::custom(format_args!("the spec's section output.store does not read: {e}"));
                serde_json::from_value(section).map_err(bad)?
            }
        };
        job.insert("store".to_owned(), serde_json::to_value(settings).map_err(E::custom)?);
    }
    Ok(json)
}

impl<'de> Deserialize<'de> for JobRow {
    fn deserialize<D: Deserializer<'de>>(stored: D) -> Result<Self, D::Error> {
        Self::deserialize(with_store(Value::deserialize(stored)?)?).map_err(D::Error::custom)
    }
}

impl Serialize for JobRow {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for Submit {
    fn deserialize<D: Deserializer<'de>>(stored: D) -> Result<Self, D::Error> {
        Self::deserialize(with_store(Value::deserialize(stored)?)?).map_err(D::Error::custom)
    }
}

impl Serialize for Submit {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::ids::JobId;

    fn submit() -> Submit {
        Submit {
            token: "t".to_owned(),
            job: JobId::from_parts(1, 1),
            name: "n".to_owned(),
            kind: "k".to_owned(),
            item: ItemWords::of("line", "lines"),
            stages: vec!["work".to_owned(), "publish".to_owned()],
            job_uri: "s3://b/j".to_owned(),
            output_uri: "s3://b/o".to_owned(),
            store: StoreSettings { region: Some("eu-central-1".to_owned()), ..StoreSettings::default() },
            spec: serde_json::json!({"output": {"store": {"region": "eu-central-1"}}}).into(),
            options: crate::JobOptions::default(),
            submitted_unix_ms: 1,
        }
    }

    /// As the release before wrote it.
    fn old(job: &impl Serialize, section: Option<Value>) -> Value {
        let mut json = serde_json::to_value(job).expect("plain data");
        let kept = json.as_object_mut().expect("a struct");
        let gone = ["store", "item"].map(|name| kept.remove(name).is_some());
        assert_eq!(gone, [true, true], "both are kept now");
        match section {
            Some(section) => json["spec"]["output"]["store"] = section,
            None => json["spec"] = Value::Null,
        }
        json
    }

    #[test]
    fn rows_and_job_objects_of_now_read_back() {
        let (ask, row) = (submit(), JobRow::submitted(&submit()));
        let text = serde_json::to_string(&ask).expect("plain data");
        assert_eq!(serde_json::from_str::<Submit>(&text).expect("it reads"), ask);
        let text = serde_json::to_string(&row).expect("plain data");
        assert_eq!(serde_json::from_str::<JobRow>(&text).expect("it reads"), row);
        assert_eq!(row.asked(), ask);
    }

    #[test]
    fn the_settings_kept_win_over_the_spec() {
        let mut row = JobRow::submitted(&submit());
        row.store.region = Some("us-east-1".to_owned());
        let json = serde_json::to_value(&row).expect("plain data");
        assert_eq!(serde_json::from_value::<JobRow>(json).expect("it reads").store, row.store);
    }

    #[test]
    fn an_old_row_gets_its_settings_from_its_spec() {
        let ask = Submit { item: item(), ..submit() };
        let row = JobRow::submitted(&ask);
        let section = serde_json::json!({"region": "eu-central-1"});
        assert_eq!(
            serde_json::from_value::<Submit>(old(&ask, Some(section.clone()))).expect("it reads"),
            ask
        );
        assert_eq!(serde_json::from_value::<JobRow>(old(&row, Some(section))).expect("it reads"), row);
        let silent = serde_json::from_value::<JobRow>(old(&row, None)).expect("it reads");
        assert_eq!(silent.store, StoreSettings::default(), "a spec that says nothing sets nothing");
    }

    #[test]
    fn a_broken_section_is_refused_by_name() {
        let section = serde_json::json!({"colour": "green"});
        let row = old(&JobRow::submitted(&submit()), Some(section.clone()));
        let told = serde_json::from_value::<JobRow>(row).expect_err("it does not read").to_string();
        assert!(told.contains("output.store") && told.contains("colour"), "{told}");
        let object = old(&submit(), Some(section));
        let told = serde_json::from_value::<Submit>(object).expect_err("it does not read").to_string();
        assert!(told.contains("output.store") && told.contains("colour"), "{told}");
    }
}
