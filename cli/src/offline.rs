//! Jobs read from the objects that they keep beside their output, without a coordinator.

use crate::{context::Context, error::CliError, local::Home, render::quoted};
use futures::TryStreamExt;
use std::sync::Arc;
use tarquet_client::is_over;
use tarquet_common::{
    clock::Clock,
    codes::spec as codes,
    failure::Failure,
    ids::JobId,
    store::{Store, StoreError, Stores, Uri, list_all},
};
use tarquet_coordinator::{
    from_objects,
    objects::{Claim, job_uri},
};
use tarquet_core::views::{JobStatus, ShardLine};

/// Largest claim that is read.
const CLAIM_BYTES_MAX: u64 = 1 << 20;

/// A job as its objects tell it.
pub(crate) struct Kept {
    /// Its status.
    pub status: JobStatus,
    /// All its shards.
    pub shards: Vec<ShardLine>,
    /// The store of its prefix.
    pub store: Arc<dyn Store>,
}

/// The job that `text` names by its output, if it names an output at all: an `s3://` URI, a path with a slash, or
/// a name that has a job folder beside it. Anything else is a job id.
pub(crate) async fn find(text: &str, cx: &Context) -> Result<Option<Kept>, CliError> {
    let beside = std::path::Path::new(&format!("{}.tarquet", text.trim_end_matches('/'))).is_dir();
    if !beside && !text.contains('/') {
        return Ok(None);
    }
    read(text, cx).await.map(Some)
}

/// The newest job of an output.
pub(crate) async fn read(output: &str, cx: &Context) -> Result<Kept, CliError> {
    let uri = Uri::parse_here(output).map_err(|e| Failure::from(StoreError::from(e)))?;
    let home = uri.sibling(".tarquet").ok_or_else(|| none_there(output))?;
    let settings = cx.globals.store.settings();
    let stores = Stores::new();
    let home_store = stores.open(&home, &settings).await.map_err(Failure::from)?;
    let prefix = newest(home_store.as_ref(), &home).await?.ok_or_else(|| none_there(output))?;
    let store = stores.open(&prefix, &settings).await.map_err(Failure::from)?;
    let state = Home::of(output, None)?.state_dir;
    let found = from_objects(&stores, &prefix, &settings, Some(&state), cx.clock.unix_ms()).await?;
    let mut found = found.ok_or_else(|| none_there(output))?;
    found.status.next = next(&found.status, output);
    Ok(Kept { status: found.status, shards: found.shards, store })
}

/// Where the job is that the claim names, or else the one with the latest id.
async fn newest(home: &dyn Store, home_uri: &Uri) -> Result<Option<Uri>, CliError> {
    if let Some(claim) = home.get("claim", CLAIM_BYTES_MAX).await.map_err(Failure::from)?
        && let Ok(claim) = serde_json::from_slice::<Claim>(&claim.bytes)
    {
        let elsewhere = claim.job_uri.map(|uri| Uri::parse_here(&uri)).transpose();
        let elsewhere = elsewhere.map_err(|e| Failure::from(StoreError::from(e)))?;
        return Ok(Some(elsewhere.unwrap_or_else(|| job_uri(home_uri, &claim.job))));
    }
    let of_key = |key: &str| key.strip_prefix("jobs/")?.split('/').next()?.parse::<JobId>().ok();
    let mut newest = None;
    let mut objects = std::pin::pin!(list_all(home, "jobs/"));
    while let Some(object) = objects.try_next().await.map_err(Failure::from)? {
        newest = newest.max(object.ok().and_then(|o| of_key(&o.key)));
    }
    Ok(newest.map(|job| job_uri(home_uri, &job)))
}

/// What goes on with a job that has no coordinator: `run --resume`.
pub(crate) fn next(status: &JobStatus, output: &str) -> Vec<String> {
    let output = quoted(output);
    let failures = || format!("tarquet failures {output}");
    let resume = |more: &str| format!("tarquet run --resume {output}{more}");
    match is_over(status) {
        true => vec![failures()],
        false if status.hold.is_some() => {
            vec![failures(), resume(" --accept"), resume(" --retry")]
        }
        false => vec![resume("")],
    }
}

fn none_there(output: &str) -> CliError {
    Failure::new(codes::NO_JOB_HERE, format!("no job is kept beside {output}")).at_uri(output).into()
}
