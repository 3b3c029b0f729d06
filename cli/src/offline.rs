//! Jobs read from the objects that they keep beside their output, without a coordinator.

use crate::{context::Context, error::CliError, local::Home, render::quoted};
use futures::TryStreamExt;
use std::{collections::BTreeMap, sync::Arc};
use tarquet_client::is_over;
use tarquet_common::{
    clock::Clock,
    codes::spec as codes,
    failure::Failure,
    ids::JobId,
    store::{Store, StoreError, StoreSettings, Stores, Uri, list_all},
};
use tarquet_coordinator::{
    claims, from_objects,
    objects::{self, CATALOG, JOB, OBJECT_BYTES_MAX, home_of, job_uri},
};
use tarquet_core::{
    Catalog, PhaseName, Submit,
    views::{JobStatus, ShardLine},
};

/// A job as its objects tell it.
pub(crate) struct Kept {
    /// Its status.
    pub status: JobStatus,
    /// All its shards.
    pub shards: Vec<ShardLine>,
    /// The store of its prefix.
    pub store: Arc<dyn Store>,
    /// The home of its objects, where that is not beside the output.
    pub elsewhere: Option<String>,
    /// `tarquet run` has it, from this machine: the ledger that is here knows it.
    pub of_run: bool,
}

impl Kept {
    /// What was asked.
    pub(crate) async fn submit(&self) -> Result<Submit, CliError> {
        let object = self.store.get(JOB, OBJECT_BYTES_MAX).await.map_err(Failure::from)?;
        let object = object.ok_or_else(|| none_there(&self.status.output_uri))?;
        Ok(serde_json::from_slice(&object.bytes).map_err(|e| objects::damaged(self.store.root(), JOB, &e))?)
    }

    /// Its output, as it is now.
    pub(crate) async fn output(&self, cx: &Context) -> Result<Arc<dyn Store>, CliError> {
        let uri = Uri::parse_here(&self.status.output_uri).map_err(|e| Failure::from(StoreError::from(e)))?;
        let stores = cx.globals.store.own()?;
        Ok(stores.open(&uri, &cx.globals.store.of_output()).await.map_err(Failure::from)?)
    }

    /// What is gone from the output of a job that was published, or is another object by now; the first few.
    pub(crate) async fn differences(&self, cx: &Context) -> Result<Vec<String>, CliError> {
        let catalog = self.store.get(CATALOG, OBJECT_BYTES_MAX).await.map_err(Failure::from)?;
        let Some(catalog) = catalog else {
            let done = self.status.phase == PhaseName::Done;
            return Ok(if done { vec![CATALOG.to_owned()] } else { Vec::new() });
        };
        let catalog: Catalog = serde_json::from_slice(&catalog.bytes)
            .map_err(|e| objects::damaged(self.store.root(), CATALOG, &e))?;
        let output = self.output(cx).await?;
        let listed: BTreeMap<String, u64> = list_all(&*output, "")
            .try_filter_map(|entry| async { Ok(entry.ok().map(|o| (o.key, o.size))) })
            .try_collect()
            .await
            .map_err(Failure::from)?;
        let differs = catalog.artifacts.into_iter().filter(|a| listed.get(&a.name) != Some(&a.bytes));
        Ok(differs.map(|a| a.name).collect())
    }
}

/// The job that `text` names by its output, if it names an output at all: an `s3://` URI, a path with a slash, or
/// a name that has a job folder beside it. Anything else is a job id.
pub(crate) async fn find(text: &str, cx: &Context) -> Result<Option<Kept>, CliError> {
    let beside = std::path::Path::new(&format!("{}.tarquet", text.trim_end_matches('/'))).is_dir();
    if !beside && !text.contains('/') {
        return Ok(None);
    }
    read(text, cx).await.map(Some)
}

/// The newest job of an output.
pub(crate) async fn read(output: &str, cx: &Context) -> Result<Kept, CliError> {
    let uri = Uri::parse_here(output).map_err(|e| Failure::from(StoreError::from(e)))?;
    let home = uri.sibling(".tarquet").ok_or_else(|| none_there(output))?;
    let (stores, settings) = (cx.globals.store.own()?, cx.globals.store.of_output());
    let newest = newest(&stores, &settings, &uri, &home).await?;
    let (job, prefix) = newest.ok_or_else(|| none_there(output))?;
    let store = stores.open(&prefix, &settings).await.map_err(Failure::from)?;
    let elsewhere = Some(home_of(&prefix, &job)).filter(|at| *at != home).map(|at| at.to_string());
    let state = Home::of(output, elsewhere.as_deref())?.state_dir;
    let found = from_objects(&stores, &prefix, &settings, Some(&state), cx.clock.unix_ms()).await?;
    let mut found = found.ok_or_else(|| none_there(output))?;
    its_own(&uri, &found.status, output)?;
    in_words_of_run(&mut found.status, output);
    let mut kept =
        Kept { status: found.status, shards: found.shards, store, elsewhere, of_run: found.in_ledger };
    if let Some((first, more)) = kept.differences(cx).await?.split_first() {
        let text = format!("{first} and {} more are gone from the output, or other objects", more.len());
        let text = if more.is_empty() {
            format!("{first} is gone from the output, or another object")
        } else {
            text
        };
        kept.status.stages.last_mut().expect("a job has stages").warnings.push(text);
    }
    Ok(kept)
}

/// A copy of a dataset has a copy of the claim beside it, and a claim can be forged: what is told and typed about a job is about
/// the output that the job itself names.
fn its_own(asked: &Uri, status: &JobStatus, output: &str) -> Result<(), CliError> {
    let named = Uri::parse_here(&status.output_uri).map_err(|e| Failure::from(StoreError::from(e)))?;
    if named.resolved() == asked.resolved() {
        return Ok(());
    }
    let text = format!("what lies beside {output} is of job {}, which writes elsewhere", status.job);
    let failure = Failure::new(codes::NO_JOB_HERE, text).at_uri(output).expected(output, &status.output_uri);
    let hint = format!(
        "Name the job's own output, {}. A dataset that was copied or moved has no job of its own: remove it by hand.",
        quoted(&status.output_uri)
    );
    Err(failure.with_hint(hint).into())
}

/// Where the job is that the claim names, or else the one with the latest id.
async fn newest(
    stores: &Stores,
    settings: &StoreSettings,
    output: &Uri,
    home_uri: &Uri,
) -> Result<Option<(JobId, Uri)>, CliError> {
    if let Some(found) = claims::find(stores, settings, output, home_uri).await? {
        let claim = found.claim;
        let elsewhere = claim.job_uri.map(|uri| Uri::parse_here(&uri)).transpose();
        let elsewhere = elsewhere.map_err(|e| Failure::from(StoreError::from(e)))?;
        let prefix = elsewhere.unwrap_or_else(|| job_uri(home_uri, &claim.job));
        return Ok(Some((claim.job, prefix)));
    }
    let home = stores.open(home_uri, settings).await.map_err(Failure::from)?;
    let of_key = |key: &str| key.strip_prefix("jobs/")?.split('/').next()?.parse::<JobId>().ok();
    let mut newest = None;
    let mut objects = std::pin::pin!(list_all(&*home, "jobs/"));
    while let Some(object) = objects.try_next().await.map_err(Failure::from)? {
        newest = newest.max(object.ok().and_then(|o| of_key(&o.key)));
    }
    Ok(newest.map(|job| (job.clone(), job_uri(home_uri, &job))))
}

/// Tells what to type about a job that has no coordinator: it is named by its output.
pub(crate) fn in_words_of_run(status: &mut JobStatus, output: &str) {
    status.next = next(status, output);
    if let Some(reason) = &mut status.reason {
        reason.hint = Some(words_of_run(reason.hint(), output));
    }
}

/// A refusal, in the same words.
pub(crate) fn error_in_words_of_run(error: CliError, output: &str) -> CliError {
    match error {
        CliError::Failure(failure) => {
            let hint = words_of_run(failure.hint(), output);
            failure.with_hint(hint).into()
        }
        other => other,
    }
}

fn words_of_run(hint: &str, output: &str) -> String {
    let output = quoted(output);
    let words = [
        ("tarquet accept JOB", format!("tarquet run --resume {output} --accept")),
        ("tarquet retry JOB", format!("tarquet run --resume {output} --retry")),
        ("tarquet cancel JOB", format!("tarquet cancel {output}")),
        ("tarquet failures JOB", format!("tarquet failures {output}")),
        ("tarquet status JOB", format!("tarquet status {output}")),
    ];
    words.iter().fold(hint.to_owned(), |hint, (of, ours)| hint.replace(of, ours))
}

/// What goes on with a job that has no coordinator: `run --resume`.
fn next(status: &JobStatus, output: &str) -> Vec<String> {
    let output = quoted(output);
    let failures = || format!("tarquet failures {output}");
    let resume = |more: &str| format!("tarquet run --resume {output}{more}");
    let accept = status.next.iter().any(|line| line.starts_with("tarquet accept"));
    match is_over(status) {
        true => vec![failures()],
        false if status.hold.is_some() => {
            let accept = accept.then(|| resume(" --accept"));
            let rest = [resume(" --retry"), format!("tarquet cancel {output}")];
            [failures()].into_iter().chain(accept).chain(rest).collect()
        }
        false => vec![resume("")],
    }
}

fn none_there(output: &str) -> CliError {
    Failure::new(codes::NO_JOB_HERE, format!("no job is kept beside {output}")).at_uri(output).into()
}
