//! The keys of specs, with what they take and what they are for: what a format is made of, and the keys that more than one
//! kind has. Defaults are not here: they are read from the spec's own `Default`, so that they cannot differ from it.

use serde_json::{Value, json};
use tarquet_common::spec::Kind;

/// The format of a kind's specs.
pub(crate) struct Format {
    /// Every key but those of the store sections, in the order in which they are written.
    pub keys: &'static [Key],
    /// Its store sections.
    pub stores: &'static [&'static str],
    /// Keys that have no default, by section.
    pub required: &'static [(&'static str, &'static [&'static str])],
    /// A spec in which everything that has a default has it.
    pub defaults: Value,
}

/// One key.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// Where it stands: `output.partitions`.
    pub path: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it is for: one sentence, in which `{item}` and `{items}` stand for the kind's words.
    pub about: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy)]
pub(crate) enum Takes {
    /// The word of the kind.
    Kind,
    /// Any text.
    Text,
    /// Texts.
    Texts,
    /// A whole number in a range.
    Whole(u64, u64),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Words(&'static [&'static str]),
    /// `"64 MiB"` or a number of bytes.
    Size,
    /// [`Size`](Self::Size) or `"one"`.
    RowGroup,
    /// A count, or `"0.01 %"`.
    Budget,
    /// `none`, `snappy`, `lz4`, `zstd`, `zstd:1` to `zstd:22`.
    Compression,
}

impl Takes {
    /// The JSON Schema of the value.
    pub(crate) fn schema(self, kind: Kind) -> Value {
        const SIZE: &str = "^ *[0-9]+([.][0-9]+)? *([kKMGTP]i?B?|B)? *$";
        match self {
            Self::Kind => json!({ "enum": [kind] }),
            Self::Text => json!({ "type": "string" }),
            Self::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Self::Whole(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Self::Switch => json!({ "type": "boolean" }),
            Self::Words(words) => json!({ "enum": words }),
            Self::Size => {
                json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": SIZE }] })
            }
            Self::RowGroup => {
                json!({ "anyOf": [
                    { "type": "integer", "minimum": 1_048_576 },
                    { "const": "one" },
                    { "type": "string", "pattern": SIZE }
                ] })
            }
            Self::Budget => {
                let share = "^ *[0-9]+([.][0-9]+)? *%? *$";
                json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": share }] })
            }
            Self::Compression => {
                json!({ "type": "string", "pattern": "^(none|snappy|lz4|zstd(:([1-9]|1[0-9]|2[0-2]))?)$" })
            }
        }
    }
}

/// A key that stands at `path`.
pub(super) const fn key(path: &'static str, takes: Takes, about: &'static str) -> Key {
    Key { path, takes, about }
}

/// The keys of a store section.
pub(crate) const STORE: [Key; 8] = [
    key(
        "name",
        Takes::Text,
        "A store that was set up under this name with --store, instead of endpoint and profile.",
    ),
    key("endpoint", Takes::Text, "Base URL of a store that is not AWS's."),
    key("region", Takes::Text, "Region of the bucket."),
    key("profile", Takes::Text, "Profile of the AWS configuration files."),
    key("anonymous", Takes::Switch, "Send requests unsigned, for public buckets."),
    key("requester_pays", Takes::Switch, "Agree to pay for requests to a bucket whose owner wants that."),
    key("sse_kms_key", Takes::Text, "Encrypt what is written with this KMS key."),
    key("storage_class", Takes::Text, "Storage class of what is written."),
];

/// `version`.
pub(super) const VERSION: Key = key("version", Takes::Whole(1, 1), "Version of this format.");
/// `kind`.
pub(super) const KIND: Key = key("kind", Takes::Kind, "What kind of work.");
/// `name`.
pub(super) const NAME: Key =
    key("name", Takes::Text, "A name for people; the default is the output's last segment.");
/// `input.uris`.
pub(super) const URIS: Key =
    key("input.uris", Takes::Texts, "s3:// URIs or file paths; globs with *, ?, [...], {...} and **.");
/// `input.exclude`.
pub(super) const EXCLUDE: Key =
    key("input.exclude", Takes::Texts, "Globs of objects to leave out, matched against the whole URI.");
/// `output.uri`.
pub(super) const OUTPUT: Key = key(
    "output.uri",
    Takes::Text,
    "The dataset's root: an s3:// prefix or a folder. Only part files will be in it.",
);
/// `output.exists`.
pub(super) const EXISTS: Key =
    key("output.exists", Takes::Words(&["error"]), "What a target that is not empty means.");
/// `output.publish`.
pub(super) const PUBLISH: Key = key(
    "output.publish",
    Takes::Words(&["job", "shard"]),
    "When parts become visible: all or nothing, or as they finish.",
);
/// `output.job_uri`.
pub(super) const JOB_URI: Key =
    key("output.job_uri", Takes::Text, "Where the job keeps its objects, when not in <output>.tarquet/.");
/// `errors.action`.
pub(super) const ACTION: Key =
    key("errors.action", Takes::Words(&["quarantine", "fail"]), "What a failing {item} means.");
/// `errors.max_failed`.
pub(super) const MAX_FAILED: Key = key(
    "errors.max_failed",
    Takes::Budget,
    "How many {items} may fail before the job is held: a count or a percentage.",
);
/// `errors.hold`.
pub(super) const HOLD: Key = key(
    "errors.hold",
    Takes::Words(&["end", "early"]),
    "When that is judged: after everything was tried, or at the first excess.",
);
/// `errors.retries`.
pub(super) const RETRIES: Key = key(
    "errors.retries",
    Takes::Whole(0, u32::MAX as u64),
    "How often a shard is tried again after its surroundings failed.",
);
