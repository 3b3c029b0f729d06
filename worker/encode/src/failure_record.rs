//! Failure records: what is kept of everything that failed, for people and for `retry`.

use serde::{Deserialize, Serialize};
use tarquet_common::{
    codes::Code,
    failure::{Class, Failure},
};

/// One item, object or shard that failed. The JSON keys are the columns of the quarantine file, which are published:
/// they say `member` whatever the kind calls its items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// The job.
    pub job: String,
    /// The item's number in plan order.
    pub seq: u64,
    /// Equal for failures that look alike; see [`fingerprint`].
    pub fingerprint: String,
    /// Out of the table of codes.
    pub code: Code,
    /// What the engine does about it.
    pub class: Class,
    /// Whether another attempt may go better.
    pub retryable: bool,
    /// The object.
    pub uri: String,
    /// Its ETag when it was planned.
    pub etag: Option<String>,
    /// The item's name within the object, lossily decoded.
    #[serde(rename = "member")]
    pub item: Option<String>,
    /// Where the item begins, in bytes from the start of the object's uncompressed content.
    #[serde(rename = "member_offset")]
    pub item_offset: Option<u64>,
    /// Its size in bytes.
    #[serde(rename = "member_size")]
    pub item_size: Option<u64>,
    /// The column, dataset or key inside the item that it is about.
    #[serde(default)]
    pub column: Option<String>,
    /// What should have been there.
    pub expected: Option<String>,
    /// What was there.
    pub found: Option<String>,
    /// One sentence.
    pub message: String,
    /// The chain of causes, outermost first.
    pub causes: Vec<String>,
    /// What was tried.
    pub attempts: Vec<AttemptRecord>,
    /// What to do about it.
    pub hint: String,
    /// The command that shows the failure again.
    pub reproduce: String,
}

impl FailureRecord {
    /// Bytes that it takes in memory, about.
    pub fn memory_bytes(&self) -> u64 {
        let maybe = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let texts = [&self.job, &self.fingerprint, &self.uri, &self.message, &self.hint, &self.reproduce];
        let texts = texts.into_iter().chain(&self.causes).map(|text| text.len() + size_of::<String>());
        let attempts =
            self.attempts.iter().map(|a| size_of::<AttemptRecord>() + a.worker.len() + a.error.len());
        let optional = [&self.etag, &self.item, &self.column, &self.expected, &self.found].map(maybe);
        let all = texts.chain(attempts).chain(optional).sum::<usize>();
        (size_of::<Self>() + all) as u64
    }
}

/// One attempt at what failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// Who tried.
    pub worker: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub started: i64,
    /// How long it took.
    pub seconds: f64,
    /// How it ended.
    pub error: String,
}

/// The column, dataset or key inside the item that a failure is about: not the item as a whole.
pub fn column_of(failure: &Failure) -> Option<String> {
    failure.place.item.clone().filter(|item| item != "/")
}

/// Sixteen hex digits that are equal for failures of one kind: same code, same column, same expectation.
pub fn fingerprint(failure: &Failure) -> String {
    // FNV-1a, 64 bits.
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let code = failure.code.to_string();
    for part in [Some(&code), failure.place.item.as_ref(), failure.expected.as_ref()] {
        for byte in part.map_or(&[][..], |text| text.as_bytes()).iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::codes::schema as codes;

    #[test]
    fn alike_failures_share_a_fingerprint() {
        let failure = |item: &str, message: &str| Failure::new(codes::TYPE_MISMATCH, message).at_item(item);
        assert_eq!(fingerprint(&failure("v", "row 1")), fingerprint(&failure("v", "row 2")));
        assert_ne!(fingerprint(&failure("v", "row 1")), fingerprint(&failure("w", "row 1")));
        assert_eq!(fingerprint(&failure("v", "")).len(), 16);
    }
}
