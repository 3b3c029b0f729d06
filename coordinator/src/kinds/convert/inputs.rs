//! The listing of a job, frozen: what was there when the job was planned, whoever plans again.

use super::listing::{Listing, list_inputs};
use crate::stores::OpenStores;
use tarquet_common::{
    archive::ArchiveRef,
    codes::plan as codes,
    failure::Failure,
    kinds::convert::ConvertSpec,
    stage_plan::{decode_block, encode_block},
    store::{Metadata, PutOutcome, Store},
};

/// Key of the object, relative to the job prefix.
const INPUTS_KEY: &str = "inputs";
/// Most bytes of it that are read back.
const INPUTS_BYTES_MAX: u64 = 4 << 30;

/// Lists the inputs and freezes the list in the job prefix, or reads the list that was frozen before.
pub(super) async fn freeze_inputs(
    stores: &dyn OpenStores,
    spec: &ConvertSpec,
    job: &dyn Store,
) -> Result<Listing, Failure> {
    if let Some(listing) = read_inputs(job).await? {
        return Ok(listing);
    }
    let listing = list_inputs(stores, spec).await?;
    let body = encode_block(&(&listing.archives, listing.ignored));
    let put = job.put_if_absent(INPUTS_KEY, body.into(), &Metadata::new()).await.map_err(Failure::from)?;
    match put {
        PutOutcome::Created => Ok(listing),
        PutOutcome::Exists => read_inputs(job).await?.ok_or_else(gone),
    }
}

/// The list that was frozen.
///
/// # Errors
/// `PLAN_UNREADABLE` when there is none, or it is damaged.
pub(super) async fn frozen_inputs(job: &dyn Store) -> Result<Listing, Failure> {
    read_inputs(job).await?.ok_or_else(gone)
}

async fn read_inputs(job: &dyn Store) -> Result<Option<Listing>, Failure> {
    let Some(object) = job.get(INPUTS_KEY, INPUTS_BYTES_MAX).await.map_err(Failure::from)? else {
        return Ok(None);
    };
    let (archives, ignored): (Vec<ArchiveRef>, u64) = decode_block(&object.bytes).map_err(|e| {
        Failure::new(codes::PLAN_UNREADABLE, "the job's list of inputs is damaged").caused_by(&e)
    })?;
    Ok(Some(Listing { archives, ignored }))
}

fn gone() -> Failure {
    Failure::new(codes::PLAN_UNREADABLE, "the job's list of inputs is gone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::store::{LocalStore, Uri};

    #[tokio::test]
    async fn a_list_of_inputs_is_there_and_whole_or_the_plan_cannot_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalStore::open(&dir.path().to_str().unwrap().parse::<Uri>().unwrap()).unwrap();
        assert_eq!(frozen_inputs(&store).await.unwrap_err().code, codes::PLAN_UNREADABLE);
        store.put(INPUTS_KEY, vec![0xff; 9].into(), &Metadata::new()).await.unwrap();
        assert_eq!(frozen_inputs(&store).await.unwrap_err().code, codes::PLAN_UNREADABLE);
    }
}
