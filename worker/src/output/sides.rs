//! Objects beside the dataset, which become visible as soon as they are whole: indexes, quarantine files, schemas.

use super::upload::{Upload, abort_or_leave};
use crate::attempt::AttemptContext;
use bytes::Bytes;
use std::{
    io::{self, Write},
    sync::Arc,
};
use tarquet_common::{
    codes::store as codes,
    failure::Failure,
    memory::UploadSettings,
    receipt::SideObject,
    store::{CompleteOutcome, Metadata, Store, StoreSettings, Stores, checksum},
};
use tokio::runtime::Handle;

/// Writes objects in the job prefix, or at a place of their own. Whoever writes a name writes the same bytes under it: who
/// is second leaves the object alone.
#[derive(Clone, Debug)]
pub struct Sides {
    runtime: Handle,
    stores: Arc<Stores>,
    store: Arc<dyn Store>,
    context: AttemptContext,
}

impl Sides {
    /// In the job prefix, which `job` is opened at.
    pub fn new(runtime: Handle, stores: Arc<Stores>, job: Arc<dyn Store>, context: AttemptContext) -> Self {
        Self { runtime, stores, store: job, context }
    }

    /// At a place of their own.
    ///
    /// # Errors
    /// `BAD_URI`; what opening the store said.
    pub async fn at(&self, root: &str, settings: &StoreSettings) -> Result<Self, Failure> {
        let store = self.stores.open_text(root, settings).await?;
        Ok(Self { store, ..self.clone() })
    }

    /// Writes a small object, unless it is there already; `role` says what it is for.
    ///
    /// # Errors
    /// What the store said.
    pub async fn put(&self, role: &str, name: &str, bytes: impl Into<Bytes>) -> Result<SideObject, Failure> {
        let bytes = bytes.into();
        let side = SideObject {
            role: role.to_owned(),
            name: name.to_owned(),
            bytes: bytes.len() as u64,
            crc64: checksum::to_hex(checksum::crc64(&bytes)),
        };
        self.store.put_if_absent(name, bytes, &Metadata::new()).await?;
        Ok(side)
    }

    /// Begins an object that is written as it is made, on a thread that may wait.
    ///
    /// # Errors
    /// What the store said.
    pub fn begin(&self, name: String) -> Result<SideWriter, Failure> {
        let upload = Upload::begin(
            self.runtime.clone(),
            Arc::clone(&self.store),
            name.clone(),
            &Metadata::new(),
            UploadSettings::SIDES,
            self.context.clone(),
        )?;
        Ok(SideWriter { sides: self.clone(), name, upload: Some(upload) })
    }
}

/// Takes bytes, and makes an object of them at the end. Dropped before that, it aborts its upload.
#[derive(Debug)]
pub struct SideWriter {
    sides: Sides,
    name: String,
    upload: Option<Upload>,
}

impl SideWriter {
    /// Makes the object visible; `role` says what it is for.
    ///
    /// # Errors
    /// What the store said; `STORE_UNREACHABLE` when nobody knows whether the object is there.
    pub fn publish(mut self, role: &str) -> Result<SideObject, Failure> {
        let upload = self.upload.take().expect("there until it is published");
        let id = upload.upload_id().to_owned();
        let sent = upload.finish(0, 0).inspect_err(|_| self.abort(&id))?;
        let Sides { runtime, store, context, .. } = &self.sides;
        let completing = store.complete_upload(&self.name, &id, &sent.parts, true);
        let outcome = runtime.block_on(context.stop.unless(completing)).inspect_err(|_| self.abort(&id))?;
        let side =
            SideObject { role: role.to_owned(), name: sent.name, bytes: sent.bytes, crc64: sent.crc64 };
        if matches!(outcome, CompleteOutcome::Published { .. }) {
            return Ok(side);
        }
        self.abort(&id);
        let there = runtime.block_on(store.head(&self.name))?;
        if there.is_some_and(|meta| meta.size == side.bytes) {
            return Ok(side);
        }
        let text = format!("{} may not have been written: {outcome:?}", self.name);
        Err(Failure::new(codes::STORE_UNREACHABLE, text).at_uri(store.root().join(&self.name).to_string()))
    }

    /// An attempt that was stopped tries to tidy up, and does not wait for a store that is silent.
    fn abort(&self, id: &str) {
        let Sides { runtime, store, context, .. } = &self.sides;
        let aborted = abort_or_leave(&context.stop, store.abort_upload(&self.name, id));
        if let Err(error) = runtime.block_on(aborted) {
            tracing::warn!(name = %self.name, %error, "an upload could not be aborted");
        }
    }
}

impl Write for SideWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let upload = self.upload.as_mut().expect("there until it is published");
        upload.write(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SideWriter {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            let id = upload.upload_id().to_owned();
            drop(upload);
            self.abort(&id);
        }
    }
}
