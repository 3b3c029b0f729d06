//! Effects that write one conditional object. Whoever wrote the one that is there has won, and the outcome reports what
//! it says.

use super::output::{abort, abort_or_leave};
use crate::{
    objects::{self, Generation},
    rebuild::highest_generation,
    stores::{Once, put_once, read_json},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    ids::{JobId, ShardId},
    origin::Origin,
    receipt::Receipt,
    store::Store,
};
use tarquet_core::{AcceptObject, Catalog, Outcome, Reopen, RoundsObject, Upload, Verdict, VoidArtifacts};

/// Shards looked at at a time.
const PARALLEL: usize = 32;

/// Writes the first free number above `above` and above all that are there. The object holds chance, so of two
/// coordinators that try the same number one goes on to the next.
pub(super) async fn generation(
    store: &dyn Store,
    job: JobId,
    above: u32,
    unix_ms: u64,
    nonce: &str,
) -> Result<Outcome, Failure> {
    let mut generation = highest_generation(store).await?.max(above);
    loop {
        generation = generation.saturating_add(1);
        let ours = Generation { generation, unix_ms, nonce: nonce.to_owned() };
        match put_once(store, &objects::generation(generation), &ours).await? {
            Once::Theirs(theirs) if theirs.nonce != nonce => {}
            Once::Ours | Once::Theirs(_) => return Ok(Outcome::GenerationRaised { job, generation }),
        }
    }
}

pub(super) async fn receipt(store: &dyn Store, ours: Arc<Receipt>) -> Result<Outcome, Failure> {
    let key = objects::receipt(&ours.shard, ours.round);
    Ok(match put_once(store, &key, ours.as_ref()).await? {
        Once::Ours => Outcome::ReceiptStored(ours),
        Once::Theirs(theirs) => Outcome::ReceiptTaken(Arc::new(theirs)),
    })
}

/// Leaves out every shard of which an artifact is visible: an earlier process may have published it and died before it
/// could record that, and what is visible is never made again. Of the others none may become visible once the round is
/// open, whoever has asked for that before: a shard's artifacts are completed in order, so aborting the first upload ends
/// it. What was completed before that is seen when looked at again.
pub(super) async fn open_rounds(
    store: &dyn Store,
    output: &dyn Store,
    job: JobId,
    mut rounds: RoundsObject,
    artifacts: &[VoidArtifacts],
) -> Result<Outcome, Failure> {
    let unknown: Vec<_> = rounds.shards.iter().filter(|r| !artifacts.iter().any(|a| is_of(a, r))).collect();
    let unknown: Vec<_> = unknown.into_iter().map(|reopen| unknown_receipt(store, &job, reopen)).collect();
    let unknown: Vec<_> = stream::iter(unknown).buffered(PARALLEL).try_collect().await?;
    let artifacts: Vec<VoidArtifacts> =
        artifacts.iter().cloned().chain(unknown.into_iter().flatten()).collect();
    let closed: Vec<_> = artifacts.iter().map(|shard| close(output, &job, shard)).collect();
    let closed: Vec<bool> = stream::iter(closed).buffered(PARALLEL).try_collect().await?;
    let left_out =
        |reopen: &Reopen| artifacts.iter().zip(&closed).any(|(a, closed)| is_of(a, reopen) && !closed);
    rounds.shards.retain(|reopen| !left_out(reopen));
    let said = put_once(store, &objects::rounds(rounds.number), &rounds).await?;
    Ok(Outcome::RoundsOpened { job, rounds: said.says(rounds) })
}

fn is_of(artifacts: &VoidArtifacts, reopen: &Reopen) -> bool {
    (artifacts.stage, artifacts.shard) == (reopen.stage, reopen.shard)
}

/// What another coordinator has accepted of the round before, of a shard that has no receipt here.
async fn unknown_receipt(
    store: &dyn Store,
    job: &JobId,
    reopen: &Reopen,
) -> Result<Option<VoidArtifacts>, Failure> {
    let Reopen { stage, shard, round } = *reopen;
    let Some(before) = round.checked_sub(1) else { return Ok(None) };
    let id = ShardId { job: job.clone(), stage, shard };
    let receipt = read_json::<Receipt>(store, &objects::receipt(&id, before)).await?;
    let uploads = receipt.into_iter().flat_map(|r| r.artifacts);
    let uploads: Vec<Upload> = uploads.map(|a| Upload { name: a.name, upload_id: a.upload_id }).collect();
    Ok((!uploads.is_empty()).then_some(VoidArtifacts { stage, shard, uploads }))
}

/// Sees to it that nothing of a shard's artifacts becomes visible any more; `false` if something is.
async fn close(output: &dyn Store, job: &JobId, shard: &VoidArtifacts) -> Result<bool, Failure> {
    for upload in &shard.uploads {
        if is_ours(output, job, &upload.name).await? {
            return Ok(false);
        }
    }
    let Some(first) = shard.uploads.first() else { return Ok(true) };
    abort_or_leave(abort(output, std::slice::from_ref(first)).await)?;
    Ok(!is_ours(output, job, &first.name).await?)
}

/// Whether something of this job lies under a key.
async fn is_ours(output: &dyn Store, job: &JobId, name: &str) -> Result<bool, Failure> {
    let Some(meta) = output.head(name).await? else { return Ok(false) };
    Ok(Origin::from_metadata(&meta.metadata).is_some_and(|origin| origin.shard.job == *job))
}

pub(super) async fn accept(store: &dyn Store, job: JobId, ours: AcceptObject) -> Result<Outcome, Failure> {
    let said = put_once(store, &objects::accept(ours.number), &ours).await?;
    Ok(Outcome::AcceptStored { job, accept: said.says(ours) })
}

pub(super) async fn verdict(store: &dyn Store, job: JobId, ours: Verdict) -> Result<Outcome, Failure> {
    let said = put_once(store, objects::OUTCOME, &ours).await?;
    Ok(Outcome::OutcomeStored { job, verdict: said.says(ours) })
}

/// The catalog is a function of the receipts: one that is there must say the same.
pub(super) async fn catalog(store: &dyn Store, job: JobId, ours: &Catalog) -> Result<Outcome, Failure> {
    Ok(match put_once(store, objects::CATALOG, ours).await? {
        Once::Ours => Outcome::CatalogStored(job),
        Once::Theirs(theirs) if ours.says_the_same(&theirs) => Outcome::CatalogStored(job),
        Once::Theirs(_) => Outcome::CatalogDiffers(job),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{
        ids::AttemptId,
        store::{Metadata, StoreSettings, Stores, Uri},
    };
    use tarquet_core::WhyReopen;

    async fn open(root: &std::path::Path) -> Arc<dyn Store> {
        let uri = Uri::parse_here(&root.to_string_lossy()).unwrap();
        Stores::new().open(&uri, &StoreSettings::default()).await.unwrap()
    }

    fn job(random: u128) -> JobId {
        JobId::from_parts(1, random)
    }

    /// An object under a final key, as an attempt of this job makes it.
    async fn publish(output: &dyn Store, name: &str, job: JobId) {
        let shard = ShardId { job, stage: 1, shard: 0 };
        let origin = Origin { shard, round: 0, attempt: AttemptId { generation: 1, n: 1 } };
        let upload = output.begin_upload(name, &origin.metadata()).await.unwrap();
        let part = output.upload_part(name, &upload, 1, "x".into()).await.unwrap();
        output.complete_upload(name, &upload, &[part], true).await.unwrap();
    }

    fn rounds(shards: &[u32]) -> RoundsObject {
        let shards = shards.iter().map(|shard| Reopen { stage: 1, shard: *shard, round: 1 }).collect();
        RoundsObject { number: 1, why: WhyReopen::Retry, shards }
    }

    fn artifact(shard: u32, name: &str) -> VoidArtifacts {
        let upload = |name: &str| Upload { name: name.to_owned(), upload_id: "gone".to_owned() };
        VoidArtifacts { stage: 1, shard, uploads: vec![upload("part-00009.parquet"), upload(name)] }
    }

    #[tokio::test]
    async fn what_is_visible_is_not_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let (jobs, output) = (open(&dir.path().join("jobs")).await, open(&dir.path().join("out")).await);
        publish(&*output, "part-00000.parquet", job(7)).await;
        publish(&*output, "part-00001.parquet", job(8)).await;
        let artifacts = [artifact(0, "part-00000.parquet"), artifact(1, "part-00001.parquet")];
        let said = open_rounds(&*jobs, &*output, job(7), rounds(&[0, 1, 2]), &artifacts).await.unwrap();
        // The part of shard 1 is another job's: that is for publishing to find.
        assert_eq!(said, Outcome::RoundsOpened { job: job(7), rounds: rounds(&[1, 2]) });
        let again = open_rounds(&*jobs, &*output, job(7), rounds(&[2]), &[]).await.unwrap();
        assert_eq!(again, said, "the object that is there has won");
    }

    #[tokio::test]
    async fn of_two_coordinators_each_gets_a_number_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).await;
        let raise = async |above, nonce| match generation(&*store, job(1), above, 5, nonce).await.unwrap() {
            Outcome::GenerationRaised { generation, .. } => generation,
            other => panic!("{other:?}"),
        };
        assert_eq!(raise(0, "a").await, 1);
        assert_eq!(raise(0, "b").await, 2);
        assert_eq!(raise(6, "a").await, 7);
        let foreign = store.put_if_absent("generations/readme", "x".into(), &Metadata::new()).await;
        foreign.unwrap();
        assert_eq!(raise(0, "b").await, 8, "what is no number does not count");
    }
}
