//! The listing of a job, frozen: what was there when the job was planned, whoever plans again.

use super::{Judge, Listing, list};
use crate::stores::OpenStores;
use serde::de::DeserializeOwned;
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    spec::Objects,
    stage_plan::{decode_block, encode_block},
    store::{Metadata, PutOutcome, Store},
};

/// Key of the object, relative to the job prefix. It holds (inputs, how many were passed over).
const INPUTS_KEY: &str = "inputs";
/// Most bytes of it that are read back.
const INPUTS_BYTES_MAX: u64 = 4 << 30;

/// Lists the inputs and freezes the list in the job prefix, or reads the list that was frozen before.
///
/// # Errors
/// Those of [`list`]; `PLAN_UNREADABLE` when the frozen list is damaged.
pub(crate) async fn freeze<J: Judge>(
    stores: &dyn OpenStores,
    objects: Objects<'_>,
    judge: &J,
    job: &dyn Store,
) -> Result<Listing<J::Input>, Failure> {
    if let Some(listing) = read(job).await? {
        return Ok(listing);
    }
    let listing = list(stores, objects, judge).await?;
    let body = encode_block(&(&listing.inputs, listing.passed_over));
    match job.put_if_absent(INPUTS_KEY, body.into(), &Metadata::new()).await? {
        PutOutcome::Created => Ok(listing),
        PutOutcome::Exists => frozen(job).await,
    }
}

/// The list that was frozen.
///
/// # Errors
/// `PLAN_UNREADABLE` when there is none, or it is damaged.
pub(crate) async fn frozen<T: DeserializeOwned>(job: &dyn Store) -> Result<Listing<T>, Failure> {
    let gone = || Failure::new(codes::PLAN_UNREADABLE, "the job's list of inputs is gone");
    read(job).await?.ok_or_else(gone)
}

async fn read<T: DeserializeOwned>(job: &dyn Store) -> Result<Option<Listing<T>>, Failure> {
    let Some(object) = job.get(INPUTS_KEY, INPUTS_BYTES_MAX).await? else { return Ok(None) };
    let (inputs, passed_over): (Vec<T>, u64) = decode_block(&object.bytes).map_err(|e| {
        Failure::new(codes::PLAN_UNREADABLE, "the job's list of inputs is damaged").caused_by(&e)
    })?;
    Ok(Some(Listing { inputs, passed_over }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::store::{LocalStore, Uri};

    #[tokio::test]
    async fn a_list_of_inputs_is_there_and_whole_or_the_plan_cannot_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalStore::open(&dir.path().to_str().unwrap().parse::<Uri>().unwrap()).unwrap();
        assert_eq!(frozen::<String>(&store).await.unwrap_err().code, codes::PLAN_UNREADABLE);
        store.put(INPUTS_KEY, vec![0xff; 9].into(), &Metadata::new()).await.unwrap();
        assert_eq!(frozen::<String>(&store).await.unwrap_err().code, codes::PLAN_UNREADABLE);
        store.put(INPUTS_KEY, b"\x02\x01a\x02bc\x03".to_vec().into(), &Metadata::new()).await.unwrap();
        let listing = frozen::<String>(&store).await.unwrap();
        assert_eq!((listing.inputs, listing.passed_over), (vec!["a".to_owned(), "bc".to_owned()], 3));
    }
}
