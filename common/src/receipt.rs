//! Proof of a finished attempt.
//!
//! A receipt says what an attempt made and how to make it visible; the object that holds it in the job
//! prefix is the commit (one per shard and round, written with `If-None-Match: *`). Everything here is
//! about any kind of job; what only one kind understands is in `output`.

use crate::ids::{AttemptId, ShardId, WorkerId};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// One part of an upload, as the store acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Part number, from 1.
    pub number: u32,
    /// The store's tag for it.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// CRC-64/NVME of the bytes, hexadecimal.
    pub crc64: String,
}

/// One output object that waits in an upload nobody has completed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Partition number of the dataset.
    pub partition: u32,
    /// Final key, relative to the output root: `part-00017.parquet`.
    pub name: String,
    /// The store's name for the upload.
    pub upload_id: String,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// Bytes of the whole object.
    pub bytes: u64,
    /// CRC-64/NVME of the whole object, hexadecimal.
    pub crc64: String,
    /// Rows in it.
    pub rows: u64,
}

/// The role of the file that lists the items that failed.
pub const QUARANTINE: &str = "quarantine";

/// An object already written to the job prefix, beside the dataset: a quarantine file, or what a later stage reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideObject {
    /// What it is for: [`QUARANTINE`], or a word of the kind's own.
    #[serde(default = "quarantine")]
    pub role: String,
    /// Key, relative to the job prefix.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// CRC-64/NVME of the bytes, hexadecimal.
    pub crc64: String,
}

/// Receipts of the first release had this one role.
fn quarantine() -> String {
    QUARANTINE.to_owned()
}

/// What an attempt counted. An **item** is what the kind says it is: a member of an archive, a file, an array, a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Items seen to their end, done or failed.
    #[serde(alias = "members")]
    pub items: u64,
    /// Items that failed and were set aside.
    #[serde(alias = "quarantined")]
    pub failed: u64,
    /// Rows written.
    pub rows: u64,
    /// Bytes fetched from the store.
    #[serde(alias = "bytes_fetched")]
    pub bytes_in: u64,
    /// Bytes of artifacts.
    #[serde(alias = "bytes_written")]
    pub bytes_out: u64,
    /// What only the kind counts, under its own names; none of them is 0.
    #[serde(flatten, deserialize_with = "without_zeros")]
    pub extras: BTreeMap<String, u64>,
}

impl Counts {
    /// Names that a kind may not give to what it counts: ours, and those of the first release, which still read.
    const TAKEN: [&str; 9] = [
        "items",
        "failed",
        "rows",
        "bytes_in",
        "bytes_out",
        "members",
        "quarantined",
        "bytes_fetched",
        "bytes_written",
    ];
    /// Most extras of one kind.
    pub const EXTRAS_MAX: usize = 16;
    /// Longest name of one, in bytes.
    pub const EXTRA_NAME_MAX: usize = 64;

    /// Counts `n` more of what the kind calls `name`.
    pub fn count(&mut self, name: &str, n: u64) {
        if n > 0 {
            let sum = self.extras.entry(name.to_owned()).or_default();
            *sum = sum.saturating_add(n);
        }
    }

    /// How many were counted of what the kind calls `name`.
    pub fn extra(&self, name: &str) -> u64 {
        self.extras.get(name).copied().unwrap_or(0)
    }

    /// Adds another attempt's counts. What no number holds is the largest one.
    pub fn add(&mut self, other: &Self) {
        self.items = self.items.saturating_add(other.items);
        self.failed = self.failed.saturating_add(other.failed);
        self.rows = self.rows.saturating_add(other.rows);
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        other.extras.iter().for_each(|(name, n)| self.count(name, *n));
    }

    /// Every number in it.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        let own = [self.items, self.failed, self.rows, self.bytes_in, self.bytes_out];
        own.into_iter().chain(self.extras.values().copied())
    }

    /// The first extra that cannot be one: too many, too long a name, or a name that is taken.
    pub fn odd_extra(&self) -> Option<&str> {
        let odd = |name: &&String| name.len() > Self::EXTRA_NAME_MAX || Self::TAKEN.contains(&name.as_str());
        let beyond = self.extras.keys().nth(Self::EXTRAS_MAX);
        self.extras.keys().find(odd).or(beyond).map(String::as_str)
    }
}

/// Proof of a finished attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The shard.
    pub shard: ShardId,
    /// The round it was leased in.
    pub round: u32,
    /// The attempt that finished.
    pub attempt: AttemptId,
    /// Who did it.
    pub worker: WorkerId,
    /// Uploads to complete at publish.
    pub artifacts: Vec<Artifact>,
    /// What it counted.
    pub counts: Counts,
    /// What was written beside the dataset, each role at most once a file.
    #[serde(
        default,
        alias = "quarantine",
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sides: Vec<SideObject>,
    /// Items that were not tried because they kill the decoder: their places in the shard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<u32>,
    /// What only the kind understands: index pointers, a sampled schema. At most 1 MiB as JSON.
    #[serde(default)]
    pub output: serde_json::Value,
}

impl Receipt {
    /// The file that lists the items that failed, if any did.
    pub fn quarantine(&self) -> Option<&SideObject> {
        self.sides.iter().find(|side| side.role == QUARANTINE)
    }
}

/// Receipts of the first release named also what they had not met.
fn without_zeros<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<String, u64>, D::Error> {
    let mut extras = BTreeMap::deserialize(d)?;
    extras.retain(|_, n| *n > 0);
    Ok(extras)
}

/// Receipts of the first release held one quarantine file or none.
fn one_or_many<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<SideObject>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Many(Vec<SideObject>),
        One(SideObject),
    }
    Ok(match Option::<Stored>::deserialize(d)? {
        None => Vec::new(),
        Some(Stored::Many(sides)) => sides,
        Some(Stored::One(side)) => vec![side],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_of_the_first_release_reads() {
        let text = r#"{"shard":{"job":"01KBJ5D3Q4WDBZ9MBA9C5T0F7M","stage":3,"shard":7},"round":0,
            "attempt":{"generation":1,"n":9},"worker":"w","artifacts":[],
            "counts":{"members":40,"quarantined":1,"without_columns":2,"rows":100,"bytes_fetched":5,
                "bytes_members":6,"bytes_arrow":7,"bytes_written":8,"columns_dropped":0},
            "quarantine":{"name":"quarantine/convert/7.0.1.9.parquet","bytes":3,"crc64":"ab"},"output":null}"#;
        let receipt: Receipt = serde_json::from_str(text).unwrap();
        let counts = &receipt.counts;
        assert_eq!((counts.items, counts.failed, counts.rows), (40, 1, 100));
        assert_eq!((counts.bytes_in, counts.bytes_out), (5, 8));
        assert_eq!((counts.extra("without_columns"), counts.extra("bytes_members")), (2, 6));
        assert!(!counts.extras.contains_key("columns_dropped"), "none was");
        assert_eq!(receipt.quarantine().unwrap().name, "quarantine/convert/7.0.1.9.parquet");
        let again: Receipt = serde_json::from_str(&serde_json::to_string(&receipt).unwrap()).unwrap();
        assert_eq!(again, receipt);
    }

    #[test]
    fn sums_do_not_wrap() {
        let mut one = Counts { items: 3, failed: 1, rows: 9, bytes_in: 4, bytes_out: 2, ..Counts::default() };
        one.count("columns_dropped", 5);
        one.count("without_columns", 0);
        let mut sum = Counts::default();
        sum.add(&one);
        sum.add(&one);
        assert_eq!((sum.items, sum.extra("columns_dropped"), sum.extras.len()), (6, 10, 1));
        let mut most = Counts { failed: u64::MAX, ..Counts::default() };
        most.count("columns_dropped", u64::MAX);
        sum.add(&most);
        assert_eq!((sum.failed, sum.extra("columns_dropped"), sum.rows), (u64::MAX, u64::MAX, 18));
    }

    #[test]
    fn extras_are_few_and_have_names_of_their_own() {
        let of = |names: &[&str]| {
            let mut counts = Counts::default();
            names.iter().for_each(|name| counts.count(name, 1));
            counts.odd_extra().map(str::to_owned)
        };
        assert_eq!(of(&["columns_dropped"]), None);
        assert_eq!(of(&["columns_dropped", "rows"]).as_deref(), Some("rows"));
        assert!(of(&["x".repeat(65).as_str()]).is_some());
        let many: Vec<String> = (0..17).map(|n| format!("n{n:02}")).collect();
        assert_eq!(of(&many.iter().map(String::as_str).collect::<Vec<_>>()).as_deref(), Some("n16"));
    }
}
