//! One artifact on its way up.

use crate::agent::ProgressCell;
use bytes::BytesMut;
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    receipt::{Artifact, Part},
    store::{Metadata, Store, aligned_buffer, checksum},
};
use tokio::{runtime::Handle, sync::Semaphore, task::JoinSet};

/// How to send.
#[derive(Clone, Copy, Debug)]
pub struct UploadSettings {
    /// Bytes of one part; at least 5 MiB.
    pub part_bytes: usize,
    /// Parts in flight.
    pub in_flight: usize,
}

/// An upload that takes bytes from a thread that computes. Dropped unfinished, it stops sending; aborting the upload in the
/// store is for whoever knows that the attempt is over.
#[derive(Debug)]
pub struct Upload {
    runtime: Handle,
    store: Arc<dyn Store>,
    settings: UploadSettings,
    name: String,
    upload_id: String,
    pending: BytesMut,
    bytes: u64,
    numbered: u32,
    room: Arc<Semaphore>,
    sending: JoinSet<Result<Part, Failure>>,
    sent: Vec<Part>,
    progress: Arc<ProgressCell>,
}

impl Upload {
    /// Begins an upload under `name`. Must not be called on an async thread.
    ///
    /// # Errors
    /// What the store said, after its retries.
    pub fn begin(
        runtime: Handle,
        store: Arc<dyn Store>,
        name: String,
        metadata: &Metadata,
        settings: UploadSettings,
        progress: Arc<ProgressCell>,
    ) -> Result<Self, Failure> {
        let upload_id = runtime.block_on(store.begin_upload(&name, metadata))?;
        Ok(Self {
            runtime,
            store,
            settings,
            name,
            upload_id,
            pending: BytesMut::new(),
            bytes: 0,
            numbered: 0,
            room: Arc::new(Semaphore::new(settings.in_flight.max(1))),
            sending: JoinSet::new(),
            sent: Vec::new(),
            progress,
        })
    }

    /// The store's name for it.
    pub fn upload_id(&self) -> &str {
        &self.upload_id
    }

    /// Takes bytes; sends a part when there are enough, waiting while too many are in flight.
    ///
    /// # Errors
    /// When an earlier part could not be sent.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.pending.is_empty() {
                self.pending = aligned_buffer(self.settings.part_bytes);
            }
            let room = self.settings.part_bytes - self.pending.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() == self.settings.part_bytes {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Sends what is left and waits for every part.
    ///
    /// # Errors
    /// When a part could not be sent.
    pub fn finish(mut self, partition: u32, rows: u64) -> Result<Artifact, Failure> {
        if !self.pending.is_empty() || self.numbered == 0 {
            self.send()?;
        }
        while let Some(sent) = self.runtime.block_on(self.sending.join_next()) {
            self.sent.push(settled(sent)?);
        }
        self.sent.sort_by_key(|p| p.number);
        let crc = checksum::crc64_of_parts(&self.sent).expect("every part sent has its checksum");
        Ok(Artifact {
            partition,
            name: self.name,
            upload_id: self.upload_id,
            parts: self.sent,
            bytes: self.bytes,
            crc64: checksum::to_hex(crc),
            rows,
        })
    }

    fn send(&mut self) -> Result<(), Failure> {
        let body = std::mem::take(&mut self.pending).freeze();
        let room = self.runtime.block_on(Arc::clone(&self.room).acquire_owned());
        let room = room.expect("the semaphore is never closed");
        while let Some(sent) = self.sending.try_join_next() {
            self.sent.push(settled(sent)?);
        }
        self.numbered += 1;
        let (store, name, id) = (Arc::clone(&self.store), self.name.clone(), self.upload_id.clone());
        let (number, progress) = (self.numbered, Arc::clone(&self.progress));
        let task = async move {
            let len = body.len() as u64;
            let part = store.upload_part(&name, &id, number, body).await?;
            progress.written(len);
            drop(room);
            Ok(part)
        };
        self.sending.spawn_on(task, &self.runtime);
        Ok(())
    }
}

/// A part's result; a task that panicked goes on panicking here.
fn settled(joined: Result<Result<Part, Failure>, tokio::task::JoinError>) -> Result<Part, Failure> {
    match joined {
        Ok(part) => part,
        Err(e) => std::panic::resume_unwind(e.into_panic()),
    }
}
