//! Rounds that end without a receipt: because the next is opened, or because somebody goes on without the shard.
//!
//! How a round ended is one object, written once, so an attempt that finishes, a coordinator that opens the next round and
//! one that goes on without the shard cannot all believe to have decided: whoever comes second reads what the first said.

use super::output::{abort, abort_or_leave};
use crate::{
    objects,
    stores::{Once, put_once},
};
use futures::{StreamExt, TryStreamExt, stream};
use tarquet_common::{
    failure::Failure,
    ids::{JobId, ShardId},
    origin::Origin,
    receipt::Receipt,
    store::Store,
};
use tarquet_core::{AcceptObject, Outcome, Reopen, RoundEnd, RoundOf, RoundsObject, Upload};

/// Shards looked at at a time.
const PARALLEL: usize = 32;

/// Leaves out every shard of which an artifact is visible: an earlier process may have published it and died before it
/// could record that, and what is visible is never made again. Of the others none may become visible once the round is
/// open, whoever has asked for that before: a shard's artifacts are completed in order, so aborting the first upload ends
/// it. What was completed before that is seen when looked at again. Where the round before has no receipt, it gets none.
pub(super) async fn open(
    store: &dyn Store,
    output: &dyn Store,
    job: JobId,
    mut rounds: RoundsObject,
) -> Result<Outcome, Failure> {
    let open: Vec<_> = rounds.shards.iter().map(|reopen| may_open(store, output, &job, reopen)).collect();
    let open: Vec<bool> = stream::iter(open).buffered(PARALLEL).try_collect().await?;
    let mut open = open.into_iter();
    rounds.shards.retain(|_| open.next().expect("there is one for each"));
    let said = put_once(store, &objects::rounds(rounds.number), &rounds).await?;
    Ok(Outcome::RoundsOpened { job, rounds: said.says(rounds) })
}

/// Ends the round before, and says whether the shard may be done once more.
async fn may_open(
    store: &dyn Store,
    output: &dyn Store,
    job: &JobId,
    reopen: &Reopen,
) -> Result<bool, Failure> {
    let Some(before) = reopen.round.checked_sub(1) else { return Ok(false) };
    let shard = ShardId { job: job.clone(), stage: reopen.stage, shard: reopen.shard };
    let void = RoundEnd::Void(RoundOf { shard, round: before });
    match end(store, &void).await? {
        RoundEnd::Void(_) => Ok(true),
        RoundEnd::Receipt(receipt) => close(output, job, &receipt).await,
        RoundEnd::Excluded { .. } => Ok(false),
    }
}

/// Ends a round, and says how it ended.
async fn end(store: &dyn Store, ours: &RoundEnd) -> Result<RoundEnd, Failure> {
    let (shard, round) = ours.round();
    Ok(match put_once(store, &objects::receipt(shard, round), ours).await? {
        Once::Ours => ours.clone(),
        Once::Theirs(theirs) => theirs,
    })
}

/// Sees to it that nothing of a shard's artifacts becomes visible any more; `false` if something is.
async fn close(output: &dyn Store, job: &JobId, receipt: &Receipt) -> Result<bool, Failure> {
    for artifact in &receipt.artifacts {
        if is_ours(output, job, &artifact.name).await? {
            return Ok(false);
        }
    }
    let Some(first) = receipt.artifacts.first() else { return Ok(true) };
    let upload = Upload { name: first.name.clone(), upload_id: first.upload_id.clone() };
    abort_or_leave(abort(output, &[upload]).await)?;
    Ok(!is_ours(output, job, &first.name).await?)
}

/// Whether something of this job lies under a key.
async fn is_ours(output: &dyn Store, job: &JobId, name: &str) -> Result<bool, Failure> {
    let Some(meta) = output.head(name).await? else { return Ok(false) };
    Ok(Origin::from_metadata(&meta.metadata).is_some_and(|origin| origin.shard.job == *job))
}

/// Leaves out every shard whose round has ended otherwise. The others' rounds, of which `rounds` tells the numbers, end
/// without a receipt.
pub(super) async fn accept(
    store: &dyn Store,
    job: JobId,
    mut ours: AcceptObject,
    rounds: Vec<RoundOf>,
) -> Result<Outcome, Failure> {
    let excluded = rounds.into_iter().zip(&ours.excluded).map(|(of, (_, failure))| async move {
        let excluded = RoundEnd::Excluded { of, failure: Box::new(failure.clone()) };
        Ok::<_, Failure>(matches!(end(store, &excluded).await?, RoundEnd::Excluded { .. }))
    });
    let excluded: Vec<_> = excluded.collect();
    let excluded: Vec<bool> = stream::iter(excluded).buffered(PARALLEL).try_collect().await?;
    let mut excluded = excluded.into_iter();
    ours.excluded.retain(|_| excluded.next().expect("each shard has its round"));
    let said = put_once(store, &objects::accept(ours.number), &ours).await?;
    Ok(Outcome::AcceptStored { job, accept: said.says(ours) })
}
