//! Pointers to jobs.

use crate::{
    objects::{self, Pointer},
    once::read_json,
};
use futures::TryStreamExt;
use std::sync::Arc;
use tarquet_common::{
    codes::cluster,
    failure::{Class, Failure},
    ids::JobId,
    store::{Metadata, PutOutcome, Store, list_all},
};

/// The place that says where jobs are. Its own root, apart from every job.
#[derive(Clone, Debug)]
pub(crate) struct Registry(Arc<dyn Store>);

impl Registry {
    /// The registry at this root.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Points at a job. A pointer that is there stays: it says the same.
    pub(crate) async fn write(&self, pointer: &Pointer) -> Result<(), Failure> {
        let bytes = serde_json::to_vec_pretty(pointer).expect("pointers have string keys");
        let key = objects::pointer(&pointer.job);
        match self.0.put_if_absent(&key, bytes.into(), &Metadata::new()).await? {
            PutOutcome::Created | PutOutcome::Exists => Ok(()),
        }
    }

    /// Forgets a job. Its objects stay.
    pub(crate) async fn remove(&self, job: &JobId) -> Result<(), Failure> {
        Ok(self.0.delete(&objects::pointer(job)).await?)
    }

    /// All pointers, oldest job first. One that is damaged or may not be read is left out, with a warning: it must not
    /// keep the others from being found. Where only the surroundings fail, reading again will find it, so that is an error.
    pub(crate) async fn all(&self) -> Result<Vec<Pointer>, Failure> {
        let mut found = Vec::new();
        let mut objects = list_all(&*self.0, "");
        while let Some(entry) = objects.try_next().await? {
            let Ok(object) = entry else { continue };
            if !object.key.ends_with(".json") || object.key.contains('/') {
                continue;
            }
            match read_json::<Pointer>(&*self.0, &object.key).await {
                Ok(pointer) => found.extend(pointer),
                Err(failure) if passes(&failure) => return Err(failure),
                Err(failure) => tracing::warn!(key = object.key, %failure, "a pointer does not read"),
            }
        }
        Ok(found)
    }
}

fn passes(failure: &Failure) -> bool {
    failure.class() == Class::Environment && failure.code != cluster::JOB_OBJECT_DAMAGED
}
