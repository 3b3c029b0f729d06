//! What a decoder is told: which key, and how much at most. Both stand in the plan, because the outcome
//! must be a function of the member's bytes and the plan alone; what a process has of memory is no outcome.

use serde::{Deserialize, Serialize};

/// Which frame of a member to decode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyChoice {
    /// The only frame there is.
    #[default]
    Auto,
    /// The frame under this key: `df`, `/a/b`.
    Named(String),
}

impl KeyChoice {
    /// As specs write it: `auto`, or a key.
    pub fn of_spec(key: &str) -> Self {
        match key {
            "auto" => Self::Auto,
            key => Self::Named(key.to_owned()),
        }
    }
}

/// How much a member may claim. A claim is checked before anything of its size is allocated.
///
/// All but `memory_bytes` stand in the plan: beyond one of them the member fails, on every worker alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of the member itself.
    pub member_bytes: u64,
    /// Bytes of all decoded datasets together.
    pub decoded_bytes: u64,
    /// Bytes of one decoded dataset.
    pub object_bytes: u64,
    /// Bytes of one decoded chunk.
    pub chunk_bytes: u64,
    /// Bytes of one object header.
    pub header_bytes: u64,
    /// Bytes of all variable-length values (pickles among them) together.
    pub vlen_bytes: u64,
    /// Groups within groups, and containers within pickled containers.
    pub depth: u32,
    /// Links that are looked at while searching for frames.
    pub links: u32,
    /// Values and opcodes of one pickle.
    pub pickle_values: u64,
    /// Rows of a frame.
    pub rows: u64,
    /// Columns of a frame.
    pub columns: u32,
    /// Bytes that this process has for decoded datasets. A member that needs more, and may have it by `decoded_bytes`, does
    /// not fail: it is for a process that has more.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            member_bytes: 2048 * MIB,
            decoded_bytes: 4096 * MIB,
            object_bytes: 2047 * MIB,
            chunk_bytes: 256 * MIB,
            header_bytes: 16 * MIB,
            vlen_bytes: 1024 * MIB,
            depth: 32,
            links: 100_000,
            pickle_values: 100_000_000,
            rows: i32::MAX as u64,
            columns: 100_000,
            memory_bytes: u64::MAX,
        }
    }
}

/// What to decode, and within which limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Which frame.
    pub key: KeyChoice,
    /// How much at most.
    pub limits: Limits,
}
