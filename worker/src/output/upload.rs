//! One object on its way up.

use crate::attempt::{AttemptContext, Stop};
use bytes::BytesMut;
use std::{future::Future, sync::Arc, time::Duration};
use tarquet_common::{
    codes::{cluster, store as codes},
    failure::Failure,
    memory::UploadSettings,
    receipt::{Artifact, Part},
    stage_plan::UPLOAD,
    store::{Metadata, Store, StoreError, aligned_buffer, checksum},
};
use tokio::{runtime::Handle, sync::Semaphore, task::JoinSet};

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
    context: AttemptContext,
}

impl Upload {
    /// Begins an upload under `name`. Must not be called on an async thread.
    ///
    /// # Errors
    /// What the store said, after its retries; here and later, `STOPPED` when the attempt is.
    pub fn begin(
        runtime: Handle,
        store: Arc<dyn Store>,
        name: String,
        metadata: &Metadata,
        settings: UploadSettings,
        context: AttemptContext,
    ) -> Result<Self, Failure> {
        let begun = context.stop.unless(store.begin_upload(&name, metadata));
        let upload_id = context.progress.timed(UPLOAD, || runtime.block_on(begun))?;
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
            context,
        })
    }

    /// The store's name for it.
    pub fn upload_id(&self) -> &str {
        &self.upload_id
    }

    /// Bytes that wait to be sent or are on their way.
    pub fn held_bytes(&self) -> u64 {
        let sending = self.settings.in_flight.max(1) - self.room.available_permits();
        (self.pending.capacity() + sending * self.settings.part_bytes) as u64
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
        self.context.progress.timed(UPLOAD, || {
            let all = async {
                while let Some(sent) = self.sending.join_next().await {
                    self.sent.push(settled(sent)?);
                }
                Ok::<_, Failure>(())
            };
            self.runtime.block_on(self.context.stop.unless(all))
        })?;
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
        let room = Arc::clone(&self.room);
        let room =
            async { Ok::<_, Failure>(room.acquire_owned().await.expect("the semaphore is never closed")) };
        let room = self.context.stop.unless(room);
        let room = self.context.progress.timed(UPLOAD, || self.runtime.block_on(room))?;
        while let Some(sent) = self.sending.try_join_next() {
            self.sent.push(settled(sent)?);
        }
        self.numbered += 1;
        let (store, name, id) = (Arc::clone(&self.store), self.name.clone(), self.upload_id.clone());
        let (number, progress) = (self.numbered, Arc::clone(&self.context.progress));
        let task = async move {
            let len = body.len() as u64;
            let part = store.upload_part(&name, &id, number, body).await.map_err(|e| lost(e, &name))?;
            progress.written(len);
            drop(room);
            Ok(part)
        };
        self.sending.spawn_on(task, &self.runtime);
        Ok(())
    }
}

/// An upload that the store no longer knows was aborted by somebody, or swept. What it was for is done again; the store's
/// own word for it, that something is not there, is one for inputs.
fn lost(error: StoreError, name: &str) -> Failure {
    match error {
        StoreError::NotFound { .. } => {
            let text = format!("the upload of {name} is gone before it was complete");
            Failure::new(cluster::UPLOAD_LOST, text).caused_by(&error)
        }
        error => error.into(),
    }
}

/// A part's result; a task that panicked goes on panicking here.
fn settled(joined: Result<Result<Part, Failure>, tokio::task::JoinError>) -> Result<Part, Failure> {
    match joined {
        Ok(part) => part,
        Err(e) => std::panic::resume_unwind(e.into_panic()),
    }
}

/// How long an attempt that was stopped waits for the store to forget an upload. One that stays behind is never completed
/// and is swept when its job ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits for an abort; once the attempt is stopped, for a few seconds at most.
pub(super) async fn abort_or_leave<E: Into<Failure>>(
    stop: &Stop,
    abort: impl Future<Output = Result<(), E>>,
) -> Result<(), Failure> {
    let left = async {
        stop.raised().await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        biased;
        done = abort => done.map_err(Into::into),
        () = left => Err(Failure::new(codes::STORE_UNREACHABLE, "the store did not answer before the worker had to go")),
    }
}

#[cfg(test)]
mod tests;
