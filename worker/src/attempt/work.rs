//! What a kind hands back, and the artifacts it made on the way.

use crate::{
    agent::AttemptContext,
    output::{Upload, abort_or_leave},
};
use std::sync::{Arc, Mutex, PoisonError};
use tarquet_common::{
    failure::Failure,
    memory::UploadSettings,
    receipt::{Artifact, Counts, SideObject},
    store::{Metadata, Store},
};
use tokio::runtime::Handle;

/// What a kind's work came to, before it is a receipt.
#[derive(Debug, Default)]
pub struct Work {
    /// Uploads to complete at publish.
    pub artifacts: Vec<Artifact>,
    /// What it counted.
    pub counts: Counts,
    /// What it wrote beside the dataset.
    pub sides: Vec<SideObject>,
    /// Items not tried, by place in the shard.
    pub skipped: Vec<u32>,
    /// What only the kind understands.
    pub output: serde_json::Value,
}

/// Begins uploads under the output root and remembers them, so that they can be aborted together.
#[derive(Debug)]
pub struct Artifacts {
    runtime: Handle,
    output: Arc<dyn Store>,
    metadata: Metadata,
    settings: UploadSettings,
    context: AttemptContext,
    begun: Mutex<Vec<(String, String)>>,
}

impl Artifacts {
    /// Uploads will carry `metadata`: by it publish knows what is ours.
    pub fn new(
        runtime: Handle,
        output: Arc<dyn Store>,
        metadata: Metadata,
        settings: UploadSettings,
        context: AttemptContext,
    ) -> Self {
        Self { runtime, output, metadata, settings, context, begun: Mutex::default() }
    }

    /// Begins the upload of one artifact. Must not be called on an async thread.
    ///
    /// # Errors
    /// What the store said.
    pub fn begin(&self, name: String) -> Result<Upload, Failure> {
        let upload = Upload::begin(
            self.runtime.clone(),
            Arc::clone(&self.output),
            name.clone(),
            &self.metadata,
            self.settings,
            self.context.clone(),
        )?;
        let id = upload.upload_id().to_owned();
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push((name, id));
        Ok(upload)
    }

    /// Aborts every upload that was begun: the attempt has failed. Errors are logged; an upload that stays behind is never
    /// completed.
    pub async fn abort(&self) {
        let begun = std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async {
            for (name, id) in begun {
                if let Err(error) = self.output.abort_upload(&name, &id).await {
                    tracing::warn!(%name, %error, "an upload could not be aborted");
                }
            }
            Ok::<_, Failure>(())
        };
        if let Err(failure) = abort_or_leave(&self.context.stop, all).await {
            tracing::warn!(%failure, "uploads are left to be swept");
        }
    }
}
