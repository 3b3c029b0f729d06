//! Effects that write one conditional object. Whoever wrote the one that is there has won, and the outcome reports what
//! it says.

use crate::{
    objects::{self, Generation},
    rebuild::highest_generation,
    stores::{Once, put_once},
};
use std::sync::Arc;
use tarquet_common::{failure::Failure, ids::JobId, receipt::Receipt, store::Store};
use tarquet_core::{Catalog, Outcome, RoundEnd, Verdict};

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
    Ok(match put_once(store, &key, &RoundEnd::Receipt(Arc::clone(&ours))).await? {
        Once::Ours => Outcome::ReceiptStored(ours),
        Once::Theirs(RoundEnd::Receipt(theirs)) => Outcome::ReceiptTaken(theirs),
        Once::Theirs(RoundEnd::Void(of) | RoundEnd::Excluded { of, .. }) => Outcome::RoundIsOver(of),
    })
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
    use tarquet_common::store::{Metadata, StoreSettings, Stores, Uri};

    async fn open(root: &std::path::Path) -> Arc<dyn Store> {
        let uri = Uri::parse_here(&root.to_string_lossy()).unwrap();
        Stores::new().open(&uri, &StoreSettings::default()).await.unwrap()
    }

    fn job(random: u128) -> JobId {
        JobId::from_parts(1, random)
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
