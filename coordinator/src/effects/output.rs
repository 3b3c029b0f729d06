//! The output as a whole: what lies there, and what is left over.

use super::{order::JobPlace, tools::Tools};
use crate::{claims::Found, objects};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;
use tarquet_common::{
    failure::{Class, Failure},
    ids::JobId,
    origin::Origin,
    store::{Store, StoreError, UploadInfo, Uri, list_all},
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
        if object.key == objects::CLAIM_INSIDE {
            return Ok(None);
        }
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
/// Where the claim names this job no more, an earlier try or another coordinator has released it when all was swept, and what
/// was begun since is another job's. A store does not tell whose an upload is, so the claim is read once more after they
/// were listed: while it is ours, nobody else's can be among them.
pub(super) async fn sweep(
    tools: &Tools,
    at: JobPlace,
    catalog: &Catalog,
    release: bool,
) -> Result<Outcome, Failure> {
    if our_claim(tools, &at).await?.is_none() {
        return Ok(Outcome::UploadsSwept(at.job));
    }
    let output = tools.output_store(&at).await?;
    let below = listed(leftovers(&*output, catalog).await)?;
    let beside = tools.open(&beside(&at)?, &at).await?;
    let of_home = listed(beside.list_uploads("").await.map(uploads))?;
    let Some(claim) = our_claim(tools, &at).await? else { return Ok(Outcome::UploadsSwept(at.job)) };
    abort_or_leave(abort(&*output, &below).await)?;
    abort_or_leave(abort(&*beside, &of_home).await)?;
    let temporary = beside.remove_temporaries(tools.clock.unix_ms().saturating_sub(TEMPORARY_MS)).await;
    abort_or_leave(temporary.map(drop).map_err(Failure::from))?;
    if release {
        claim.release().await?;
    }
    Ok(Outcome::UploadsSwept(at.job))
}

/// Where attempts begin what nobody will finish: quarantine files, indexes. In the home beside the output all of it is this
/// job's, for its claim lies there; in a home that the spec names, only what is in the job's own prefix. An index root elsewhere
/// is shared, so it is left alone.
fn beside(at: &JobPlace) -> Result<Uri, Failure> {
    let job_uri = Uri::parse_here(&at.job_uri).map_err(StoreError::from)?;
    let output_uri = Uri::parse_here(&at.output_uri).map_err(StoreError::from)?;
    let beside = output_uri.sibling(".tarquet");
    Ok(beside.filter(|beside| job_uri.is_inside(beside)).unwrap_or(job_uri))
}

/// The output's claim, as long as it names this job.
async fn our_claim(tools: &Tools, at: &JobPlace) -> Result<Option<Found>, Failure> {
    Ok(tools.claim_on_output(at).await?.filter(|found| found.claim.job == at.job))
}

/// Uploads that were listed; none where that is not allowed.
fn listed(uploads: Result<Vec<Upload>, StoreError>) -> Result<Vec<Upload>, Failure> {
    match uploads {
        Ok(uploads) => Ok(uploads),
        Err(error) => abort_or_leave(Err(error.into())).map(|()| Vec::new()),
    }
}

fn uploads(listed: Vec<UploadInfo>) -> Vec<Upload> {
    listed.into_iter().map(|u| Upload { name: u.key, upload_id: u.upload_id }).collect()
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
    let mut found = uploads(output.list_uploads("").await?);
    found.retain(|u| known.contains(u.name.as_str()) || objects::is_part_name(&u.name));
    Ok(found)
}
