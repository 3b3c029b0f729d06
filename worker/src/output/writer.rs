//! Small objects that become visible as soon as they are whole: indexes, quarantine files.

use super::{Upload, abort_or_leave};
use crate::agent::{AttemptContext, Stop};
use std::{
    io::{self, Write},
    sync::Arc,
};
use tarquet_common::{
    codes::store as codes,
    failure::Failure,
    memory::UploadSettings,
    receipt::SideObject,
    store::{CompleteOutcome, Metadata, Store},
};
use tokio::runtime::Handle;

/// Takes bytes, and makes an object of them at the end. Dropped before that, it aborts its upload. Two writers of one name
/// write the same bytes: whoever is second leaves the object alone.
#[derive(Debug)]
pub struct StoreWriter {
    runtime: Handle,
    store: Arc<dyn Store>,
    name: String,
    upload: Option<Upload>,
    stop: Stop,
}

impl StoreWriter {
    /// Begins to write `name`. Must not be called on an async thread.
    ///
    /// # Errors
    /// What the store said.
    pub fn begin(
        runtime: Handle,
        store: Arc<dyn Store>,
        name: String,
        settings: UploadSettings,
        context: AttemptContext,
    ) -> Result<Self, Failure> {
        let stop = context.stop.clone();
        let upload = Upload::begin(
            runtime.clone(),
            Arc::clone(&store),
            name.clone(),
            &Metadata::new(),
            settings,
            context,
        )?;
        Ok(Self { runtime, store, name, upload: Some(upload), stop })
    }

    /// Makes the object visible; `role` says what it is for.
    ///
    /// # Errors
    /// What the store said; `STORE_UNREACHABLE` when nobody knows whether the object is there.
    pub fn publish(mut self, role: &str) -> Result<SideObject, Failure> {
        let upload = self.upload.take().expect("there until it is published");
        let id = upload.upload_id().to_owned();
        let sent = upload.finish(0, 0).inspect_err(|_| self.abort(&id))?;
        let completing = self.store.complete_upload(&self.name, &id, &sent.parts, true);
        let outcome = self.runtime.block_on(self.stop.unless(completing)).inspect_err(|_| self.abort(&id))?;
        let side =
            SideObject { role: role.to_owned(), name: sent.name, bytes: sent.bytes, crc64: sent.crc64 };
        if matches!(outcome, CompleteOutcome::Published { .. }) {
            return Ok(side);
        }
        self.abort(&id);
        let there = self.runtime.block_on(self.store.head(&self.name))?;
        if there.is_some_and(|meta| meta.size == side.bytes) {
            return Ok(side);
        }
        let text = format!("{} may not have been written: {outcome:?}", self.name);
        Err(Failure::new(codes::STORE_UNREACHABLE, text)
            .at_uri(self.store.root().join(&self.name).to_string()))
    }

    /// An attempt that was stopped tries to tidy up, and does not wait for a store that is silent.
    fn abort(&self, id: &str) {
        let aborted = abort_or_leave(&self.stop, self.store.abort_upload(&self.name, id));
        if let Err(error) = self.runtime.block_on(aborted) {
            tracing::warn!(name = %self.name, %error, "an upload could not be aborted");
        }
    }
}

impl Write for StoreWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let upload = self.upload.as_mut().expect("there until it is published");
        upload.write(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for StoreWriter {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            let id = upload.upload_id().to_owned();
            drop(upload);
            self.abort(&id);
        }
    }
}
