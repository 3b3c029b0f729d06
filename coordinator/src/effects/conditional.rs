//! Effects that write one conditional object. Whoever wrote the one that is there has won, and the outcome reports what
//! it says.

use super::{order::JobPlace, tools::Tools};
use crate::{
    objects::{self, Generation},
    once::{Once, put_once},
    rebuild::highest_generation,
};
use std::{collections::BTreeSet, sync::Arc};
use tarquet_common::{failure::Failure, ids::JobId, origin::Origin, receipt::Receipt, store::Store};
use tarquet_core::{AcceptObject, Catalog, Outcome, RoundsObject, Verdict, VoidArtifacts};

/// Writes the first free number above `above` and above all that are there. The object holds chance, so of two
/// coordinators that try the same number one goes on to the next.
pub(super) async fn generation(tools: &Tools, at: JobPlace, above: u32) -> Result<Outcome, Failure> {
    let store = tools.job_store(&at).await?;
    let mut generation = highest_generation(&*store).await?.max(above);
    loop {
        generation = generation.saturating_add(1);
        let ours = Generation { generation, unix_ms: tools.clock.unix_ms(), nonce: tools.nonce.clone() };
        match put_once(&*store, &objects::generation(generation), &ours).await? {
            Once::Theirs(theirs) if theirs.nonce != ours.nonce => {}
            Once::Ours | Once::Theirs(_) => {
                return Ok(Outcome::GenerationRaised { job: at.job, generation });
            }
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
/// could record that, and what is visible is never made again.
pub(super) async fn open_rounds(
    tools: &Tools,
    at: JobPlace,
    mut rounds: RoundsObject,
    artifacts: &[VoidArtifacts],
) -> Result<Outcome, Failure> {
    if !artifacts.is_empty() {
        let visible = visible(&*tools.output_store(&at).await?, &at.job, artifacts).await?;
        rounds.shards.retain(|reopen| !visible.contains(&(reopen.stage, reopen.shard)));
    }
    let store = tools.job_store(&at).await?;
    let said = put_once(&*store, &objects::rounds(rounds.number), &rounds).await?;
    Ok(Outcome::RoundsOpened { job: at.job, rounds: said.says(rounds) })
}

/// The shards of which something lies under a final key, as this job's.
async fn visible(
    output: &dyn Store,
    job: &JobId,
    artifacts: &[VoidArtifacts],
) -> Result<BTreeSet<(u8, u32)>, Failure> {
    let mut visible = BTreeSet::new();
    for VoidArtifacts { stage, shard, names } in artifacts {
        for name in names {
            let Some(meta) = output.head(name).await? else { continue };
            if Origin::from_metadata(&meta.metadata).is_some_and(|origin| origin.shard.job == *job) {
                visible.insert((*stage, *shard));
                break;
            }
        }
    }
    Ok(visible)
}

pub(super) async fn accept(tools: &Tools, at: JobPlace, ours: AcceptObject) -> Result<Outcome, Failure> {
    let said = put_once(&*tools.job_store(&at).await?, &objects::accept(ours.number), &ours).await?;
    Ok(Outcome::AcceptStored { job: at.job, accept: said.says(ours) })
}

pub(super) async fn verdict(tools: &Tools, at: JobPlace, ours: Verdict) -> Result<Outcome, Failure> {
    let said = put_once(&*tools.job_store(&at).await?, objects::OUTCOME, &ours).await?;
    Ok(Outcome::OutcomeStored { job: at.job, verdict: said.says(ours) })
}

/// The catalog is a function of the receipts: one that is there must say the same.
pub(super) async fn catalog(tools: &Tools, at: JobPlace, ours: Catalog) -> Result<Outcome, Failure> {
    Ok(match put_once(&*tools.job_store(&at).await?, objects::CATALOG, &ours).await? {
        Once::Ours => Outcome::CatalogStored(at.job),
        Once::Theirs(theirs) if ours.says_the_same(&theirs) => Outcome::CatalogStored(at.job),
        Once::Theirs(_) => Outcome::CatalogDiffers(at.job),
    })
}
