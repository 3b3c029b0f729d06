//! Making a shard's artifacts visible, exactly once.
//!
//! Every upload is compared with its receipt before any is completed. Every answer to Complete but a clean one is
//! settled by looking at the key:
//!
//! | at the key | the upload | so |
//! |---|---|---|
//! | ours (its mark names this attempt) | | published |
//! | nothing | whole | complete once more; a second unclear answer is lost |
//! | nothing | gone, or not what the receipt says | lost: a new round |
//! | this job's, of another attempt | | another coordinator is further: the objects are read again |
//! | another's | | foreign: held |

use crate::{objects, stores::read_json};
use tarquet_common::{
    failure::Failure,
    origin::Origin,
    receipt::{Artifact, Part, Receipt},
    store::{CompleteOutcome, Store},
};
use tarquet_core::{Outcome, Verdict};

/// What lies under a final key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtKey {
    Nothing,
    Ours,
    /// Of this job, by another attempt.
    Elsewhere,
    Another,
}

/// What became of one artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    Published,
    Ready,
    Lost,
    /// Another attempt of the job is visible: another coordinator is further.
    Elsewhere,
    Foreign,
}

/// Whether the job has ended without being published, whoever ended it.
pub(super) async fn is_forbidden(store: &dyn Store) -> Result<bool, Failure> {
    let outcome = read_json::<Verdict>(store, objects::OUTCOME).await?;
    Ok(outcome.is_some_and(|verdict| verdict != Verdict::Publish))
}

pub(super) async fn publish(store: &dyn Store, receipt: &Receipt) -> Result<Outcome, Failure> {
    let (shard, round) = (receipt.shard.clone(), receipt.round);
    let mut visible = 0;
    let mut ready = Vec::new();
    let mut trouble = None;
    for artifact in &receipt.artifacts {
        match check(store, receipt, artifact).await? {
            Settled::Published => visible += 1,
            Settled::Ready => ready.push(artifact),
            bad => trouble = trouble.or(Some((bad, artifact))),
        }
    }
    for artifact in ready {
        if trouble.is_some() {
            break;
        }
        match complete(store, receipt, artifact).await? {
            Settled::Published => visible += 1,
            bad => trouble = Some((bad, artifact)),
        }
    }
    Ok(match trouble {
        None => Outcome::ShardPublished { shard, round },
        Some((bad @ (Settled::Foreign | Settled::Elsewhere), artifact)) => Outcome::ShardForeign {
            shard,
            round,
            name: artifact.name.clone(),
            of_this_job: bad == Settled::Elsewhere,
        },
        Some((_, artifact)) => {
            Outcome::UploadLost { shard, round, name: artifact.name.clone(), partly_published: visible > 0 }
        }
    })
}

/// Compares the upload with the receipt; where it is not whole, looks whether it was completed before.
async fn check(store: &dyn Store, receipt: &Receipt, artifact: &Artifact) -> Result<Settled, Failure> {
    if is_whole(store, artifact).await? {
        return Ok(Settled::Ready);
    }
    Ok(match at_key(store, receipt, artifact).await? {
        AtKey::Ours => Settled::Published,
        AtKey::Elsewhere => Settled::Elsewhere,
        AtKey::Another => Settled::Foreign,
        AtKey::Nothing => Settled::Lost,
    })
}

async fn complete(store: &dyn Store, receipt: &Receipt, artifact: &Artifact) -> Result<Settled, Failure> {
    // Where a store ignores the condition on Complete, looking first is what keeps another's object whole.
    match at_key(store, receipt, artifact).await? {
        AtKey::Ours => return Ok(Settled::Published),
        AtKey::Elsewhere => return Ok(Settled::Elsewhere),
        AtKey::Another => return Ok(Settled::Foreign),
        AtKey::Nothing => {}
    }
    for _ in 0..2 {
        let answer =
            store.complete_upload(&artifact.name, &artifact.upload_id, &artifact.parts, true).await?;
        if let CompleteOutcome::Published { .. } = answer {
            return Ok(Settled::Published);
        }
        tracing::info!(key = artifact.name, ?answer, "completing is unclear, looking at the key");
        match at_key(store, receipt, artifact).await? {
            AtKey::Ours => return Ok(Settled::Published),
            AtKey::Elsewhere => return Ok(Settled::Elsewhere),
            AtKey::Another => return Ok(Settled::Foreign),
            AtKey::Nothing => {}
        }
        if !is_whole(store, artifact).await? {
            break;
        }
    }
    // The upload may have been completed between the two looks.
    Ok(match at_key(store, receipt, artifact).await? {
        AtKey::Ours => Settled::Published,
        AtKey::Elsewhere => Settled::Elsewhere,
        AtKey::Another => Settled::Foreign,
        AtKey::Nothing => Settled::Lost,
    })
}

async fn at_key(store: &dyn Store, receipt: &Receipt, artifact: &Artifact) -> Result<AtKey, Failure> {
    let Some(meta) = store.head(&artifact.name).await? else { return Ok(AtKey::Nothing) };
    let ours = Origin { shard: receipt.shard.clone(), round: receipt.round, attempt: receipt.attempt };
    Ok(match Origin::from_metadata(&meta.metadata) {
        Some(found) if found == ours && meta.size == artifact.bytes => AtKey::Ours,
        Some(found) if found != ours && found.shard.job == ours.shard.job => AtKey::Elsewhere,
        _ => AtKey::Another,
    })
}

/// Whether the upload has exactly the parts of the receipt.
async fn is_whole(store: &dyn Store, artifact: &Artifact) -> Result<bool, Failure> {
    let Some(found) = store.list_parts(&artifact.name, &artifact.upload_id).await? else { return Ok(false) };
    let same = |(a, b): (&Part, &Part)| {
        a.number == b.number
            && a.size == b.size
            && a.etag.trim_matches('"') == b.etag.trim_matches('"')
            && (a.crc64.is_empty() || b.crc64.is_empty() || a.crc64 == b.crc64)
    };
    Ok(found.len() == artifact.parts.len() && found.iter().zip(&artifact.parts).all(same))
}
