//! Reads stage plans: the head once, a block per shard.

use crate::work::ShardPlan;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    leasing::Lease,
    stage_plan::{BadPlan, Head, PREAMBLE_LEN, check_block, decode_head, head_len},
    store::Store,
};

/// Heads kept: one a stage that this worker is on, and a few more.
const KEPT: usize = 8;
/// Bytes fetched in the hope that they are the whole head.
const FIRST_BYTES: u64 = 256 << 10;

/// Reads plans and keeps the heads, by digest.
#[derive(Debug, Default)]
pub struct PlanReader {
    heads: Mutex<HashMap<String, Arc<Head>>>,
}

impl PlanReader {
    /// Reads what the plan of `lease` says about its shard.
    ///
    /// # Errors
    /// What the store said; `PLAN_UNREADABLE` when the plan is not the one the lease names.
    pub async fn read(&self, job: &dyn Store, lease: &Lease) -> Result<ShardPlan, Failure> {
        let head = match self.kept(&lease.plan_digest) {
            Some(head) => head,
            None => self.keep(lease, fetch_head(job, lease).await?),
        };
        let shard = lease.shard.shard;
        let record =
            head.records.get(shard as usize).cloned().ok_or_else(|| bad(lease, &BadPlan::NoShard(shard)))?;
        let range = record.block_offset..record.block_offset + u64::from(record.block_len);
        let block = match range.is_empty() {
            true => bytes::Bytes::new(),
            false => job.get_range(&lease.plan_name, range, None).await.map_err(Failure::from)?,
        };
        check_block(&record, &block).map_err(|e| bad(lease, &e))?;
        Ok(ShardPlan { head, record, block })
    }

    fn kept(&self, digest: &str) -> Option<Arc<Head>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    fn keep(&self, lease: &Lease, head: Head) -> Arc<Head> {
        let head = Arc::new(head);
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.len() >= KEPT {
            heads.clear();
        }
        heads.insert(lease.plan_digest.clone(), Arc::clone(&head));
        head
    }
}

async fn fetch_head(job: &dyn Store, lease: &Lease) -> Result<Head, Failure> {
    let name = &lease.plan_name;
    let meta = job.head(name).await.map_err(Failure::from)?;
    let Some(meta) = meta else {
        let text = format!("the plan {name} is gone");
        return Err(Failure::new(codes::PLAN_UNREADABLE, text).at_uri(job.root().join(name).to_string()));
    };
    let first =
        job.get_range(name, 0..meta.size.min(FIRST_BYTES), Some(&meta.etag)).await.map_err(Failure::from)?;
    let need = head_len(&first[..first.len().min(PREAMBLE_LEN)]).map_err(|e| bad(lease, &e))? as u64;
    if need <= first.len() as u64 {
        return decode_head(&first, &lease.plan_digest).map_err(|e| bad(lease, &e));
    }
    if need > meta.size {
        let error = BadPlan::Short { need: need as usize, have: meta.size as usize };
        return Err(bad(lease, &error));
    }
    let all = job.get_range(name, 0..need, Some(&meta.etag)).await.map_err(Failure::from)?;
    decode_head(&all, &lease.plan_digest).map_err(|e| bad(lease, &e))
}

fn bad(lease: &Lease, error: &BadPlan) -> Failure {
    let text = format!("the plan {} of shard {} cannot be used", lease.plan_name, lease.shard);
    Failure::new(codes::PLAN_UNREADABLE, text).caused_by(error)
}
