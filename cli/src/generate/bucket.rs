//! Objects in a store, written part by part from threads that may block.

use super::sink::{ObjectWriter, Sink};
use bytes::Bytes;
use std::{
    io::{self, Write},
    mem,
    sync::Arc,
};
use tarquet_common::{
    receipt::Part,
    store::{CompleteOutcome, Metadata, Store},
};
use tokio::runtime::Handle;

/// Bytes of one part.
const PART_BYTES: usize = 8 << 20;

/// A prefix in a store.
pub(crate) struct Bucket {
    /// The store at the prefix.
    pub store: Arc<dyn Store>,
    /// Where its calls run; its threads are not ours.
    pub runtime: Handle,
}

struct BucketObject {
    store: Arc<dyn Store>,
    runtime: Handle,
    key: String,
    upload_id: String,
    parts: Vec<Part>,
    buffer: Vec<u8>,
}

impl Sink for Bucket {
    fn create(&self, name: &str) -> io::Result<Box<dyn ObjectWriter>> {
        let begin = async {
            if self.store.head(name).await?.is_some() {
                return Ok(None);
            }
            self.store.begin_upload(name, &Metadata::new()).await.map(Some)
        };
        let begun = self.runtime.block_on(begin).map_err(io::Error::other)?;
        let upload_id = begun.ok_or_else(|| taken(name))?;
        Ok(Box::new(BucketObject {
            store: self.store.clone(),
            runtime: self.runtime.clone(),
            key: name.to_owned(),
            upload_id,
            parts: Vec::new(),
            buffer: Vec::with_capacity(PART_BYTES),
        }))
    }

    fn size(&self, name: &str) -> io::Result<Option<u64>> {
        let found = self.runtime.block_on(self.store.head(name)).map_err(io::Error::other)?;
        Ok(found.map(|object| object.size))
    }
}

fn taken(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{name} exists"))
}

impl BucketObject {
    fn send(&mut self) -> io::Result<()> {
        let number = u32::try_from(self.parts.len() + 1).map_err(io::Error::other)?;
        let body = Bytes::from(mem::take(&mut self.buffer));
        let sent = self.store.upload_part(&self.key, &self.upload_id, number, body);
        self.parts.push(self.runtime.block_on(sent).map_err(io::Error::other)?);
        Ok(())
    }
}

impl Write for BucketObject {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let step = bytes.len().min(PART_BYTES - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..step]);
        if self.buffer.len() == PART_BYTES {
            self.send()?;
        }
        Ok(step)
    }

    /// Parts have a least size: nothing is sent before its time.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ObjectWriter for BucketObject {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if !self.buffer.is_empty() || self.parts.is_empty() {
            self.send()?;
        }
        let completed = self.store.complete_upload(&self.key, &self.upload_id, &self.parts, true);
        match self.runtime.block_on(completed).map_err(io::Error::other)? {
            CompleteOutcome::Published { .. } => Ok(()),
            CompleteOutcome::Exists => Err(taken(&self.key)),
            other => Err(io::Error::other(format!("{} could not be made visible: {other:?}", self.key))),
        }
    }
}
