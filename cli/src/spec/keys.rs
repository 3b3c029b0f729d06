//! Every key of a spec, with what it takes and what it is for. Defaults are not here: they are read from the
//! spec's own `Default`, so that they cannot differ from it.

use serde_json::{Value, json};

/// One key.
pub(super) struct Key {
    /// Where it stands: `output.partitions`.
    pub path: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it is for: one sentence.
    pub about: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
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
    pub(super) fn schema(self) -> Value {
        const SIZE: &str = "^ *[0-9]+([.][0-9]+)? *([kKMGTP]i?B?|B)? *$";
        match self {
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

const fn key(path: &'static str, takes: Takes, about: &'static str) -> Key {
    Key { path, takes, about }
}

/// The keys of `input.store` and `output.store`.
pub(super) const STORE: [Key; 7] = [
    key("endpoint", Takes::Text, "Base URL of a store that is not AWS's."),
    key("region", Takes::Text, "Region of the bucket."),
    key("profile", Takes::Text, "Profile of the AWS configuration files."),
    key("anonymous", Takes::Switch, "Send requests unsigned, for public buckets."),
    key("requester_pays", Takes::Switch, "Agree to pay for requests to a bucket whose owner wants that."),
    key("sse_kms_key", Takes::Text, "Encrypt what is written with this KMS key."),
    key("storage_class", Takes::Text, "Storage class of what is written."),
];

/// Every key but those of the two store sections.
pub(super) const KEYS: &[Key] = &[
    key("version", Takes::Whole(1, 1), "Version of this format."),
    key("kind", Takes::Words(&["convert"]), "What kind of work."),
    key("name", Takes::Text, "A name for people; the default is the output's last segment."),
    key("input.uris", Takes::Texts, "s3:// URIs or file paths; globs with *, ?, [...], {...} and **."),
    key("input.exclude", Takes::Texts, "Globs of objects to leave out, matched against the whole URI."),
    key(
        "input.members.include",
        Takes::Texts,
        "Members of an archive that count; without it **/*.h5 and **/*.hdf5.",
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
    key(
        "output.uri",
        Takes::Text,
        "The dataset's root: an s3:// prefix or a folder. Only part files will be in it.",
    ),
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
    key("output.exists", Takes::Words(&["error"]), "What a target that is not empty means."),
    key(
        "output.publish",
        Takes::Words(&["job", "shard"]),
        "When parts become visible: all or nothing, or as they finish.",
    ),
    key("output.provenance", Takes::Switch, "Whether two columns say where each row comes from."),
    key("output.job_uri", Takes::Text, "Where the job keeps its objects, when not in <output>.tarquet/."),
    key(
        "output.index_uri",
        Takes::Text,
        "Where indexes are kept for reuse, when not in <output>.tarquet/index/.",
    ),
    key("errors.action", Takes::Words(&["quarantine", "fail"]), "What a failing member means."),
    key(
        "errors.max_failed",
        Takes::Budget,
        "How many members may fail before the job is held: a count or a percentage.",
    ),
    key(
        "errors.retries",
        Takes::Whole(0, u32::MAX as u64),
        "How often a shard is tried again after its surroundings failed.",
    ),
    key("limits.max_member_bytes", Takes::Size, "Largest member body."),
    key(
        "limits.max_ratio",
        Takes::Whole(1, u32::MAX as u64),
        "Bytes in memory that one byte of a member may become; 16 MiB are always allowed.",
    ),
    key("limits.max_decoded_bytes", Takes::Size, "Bytes in memory that a member may become."),
    key("limits.max_members", Takes::Whole(1, u64::MAX), "Members in one archive."),
];
