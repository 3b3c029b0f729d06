//! The format of `convert`'s specs, and the flags of a job in a line, which stand for its keys.

use crate::kinds::keys::{self, Format, Key, Takes, key};
use serde_json::Value;
use tarquet_common::{kinds::convert::ConvertSpec, spec::Spec};

/// The format.
pub(super) fn format() -> Format {
    let spec = Spec::Convert(ConvertSpec::new(Vec::new(), String::new()));
    Format {
        keys: KEYS,
        stores: &["input.store", "output.store"],
        required: &[
            ("", &["version", "kind", "input", "output"]),
            ("input", &["uris"]),
            ("output", &["uri"]),
        ],
        // Data of ours: it has no key that is no text, which is all that could go wrong.
        defaults: serde_json::to_value(spec).unwrap_or(Value::Null),
    }
}

/// Every key but those of the two store sections.
const KEYS: &[Key] = &[
    keys::VERSION,
    keys::KIND,
    keys::NAME,
    keys::URIS,
    keys::EXCLUDE,
    key(
        "input.members.include",
        Takes::Texts,
        "Members of an archive that count; without it **/*.h5, .hdf5, .hdf, .he5.",
    ),
    key("input.members.exclude", Takes::Texts, "...and members that do not."),
    key("input.hdf5.key", Takes::Text, "Key of the frame inside a file; auto takes the only one there is."),
    key(
        "schema.mode",
        Takes::Words(&["infer", "scan", "pinned"]),
        "Where the schema comes from: a sample, every member, or a file.",
    ),
    key("schema.file", Takes::Text, "The file under pinned: the schema.json in an earlier job's prefix."),
    key("schema.sample", Takes::Whole(1, u32::MAX as u64), "Members to sample, spread over all archives."),
    key(
        "schema.on_extra_column",
        Takes::Words(&["quarantine", "drop", "add"]),
        "What a column too many means.",
    ),
    key("schema.on_missing_column", Takes::Words(&["null", "quarantine"]), "What a column too few means."),
    key("schema.widen", Takes::Switch, "Whether types may widen without loss; never to text."),
    keys::OUTPUT,
    key("output.partitions", Takes::Whole(1, 1_000_000), "How many partitions."),
    key("output.partition_bytes", Takes::Size, "...or how many member bytes one should hold."),
    key(
        "output.row_group",
        Takes::RowGroup,
        "Arrow bytes of a row group, or one for a single one a partition.",
    ),
    key("output.profile", Takes::Words(&["portable", "fast", "compact"]), "For which readers."),
    key("output.compression", Takes::Compression, "Overrides the profile's compression."),
    key("output.index", Takes::Words(&["auto", "keep", "drop"]), "What becomes of the row index."),
    key("output.timestamps", Takes::Words(&["keep", "us"]), "Unit of timestamps."),
    keys::EXISTS,
    keys::PUBLISH,
    key("output.provenance", Takes::Switch, "Whether two columns say where each row comes from."),
    keys::JOB_URI,
    key(
        "output.index_uri",
        Takes::Text,
        "Where indexes are kept for reuse, when not in <output>.tarquet/index/.",
    ),
    keys::ACTION,
    keys::MAX_FAILED,
    keys::HOLD,
    keys::RETRIES,
    key("limits.max_member_bytes", Takes::Size, "Largest member body."),
    key(
        "limits.max_ratio",
        Takes::Whole(1, u32::MAX as u64),
        "Bytes in memory that one byte of a member may become; 16 MiB are always allowed.",
    ),
    key("limits.max_decoded_bytes", Takes::Size, "Bytes in memory that a member may become."),
    key("limits.max_members", Takes::Whole(1, u64::MAX), "Members in one archive."),
];

/// Input and output, and what is asked for most.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunFlags {
    /// Archives or loose files: paths or s3:// URIs, globs allowed
    #[arg(long, value_name = "URI", num_args = 1.., conflicts_with = "spec", requires = "output")]
    input: Vec<String>,
    /// Where the dataset goes: a new or empty folder or s3:// prefix
    #[arg(long, value_name = "URI", conflicts_with = "spec", requires = "input")]
    output: Option<String>,
    /// How many partitions to write
    #[arg(long, value_name = "N", requires = "input")]
    partitions: Option<u32>,
    /// Where indexes of archives are kept for reuse [default: OUTPUT.tarquet/index/]
    #[arg(long, value_name = "URI")]
    index: Option<String>,
}

impl RunFlags {
    /// The spec of input and output alone, if they are given.
    pub(crate) fn spec(&self) -> Option<Spec> {
        let output = self.output.clone()?;
        Some(Spec::Convert(ConvertSpec::new(self.input.clone(), output)))
    }

    /// The keys of a spec that the other flags stand for: flag, path, value.
    pub(crate) fn keys(&self) -> Vec<(&'static str, &'static str, Value)> {
        let partitions = self.partitions.map(|n| ("--partitions", "output.partitions", n.into()));
        let index = self.index.clone().map(|uri| ("--index", "output.index_uri", uri.into()));
        partitions.into_iter().chain(index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;
    use tarquet_common::{
        spec::{Compression, SpecError},
        store::StoreSettings,
        units::Bytes,
    };

    /// A spec in which every key is written out.
    fn full() -> Value {
        let store = StoreSettings {
            name: Some("n".into()),
            endpoint: Some("http://x".into()),
            region: Some("r".into()),
            profile: Some("p".into()),
            anonymous: true,
            requester_pays: true,
            sse_kms_key: Some("k".into()),
            storage_class: Some("c".into()),
        };
        let mut spec = ConvertSpec::new(vec!["in".into()], "out".into());
        spec.name = Some("n".into());
        spec.schema.file = Some("s".into());
        spec.input.store = store.clone();
        spec.output.store = store;
        spec.output.partitions = Some(1);
        spec.output.partition_bytes = Some(Bytes::mib(1));
        spec.output.compression = Some(Compression::Zstd(3));
        spec.output.job_uri = Some("j".into());
        spec.output.index_uri = Some("i".into());
        serde_json::to_value(Spec::Convert(spec)).unwrap()
    }

    fn leaves(value: &Value, path: &str, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (k, v) in map {
                    leaves(v, &format!("{path}.{k}"), out);
                }
            }
            _ => drop(out.insert(path.trim_start_matches('.').to_owned())),
        }
    }

    #[test]
    fn every_key_of_a_spec_is_in_the_table_and_the_other_way_round() {
        let mut spec = BTreeSet::new();
        leaves(&full(), "", &mut spec);
        let stores =
            format().stores.iter().flat_map(|side| keys::STORE.map(|k| format!("{side}.{}", k.path)));
        let table: BTreeSet<String> = KEYS.iter().map(|key| key.path.to_owned()).chain(stores).collect();
        assert_eq!(spec, table);
    }

    #[test]
    fn every_word_of_the_table_is_understood_and_no_other() {
        for key in KEYS {
            let words = match key.takes {
                Takes::Words(words) => words,
                Takes::Kind => &["convert"],
                _ => continue,
            };
            let with = |word: &str| -> Result<Spec, SpecError> {
                let mut spec = full();
                spec["output"].as_object_mut().unwrap().remove("partition_bytes");
                for side in format().stores {
                    let (section, name) = side.split_once('.').unwrap();
                    spec[section][name].as_object_mut().unwrap().remove("name");
                }
                if word != "pinned" {
                    spec["schema"].as_object_mut().unwrap().remove("file");
                }
                let (section, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
                let parent = section.split('.').filter(|p| !p.is_empty()).fold(&mut spec, |v, p| &mut v[p]);
                parent[name] = json!(word);
                // A file is named under `pinned` and nowhere else.
                if spec["schema"]["mode"] != "pinned" {
                    spec["schema"].as_object_mut().unwrap().remove("file");
                }
                tarquet_common::spec::parse(&spec.to_string())
            };
            for word in words {
                assert!(with(word).is_ok(), "{} = {word}", key.path);
            }
            assert!(with("no-such-word").is_err(), "{}", key.path);
        }
    }
}
