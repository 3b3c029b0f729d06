//! The plan of one stage: one object, written once, that says everything that decides output.
//!
//! The layout serves a worker that needs one shard of a thousand: the **head** (kind-specific JSON shared by
//! all shards, then one fixed-size **record** per shard) is fetched once and proved by the digest in the
//! lease; a shard's **block** (what only it needs) is one ranged GET, proved by the
//! CRC in its record.
//!
//! ```text
//! "TQPLAN01"  u32 records  u32 shared_len  shared…  record × records  |  block × records
//! record: u64 slot_bytes  u64 cost_bytes  u64 items  u32 partition_first  u32 partition_count
//!         u64 block_offset  u32 block_len  u32 block_crc32c      (48 bytes, little endian)
//! ```

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const MAGIC: &[u8; 8] = b"TQPLAN01";
/// Bytes before the shared JSON.
pub const PREAMBLE_LEN: usize = 16;
/// Bytes of one record.
pub const RECORD_LEN: usize = 48;

/// A stage in words. Every kind lists its own; the last is always `publish`, which the coordinator does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageWords {
    /// Its name, in plans, receipts and on screens.
    pub name: &'static str,
    /// What the job is doing meanwhile, one word.
    pub doing: &'static str,
    /// The steps of an attempt, in the order in which bytes meet them: where its time goes.
    pub steps: &'static [&'static str],
}

/// The kind's word for an item: what is planned, counted and quarantined one by one. Kept with the job, so that whoever speaks
/// of it later says the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemWords {
    /// One of it.
    pub one: Cow<'static, str>,
    /// Any other number of it.
    pub many: Cow<'static, str>,
}

impl ItemWords {
    /// These words.
    pub const fn of(one: &'static str, many: &'static str) -> Self {
        Self { one: Cow::Borrowed(one), many: Cow::Borrowed(many) }
    }
}

/// The engine's own word for a step: waiting for bytes of the input.
pub const FETCH: &str = "fetch";
/// Another: rows to the bytes of a part.
pub const ENCODE: &str = "encode";
/// Another: waiting for parts to be taken by the store.
pub const UPLOAD: &str = "upload";

/// What the engine knows of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// Memory a slot needs for it, in bytes.
    pub slot_bytes: u64,
    /// Bytes of input it will go through: what progress and slowness are measured in.
    pub cost_bytes: u64,
    /// Items planned.
    #[serde(alias = "members")]
    pub items: u64,
    /// First output partition it makes.
    pub partition_first: u32,
    /// How many it makes (0 in stages that make none).
    pub partition_count: u32,
    /// Where its block starts in the object.
    pub block_offset: u64,
    /// Bytes of its block.
    pub block_len: u32,
    /// CRC-32C of its block.
    pub block_crc32c: u32,
}

/// A shard before it has a place in the object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardDraft {
    /// Memory a slot needs for it, in bytes.
    pub slot_bytes: u64,
    /// Bytes of input it will go through.
    pub cost_bytes: u64,
    /// Items planned.
    pub items: u64,
    /// First output partition it makes.
    pub partition_first: u32,
    /// How many it makes.
    pub partition_count: u32,
    /// What only this shard's worker needs; the kind's own encoding.
    pub block: Vec<u8>,
}

/// The part of a plan that every worker of the stage reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Kind-specific JSON.
    pub shared: Vec<u8>,
    /// One record per shard, in shard order.
    pub records: Vec<ShardRecord>,
}

/// A plan as it goes to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The whole object.
    pub bytes: Vec<u8>,
    /// BLAKE3 of the head, hexadecimal.
    pub digest: String,
}

/// Why bytes are not a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// Another object, or another version.
    #[error("not a stage plan of this version")]
    Magic,
    /// It ends early.
    #[error("the plan is cut short: {need} bytes needed, {have} there")]
    Short {
        /// Bytes needed.
        need: usize,
        /// Bytes there.
        have: usize,
    },
    /// Its digest is not the lease's.
    #[error("the plan's digest is {found}, not {expected}")]
    Digest {
        /// From the lease.
        expected: String,
        /// Of the bytes.
        found: String,
    },
    /// A shard the plan does not have.
    #[error("shard {0} is not in the plan")]
    NoShard(u32),
    /// A block whose CRC is not its record's.
    #[error("the block of a shard is damaged")]
    Block,
}

/// Lays out a plan.
///
/// # Panics
/// When a block or the shared JSON is larger than 4 GiB.
pub fn encode(shared: &[u8], shards: Vec<ShardDraft>) -> Encoded {
    let u32_of = |n: usize| u32::try_from(n).expect("below 4 GiB");
    let head_len = PREAMBLE_LEN + shared.len() + shards.len() * RECORD_LEN;
    let total = head_len + shards.iter().map(|s| s.block.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&u32_of(shards.len()).to_le_bytes());
    bytes.extend_from_slice(&u32_of(shared.len()).to_le_bytes());
    bytes.extend_from_slice(shared);
    let mut offset = head_len as u64;
    for s in &shards {
        bytes.extend_from_slice(&s.slot_bytes.to_le_bytes());
        bytes.extend_from_slice(&s.cost_bytes.to_le_bytes());
        bytes.extend_from_slice(&s.items.to_le_bytes());
        bytes.extend_from_slice(&s.partition_first.to_le_bytes());
        bytes.extend_from_slice(&s.partition_count.to_le_bytes());
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&u32_of(s.block.len()).to_le_bytes());
        bytes.extend_from_slice(&crc32c(&s.block).to_le_bytes());
        offset += s.block.len() as u64;
    }
    let digest = blake3::hash(&bytes).to_hex().to_string();
    for s in &shards {
        bytes.extend_from_slice(&s.block);
    }
    Encoded { bytes, digest }
}

/// Why a block is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a plan's block cannot be read: {0}")]
pub struct BadBlock(String);

/// Bytes of a block.
pub fn encode_block<T: Serialize>(block: &T) -> Vec<u8> {
    postcard::to_stdvec(block).expect("blocks hold nothing that postcard refuses")
}

/// A block from its bytes; total on garbage.
pub fn decode_block<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, BadBlock> {
    postcard::from_bytes(bytes).map_err(|e| BadBlock(e.to_string()))
}

/// Length of the head, from its first [`PREAMBLE_LEN`] bytes.
pub fn head_len(preamble: &[u8]) -> Result<usize, BadPlan> {
    let p =
        preamble.get(..PREAMBLE_LEN).ok_or(BadPlan::Short { need: PREAMBLE_LEN, have: preamble.len() })?;
    if &p[..8] != MAGIC {
        return Err(BadPlan::Magic);
    }
    Ok(PREAMBLE_LEN + u32_at(p, 12) as usize + u32_at(p, 8) as usize * RECORD_LEN)
}

/// Reads the head and proves it. `bytes` may go on beyond the head.
pub fn decode_head(bytes: &[u8], digest: &str) -> Result<Head, BadPlan> {
    let len = head_len(bytes)?;
    let head = bytes.get(..len).ok_or(BadPlan::Short { need: len, have: bytes.len() })?;
    let found = blake3::hash(head).to_hex().to_string();
    if found != digest {
        return Err(BadPlan::Digest { expected: digest.to_owned(), found });
    }
    let shared_end = PREAMBLE_LEN + u32_at(head, 12) as usize;
    let records = head[shared_end..].chunks_exact(RECORD_LEN).map(record).collect();
    Ok(Head { shared: head[PREAMBLE_LEN..shared_end].to_vec(), records })
}

/// The digest of a plan read back whole.
pub fn digest(bytes: &[u8]) -> Result<String, BadPlan> {
    let len = head_len(bytes)?;
    let head = bytes.get(..len).ok_or(BadPlan::Short { need: len, have: bytes.len() })?;
    Ok(blake3::hash(head).to_hex().to_string())
}

/// Proves a shard's block.
pub fn check_block(record: &ShardRecord, block: &[u8]) -> Result<(), BadPlan> {
    let whole = block.len() == record.block_len as usize && crc32c(block) == record.block_crc32c;
    whole.then_some(()).ok_or(BadPlan::Block)
}

fn record(r: &[u8]) -> ShardRecord {
    ShardRecord {
        slot_bytes: u64_at(r, 0),
        cost_bytes: u64_at(r, 8),
        items: u64_at(r, 16),
        partition_first: u32_at(r, 24),
        partition_count: u32_at(r, 28),
        block_offset: u64_at(r, 32),
        block_len: u32_at(r, 40),
        block_crc32c: u32_at(r, 44),
    }
}

fn u32_at(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(b[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(b: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(b[at..at + 8].try_into().expect("eight bytes"))
}

#[expect(clippy::cast_possible_truncation, reason = "a CRC-32C is 32 bits in a u64")]
fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Encoded {
        let shard = |n: u32| ShardDraft {
            slot_bytes: 1 << 28,
            cost_bytes: 1000 + u64::from(n),
            items: 10,
            partition_first: n,
            partition_count: 1,
            block: vec![n as u8; 5 + n as usize],
        };
        encode(br#"{"schema":1}"#, (0..3).map(shard).collect())
    }

    #[test]
    fn a_plan_reads_back() {
        let plan = sample();
        let head = decode_head(&plan.bytes, &plan.digest).unwrap();
        assert_eq!(head.shared, br#"{"schema":1}"#);
        assert_eq!(head.records.len(), 3);
        for (n, r) in head.records.iter().enumerate() {
            let start = r.block_offset as usize;
            let block = &plan.bytes[start..start + r.block_len as usize];
            check_block(r, block).unwrap();
            assert_eq!(block, vec![n as u8; 5 + n]);
        }
        assert_eq!(digest(&plan.bytes).unwrap(), plan.digest);
    }

    #[test]
    fn damage_is_named() {
        let plan = sample();
        let mut bad = plan.bytes.clone();
        bad[20] ^= 1;
        assert!(matches!(decode_head(&bad, &plan.digest), Err(BadPlan::Digest { .. })));
        assert!(matches!(decode_head(&plan.bytes[..40], &plan.digest), Err(BadPlan::Short { .. })));
        assert_eq!(decode_head(b"PK\x03\x04____________", &plan.digest), Err(BadPlan::Magic));
        let head = decode_head(&plan.bytes, &plan.digest).unwrap();
        assert_eq!(check_block(&head.records[0], b"xxxxx"), Err(BadPlan::Block));
    }
}
