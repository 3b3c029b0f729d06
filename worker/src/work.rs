//! What a kind is asked to do, and all that it is given for it.

use crate::{
    attempt::{ProgressCell, Stop},
    input::Inputs,
    output::{Parts, Quarantine, Sides},
};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use std::{path::PathBuf, sync::Arc};
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    receipt::{Artifact, Counts, SideObject},
    stage_plan::{BadBlock, Head, ShardRecord, decode_block},
};

/// What a kind does with the shards of its stages: from opened inputs to artifacts.
#[async_trait]
pub trait Work: Send + Sync {
    /// Does one shard. What computes or waits for long belongs [on a thread of its own](on_a_thread).
    ///
    /// # Errors
    /// The failure of the attempt. Uploads that were begun are aborted then.
    async fn run(&self, site: Site, plan: ShardPlan) -> Result<Done, Failure>;
}

/// Everything that an attempt works with. Whatever it needs of the world outside it reaches through these.
pub struct Site {
    /// Name of the stage.
    pub stage: String,
    /// Opens and fetches objects.
    pub inputs: Inputs,
    /// The folder where items lie between two threads.
    pub scratch: PathBuf,
    /// Begins parts of the dataset.
    pub parts: Parts,
    /// Writes objects beside the dataset.
    pub sides: Sides,
    /// Takes the items that fail.
    pub quarantine: Arc<Quarantine>,
    /// Where it tells how far it is.
    pub progress: Arc<ProgressCell>,
    /// Raised when it should end early: with any failure, for none is reported.
    pub stop: Stop,
    /// What it may hold.
    pub memory: SlotMemory,
    /// Items that are not to be tried, because they kill whoever tries: their places in the shard.
    pub skip: Vec<u32>,
}

/// Memory of an attempt, in bytes. What its parts are stands in [`tarquet_common::memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotMemory {
    /// What the slot has.
    pub slot_bytes: u64,
    /// What the plan says that the shard needs: that or less.
    pub planned_bytes: u64,
}

/// What a kind's work came to, before it is a receipt.
#[derive(Debug, Default)]
pub struct Done {
    /// Uploads to complete at publish.
    pub artifacts: Vec<Artifact>,
    /// Items, rows and what only the kind counts. What the engine sees for itself it fills in: items that failed, and bytes
    /// in and out.
    pub counts: Counts,
    /// What it wrote beside the dataset, for later stages or for people; the quarantine file is not among it.
    pub sides: Vec<SideObject>,
    /// Items not tried, by place in the shard.
    pub skipped: Vec<u32>,
    /// What only the kind understands.
    pub output: serde_json::Value,
}

/// What a stage's plan says about one shard.
#[derive(Clone, Debug)]
pub struct ShardPlan {
    /// What all shards of the stage share.
    pub head: Arc<Head>,
    /// The shard's record.
    pub record: ShardRecord,
    /// The shard's block.
    pub block: bytes::Bytes,
}

impl ShardPlan {
    /// What all shards of the stage share, in the kind's words.
    ///
    /// # Errors
    /// `PLAN_UNREADABLE`.
    pub fn shared<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.head.shared).map_err(|e| {
            Failure::new(codes::PLAN_UNREADABLE, "the plan's shared part cannot be read").caused_by(&e)
        })
    }

    /// What only this shard needs, in the kind's words.
    ///
    /// # Errors
    /// `PLAN_UNREADABLE`.
    pub fn block<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        decode_block(&self.block).map_err(|e: BadBlock| {
            Failure::new(codes::PLAN_UNREADABLE, "a shard's block cannot be read").caused_by(&e)
        })
    }
}

/// Does `work` on a thread where it may compute and wait; a panic goes on here.
pub async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
}
