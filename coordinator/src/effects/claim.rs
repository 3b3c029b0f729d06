//! A job begins: what was asked, where it is found again, and the claim on its output, in that order.

use super::{
    Executor,
    once::{Once, put_once, read_json},
};
use crate::objects::{self, Claim};
use tarquet_common::{
    codes::plan,
    failure::Failure,
    store::{Store, Uri},
};
use tarquet_core::{Command, JobRow, Submit};

/// Until the claim is being written, any trouble is an answer to whoever submits: nothing binds us yet. From then on
/// an unclear answer has to be cleared up, or the output might stay claimed by a job that nobody knows.
pub(super) async fn claim(executor: &Executor, job: &JobRow) -> Result<Command, Failure> {
    let refused = |failure| Ok(Command::ClaimRefused { job: job.job.clone(), failure });
    let (home, key) = match prepare(executor, job).await {
        Ok(Ready::Claim(home, key)) => (home, key),
        Ok(Ready::Taken(by)) => return Ok(Command::ClaimTaken { job: job.job.clone(), by }),
        Err(failure) => return refused(failure),
    };
    let ours = Claim { job: job.job.clone(), output_uri: job.output_uri.clone() };
    match put_once(&*home, &key, &ours).await? {
        Once::Ours => Ok(Command::ClaimStored(job.job.clone())),
        Once::Theirs(theirs) if theirs.job == job.job => Ok(Command::ClaimStored(job.job.clone())),
        Once::Theirs(theirs) => Ok(Command::ClaimTaken { job: job.job.clone(), by: theirs.job }),
    }
}

enum Ready {
    /// All that comes before the claim is durable; here it goes.
    Claim(std::sync::Arc<dyn Store>, String),
    /// Another's is there already.
    Taken(tarquet_common::ids::JobId),
}

async fn prepare(executor: &Executor, job: &JobRow) -> Result<Ready, Failure> {
    let job_uri = Uri::parse_here(&job.job_uri).map_err(tarquet_common::store::StoreError::from)?;
    let output_uri = Uri::parse_here(&job.output_uri).map_err(tarquet_common::store::StoreError::from)?;
    let home_uri = objects::home_of(&job_uri, &job.job);
    let key = objects::claim(&home_uri, &output_uri);
    let home = executor.open(&home_uri, job).await?;
    match read_json::<Claim>(&*home, &key).await? {
        Some(claim) if claim.job != job.job => return Ok(Ready::Taken(claim.job)),
        Some(_) => return Ok(Ready::Claim(home, key)),
        None => {}
    }
    empty(&*executor.output_store(job).await?).await?;
    let asked = asked(job);
    put_once(&*executor.job_store(job).await?, objects::JOB, &asked).await?;
    executor.registry.point(job).await?;
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

/// The job object: what was asked, which a rebuild reads.
pub(super) fn asked(job: &JobRow) -> Submit {
    Submit {
        token: job.token.clone(),
        job: job.job.clone(),
        name: job.name.clone(),
        kind: job.kind.clone(),
        stages: job.stages.clone(),
        job_uri: job.job_uri.clone(),
        output_uri: job.output_uri.clone(),
        spec: job.spec.clone(),
        options: job.options.clone(),
        submitted_unix_ms: job.submitted_unix_ms,
    }
}
