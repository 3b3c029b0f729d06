//! Partitions being written: one encoder at a time, its bytes going up as they come.

use super::rules::file_settings;
use crate::{
    agent::{ProgressCell, Step},
    attempt::Site,
    output::Upload,
};
use arrow::record_batch::RecordBatch;
use std::collections::VecDeque;
use tarquet_common::{
    failure::Failure,
    kinds::convert::{ConvertShared, PartitionBlock},
    receipt::Artifact,
};
use tarquet_encode::{FileLayout, FrozenSchema, ParquetEncoder, PartWriter};

/// The partitions of a shard, in order. Each takes a known number of members; a member that fails counts too, so what
/// goes where never depends on what fails.
pub(super) struct Partitions<'a> {
    site: &'a Site,
    shared: &'a ConvertShared,
    schema: &'a FrozenSchema,
    layout: FileLayout,
    left: VecDeque<PartitionBlock>,
    members: u64,
    open: Option<Open>,
    done: Vec<Artifact>,
}

struct Open {
    part: Box<dyn PartWriter>,
    upload: Upload,
}

impl<'a> Partitions<'a> {
    pub(super) fn new(
        site: &'a Site,
        shared: &'a ConvertShared,
        schema: &'a FrozenSchema,
        partitions: Vec<PartitionBlock>,
    ) -> Self {
        Self {
            site,
            shared,
            schema,
            layout: schema.layout(),
            left: partitions.into(),
            members: 0,
            open: None,
            done: Vec::new(),
        }
    }

    pub(super) fn schema(&self) -> &'a FrozenSchema {
        self.schema
    }

    /// Writes rows into the partition at hand.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let progress = &self.site.context.progress;
        let open = self.open()?;
        progress.timed(Step::Encode, || open.part.push(batch))?;
        open.drain()?;
        progress.set_memory(open.part.memory_bytes() + open.upload.held_bytes());
        Ok(())
    }

    /// One more member has been dealt with; the last of a partition ends it.
    pub(super) fn member_done(&mut self) -> Result<(), Failure> {
        self.members += 1;
        if self.left.front().is_some_and(|p| p.members == self.members) {
            self.end()?;
        }
        Ok(())
    }

    /// What was made.
    pub(super) fn finish(mut self) -> Result<Vec<Artifact>, Failure> {
        while !self.left.is_empty() {
            self.end()?;
        }
        Ok(self.done)
    }

    fn open(&mut self) -> Result<&mut Open, Failure> {
        if self.open.is_none() {
            let number = self.left.front().map_or(0, |p| p.number);
            let upload = self.site.artifacts.begin(self.shared.part_name(number))?;
            let part = Box::new(ParquetEncoder::new(&self.layout, &file_settings(self.shared))?);
            self.open = Some(Open { part, upload });
        }
        Ok(self.open.as_mut().expect("opened just now"))
    }

    /// Ends the partition at hand; one without a row becomes a file of 0 rows.
    fn end(&mut self) -> Result<(), Failure> {
        self.open()?;
        let (Some(open), Some(partition)) = (self.open.take(), self.left.pop_front()) else { return Ok(()) };
        self.done.push(open.end(partition.number, &self.site.context.progress)?);
        self.site.context.progress.set_memory(0);
        self.members = 0;
        Ok(())
    }
}

impl Open {
    fn drain(&mut self) -> Result<(), Failure> {
        let Self { part, upload } = self;
        part.drain(&mut |bytes| upload.write(&bytes))
    }

    fn end(mut self, partition: u32, progress: &ProgressCell) -> Result<Artifact, Failure> {
        let finished = progress.timed(Step::Encode, || self.part.finish())?;
        self.drain()?;
        self.upload.finish(partition, finished.rows)
    }
}
