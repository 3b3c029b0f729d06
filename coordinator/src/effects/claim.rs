//! A job begins: what was asked, where it is found again, and the claim on its output, in that order.

use super::{order::JobPlace, tools::Tools};
use crate::{
    objects::{self, Claim, Pointer},
    stores::{Once, output_is_free, put_once},
};
use std::sync::Arc;
use tarquet_common::{
    codes::{Code, plan},
    failure::Failure,
    ids::JobId,
    store::{Store, StoreError, Uri},
};
use tarquet_core::{Outcome, Submit};

/// What is found in the output's place.
const OUTPUT_IS_TAKEN: [Code; 2] = [plan::OUTPUT_NOT_EMPTY, plan::OUTPUT_NOT_A_FOLDER];

/// Until the claim is being written, any trouble is an answer to whoever submits: nothing binds us yet. From then on,
/// and so whenever the order is carried out `again`, an unclear answer has to be cleared up, or the output might stay
/// claimed by a job that nobody knows.
pub(super) async fn claim(
    tools: &Tools,
    at: &JobPlace,
    asked: &Submit,
    again: bool,
) -> Result<Outcome, Failure> {
    let job = || at.job.clone();
    let (place, key) = match prepare(tools, at, asked).await {
        Ok(Ready::Claim(place, key)) => (place, key),
        Ok(Ready::Taken(by)) => return Ok(Outcome::ClaimTaken { job: job(), by }),
        // What is found in the output is an answer at any time: by then the claim was looked for, and was not there.
        Err(failure) if again && !OUTPUT_IS_TAKEN.contains(&failure.code) => return Err(failure),
        Err(failure) => return Ok(Outcome::ClaimRefused { job: job(), failure }),
    };
    let job_uri = Some(at.job_uri.clone());
    let ours = Claim { job: job(), output_uri: at.output_uri.clone(), job_uri };
    match put_once(&*place, &key, &ours).await? {
        Once::Ours => Ok(Outcome::ClaimStored(job())),
        Once::Theirs(theirs) if theirs.job == at.job => Ok(Outcome::ClaimStored(job())),
        Once::Theirs(theirs) => Ok(Outcome::ClaimTaken { job: job(), by: theirs.job }),
    }
}

enum Ready {
    /// All that comes before the claim is durable; here it goes.
    Claim(Arc<dyn Store>, String),
    /// Another's is there already.
    Taken(JobId),
}

async fn prepare(tools: &Tools, at: &JobPlace, asked: &Submit) -> Result<Ready, Failure> {
    let (root, key) = objects::claim_place(&Uri::parse_here(&at.output_uri).map_err(StoreError::from)?);
    let place = tools.open(&root, at).await?;
    match tools.claim_on_output(at).await? {
        Some(found) if found.claim.job != at.job => return Ok(Ready::Taken(found.claim.job)),
        Some(_) => return Ok(Ready::Claim(place, key)),
        None => {}
    }
    output_is_free(&*tools.output_store(at).await?).await?;
    put_once(&*tools.job_store(at).await?, objects::JOB, asked).await?;
    let pointer = Pointer { job: at.job.clone(), job_uri: at.job_uri.clone(), store: at.store.clone() };
    tools.registry.write(&pointer).await?;
    Ok(Ready::Claim(place, key))
}
