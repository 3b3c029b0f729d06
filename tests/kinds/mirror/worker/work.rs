//! The work of `mirror`: bytes in, the same bytes up.

use crate::{
    input::Chunks,
    output::{FailedItem, PartNames, PlannedPart},
    work::{Done, ShardPlan, Site, Work, on_a_thread},
};
use arrow::{
    array::{ArrayRef, AsArray, BinaryArray},
    record_batch::RecordBatch,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use tarquet_common::{
    codes::{ourselves, plan as codes},
    failure::Failure,
    kinds::mirror::{EMPTY, MirrorBlock, MirrorShared, Source},
    memory::FetchSettings,
    receipt::Counts,
};
use tarquet_encode::{Finished, PartWriter};

/// What does the work of `mirror`.
#[derive(Debug)]
pub(crate) struct Mirror;

#[async_trait]
impl Work for Mirror {
    async fn run(&self, site: Site, plan: ShardPlan) -> Result<Done, Failure> {
        let (shared, block): (MirrorShared, MirrorBlock) = (plan.shared()?, plan.block()?);
        let mut stretches = Vec::new();
        for source in block.sources.iter().filter(|source| source.size <= shared.max_bytes) {
            let input = site.inputs.open(&source.uri, &shared.store, &source.etag).await?;
            stretches.push(input.stretch(0..source.size));
        }
        on_a_thread(move || {
            let chunks = site.inputs.fetch(stretches, FetchSettings::SHARD);
            mirror(&site, &shared, &block, chunks)
        })
        .await
    }
}

fn mirror(
    site: &Site,
    shared: &MirrorShared,
    block: &MirrorBlock,
    mut chunks: Chunks,
) -> Result<Done, Failure> {
    let names = PartNames { digits: shared.part_digits, suffix: "bin" };
    let planned = PlannedPart { number: block.part, items: block.sources.len() as u64 };
    let mut parts = site.parts.series(names, [planned], || Ok(Box::new(Raw::default())));
    let mut counts = Counts::default();
    for (place, source) in (0u32..).zip(&block.sources) {
        site.progress.begin_item(place);
        let mut rows = 0;
        if source.size > shared.max_bytes {
            let failure = Failure::new(codes::MEMBER_TOO_LARGE, "the object is larger than the job takes")
                .at_uri(&source.uri);
            if shared.fail {
                return Err(failure);
            }
            site.quarantine.set_aside(failed(block.first + u64::from(place), source), failure)?;
        } else {
            let mut left = source.size;
            while left > 0 {
                let chunk = chunks.next_chunk()?.ok_or_else(|| {
                    Failure::new(ourselves::INVARIANT, "an object ended early").at_uri(&source.uri)
                })?;
                left = left.saturating_sub(chunk.bytes.len() as u64);
                parts.push(&batch(&chunk.bytes)?)?;
            }
            rows = 1;
        }
        counts.items += 1;
        counts.rows += rows;
        counts.count(EMPTY, u64::from(source.size == 0));
        site.progress.item_done(source.size, rows);
        site.progress.end_item();
        parts.item_done()?;
    }
    Ok(Done { artifacts: parts.finish()?, counts, ..Done::default() })
}

fn failed(number: u64, source: &Source) -> FailedItem {
    FailedItem {
        number,
        uri: source.uri.clone(),
        etag: Some(source.etag.clone()),
        name: None,
        offset: None,
        size: Some(source.size),
        reproduce: format!("stat '{}'", source.uri),
    }
}

fn batch(bytes: &Bytes) -> Result<RecordBatch, Failure> {
    let column: ArrayRef = Arc::new(BinaryArray::from_vec(vec![bytes.as_ref()]));
    RecordBatch::try_from_iter([("bytes", column)])
        .map_err(|e| Failure::new(ourselves::INVARIANT, "a batch of bytes").caused_by(&e))
}

/// A part that is its bytes, one after the other.
#[derive(Default)]
struct Raw {
    ready: Vec<Bytes>,
    rows: u64,
    bytes: u64,
}

impl PartWriter for Raw {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        for bytes in batch.column(0).as_binary::<i32>().iter().flatten() {
            self.bytes += bytes.len() as u64;
            self.rows += 1;
            self.ready.push(Bytes::copy_from_slice(bytes));
        }
        Ok(())
    }

    fn take_ready(&mut self) -> Result<Vec<Bytes>, Failure> {
        Ok(std::mem::take(&mut self.ready))
    }

    fn memory_bytes(&self) -> u64 {
        self.ready.iter().map(|bytes| bytes.len() as u64).sum()
    }

    fn finish(&mut self) -> Result<Finished, Failure> {
        Ok(Finished { rows: self.rows, bytes: self.bytes })
    }
}
