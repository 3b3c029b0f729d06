//! The output as a whole: what lies there, and what is left over.

use super::{order::JobPlace, tools::Tools};
use crate::{
    objects::{self, Claim},
    stores::read_json,
};
use futures::{StreamExt, TryStreamExt, stream};
use std::{collections::BTreeSet, sync::Arc};
use tarquet_common::{
    failure::{Class, Failure},
    ids::JobId,
    origin::Origin,
    store::{Store, StoreError, Uri, list_all},
};
use tarquet_core::{Catalog, Outcome, Upload};

/// Foreign objects that are named; one would do to hold the job.
const FOREIGN_NAMED: usize = 10;
/// No write of ours takes this long: what is older and unfinished was left by a writer that died.
const TEMPORARY_MS: u64 = 3_600_000;
/// Objects looked at, or uploads aborted, at a time.
const PARALLEL: usize = 32;

/// Keys in the output whose mark does not name this job; the first few.
pub(super) async fn foreign(output: &dyn Store, job: &JobId) -> Result<Vec<String>, Failure> {
    let looked = list_all(output, "").map_ok(|entry| async move {
        let object = match entry {
            Ok(object) => object,
            Err(skipped) => return Ok(Some(skipped.name)),
        };
        let Some(meta) = output.head(&object.key).await? else { return Ok(None) };
        let ours = Origin::from_metadata(&meta.metadata).is_some_and(|o| o.shard.job == *job);
        Ok::<_, StoreError>((!ours).then_some(object.key))
    });
    let foreign = looked.try_buffered(PARALLEL).try_filter_map(|key| async { Ok(key) });
    Ok(foreign.take(FOREIGN_NAMED).try_collect().await?)
}

/// Aborts uploads. One that is gone is fine.
pub(super) async fn abort(output: &dyn Store, uploads: &[Upload]) -> Result<(), Failure> {
    let aborts: Vec<_> = uploads.iter().map(|u| output.abort_upload(&u.name, &u.upload_id)).collect();
    Ok(stream::iter(aborts).buffer_unordered(PARALLEL).try_collect().await?)
}

/// Aborts what attempts left behind and releases the claim, if asked to. An upload that may not be listed or aborted
/// costs storage until the bucket's lifecycle rule removes it; it does not keep the job from ending.
///
/// Where the claim names this job no more, an earlier try or an earlier coordinator has released it when all was swept.
/// What was begun since is another job's.
pub(super) async fn sweep(
    tools: &Tools,
    at: JobPlace,
    catalog: &Catalog,
    release: bool,
) -> Result<Outcome, Failure> {
    let Some(claim) = claim_of(tools, &at).await? else { return Ok(Outcome::UploadsSwept(at.job)) };
    let output = tools.output_store(&at).await?;
    match leftovers(&*output, catalog).await {
        Ok(uploads) => abort_or_leave(abort(&*output, &uploads).await)?,
        Err(error) => abort_or_leave(Err(error.into()))?,
    }
    abort_or_leave(sweep_home(tools, &at).await)?;
    if release {
        claim.home.delete(&claim.key).await?;
    }
    Ok(Outcome::UploadsSwept(at.job))
}

/// Aborts what attempts began beside the output and nobody will finish: quarantine files, indexes. In the home beside the
/// output all of it is this job's, for the output's claim lies there; in a home that the spec names, only what is in the
/// job's own prefix is. An index root elsewhere is shared, so it is left alone.
async fn sweep_home(tools: &Tools, at: &JobPlace) -> Result<(), Failure> {
    let job_uri = Uri::parse_here(&at.job_uri).map_err(StoreError::from)?;
    let output_uri = Uri::parse_here(&at.output_uri).map_err(StoreError::from)?;
    let beside = output_uri.sibling(".tarquet");
    let ours = beside.filter(|beside| job_uri.is_inside(beside)).unwrap_or(job_uri);
    let store = tools.open(&ours, at).await?;
    let uploads = store.list_uploads("").await?.into_iter();
    let uploads: Vec<Upload> = uploads.map(|u| Upload { name: u.key, upload_id: u.upload_id }).collect();
    abort(&*store, &uploads).await?;
    store.remove_temporaries(tools.clock.unix_ms().saturating_sub(TEMPORARY_MS)).await?;
    Ok(())
}

/// Who may not abort leaves uploads to the bucket's lifecycle rule: they cost storage, and hold nothing.
pub(super) fn abort_or_leave(result: Result<(), Failure>) -> Result<(), Failure> {
    match result {
        Err(failure) if failure.class() == Class::Environment => Err(failure),
        Err(failure) => {
            tracing::warn!(%failure, code = %failure.code, "uploads are left to the bucket's lifecycle rule");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Open uploads under names that this job gives. The output is claimed, so they are of its attempts; a list of
/// uploads does not tell marks.
async fn leftovers(output: &dyn Store, catalog: &Catalog) -> Result<Vec<Upload>, StoreError> {
    let known: BTreeSet<&str> = catalog.artifacts.iter().map(|a| a.name.as_str()).collect();
    let uploads = output.list_uploads("").await?.into_iter();
    let ours = uploads.filter(|u| known.contains(u.key.as_str()) || objects::is_part_name(&u.key));
    Ok(ours.map(|u| Upload { name: u.key, upload_id: u.upload_id }).collect())
}

/// Where the output's claim is.
struct Held {
    home: Arc<dyn Store>,
    key: String,
}

/// The output's claim, as long as it names this job.
async fn claim_of(tools: &Tools, at: &JobPlace) -> Result<Option<Held>, Failure> {
    let job_uri = Uri::parse_here(&at.job_uri).map_err(StoreError::from)?;
    let output_uri = Uri::parse_here(&at.output_uri).map_err(StoreError::from)?;
    let home_uri = objects::home_of(&job_uri, &at.job);
    let home = tools.open(&home_uri, at).await?;
    let key = objects::claim(&home_uri, &output_uri);
    let claim = read_json::<Claim>(&*home, &key).await?;
    Ok(claim.filter(|claim| claim.job == at.job).map(|_| Held { home, key }))
}
