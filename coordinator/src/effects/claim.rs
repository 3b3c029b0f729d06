//! A job begins: what was asked, where it is found again, and the claim on its output, in that order.

use super::{order::JobPlace, tools::Tools};
use crate::{
    objects::{self, Claim, Pointer},
    stores::{Once, put_once, read_json},
};
use std::sync::Arc;
use tarquet_common::{
    codes::plan,
    failure::Failure,
    ids::JobId,
    store::{Store, StoreError, Uri},
};
use tarquet_core::{Outcome, Submit};

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
    let (home, key) = match prepare(tools, at, asked).await {
        Ok(Ready::Claim(home, key)) => (home, key),
        Ok(Ready::Taken(by)) => return Ok(Outcome::ClaimTaken { job: job(), by }),
        // What is found in the output is an answer at any time: by then the claim was looked for, and was not there.
        Err(failure) if again && failure.code != plan::OUTPUT_NOT_EMPTY => return Err(failure),
        Err(failure) => return Ok(Outcome::ClaimRefused { job: job(), failure }),
    };
    let ours = Claim { job: job(), output_uri: at.output_uri.clone() };
    match put_once(&*home, &key, &ours).await? {
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
    let job_uri = Uri::parse_here(&at.job_uri).map_err(StoreError::from)?;
    let output_uri = Uri::parse_here(&at.output_uri).map_err(StoreError::from)?;
    let home_uri = objects::home_of(&job_uri, &at.job);
    let key = objects::claim(&home_uri, &output_uri);
    let home = tools.open(&home_uri, at).await?;
    match read_json::<Claim>(&*home, &key).await? {
        Some(claim) if claim.job != at.job => return Ok(Ready::Taken(claim.job)),
        Some(_) => return Ok(Ready::Claim(home, key)),
        None => {}
    }
    empty(&*tools.output_store(at).await?).await?;
    put_once(&*tools.job_store(at).await?, objects::JOB, asked).await?;
    let pointer = Pointer { job: at.job.clone(), job_uri: at.job_uri.clone(), store: at.store.clone() };
    tools.registry.write(&pointer).await?;
    Ok(Ready::Claim(home, key))
}

async fn empty(output: &dyn Store) -> Result<(), Failure> {
    let page = output.list("", None, 1).await?;
    let first = page.objects.first().map(|o| o.key.as_str());
    let Some(name) = first.or(page.skipped.first().map(|s| s.name.as_str())) else { return Ok(()) };
    Err(Failure::new(plan::OUTPUT_NOT_EMPTY, "the output is not empty")
        .at_uri(output.root().to_string())
        .expected("nothing", name))
}
