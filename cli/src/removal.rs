//! Removing what a job has written, when it is over: its parts in the output, its own objects, and its claim. Nothing else is
//! touched: a part is removed if its mark names the job, an object if it lies in the job's prefix.

use crate::{args::Format, context::Context, error::CliError, local::Home, offline::Kept, render::count};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use std::sync::Arc;
use tarquet_client::is_over;
use tarquet_common::{
    codes::{plan, publish, spec as codes},
    failure::Failure,
    origin::Origin,
    store::{Store, StoreError, Uri, list_all},
};
use tarquet_coordinator::{
    claims,
    objects::{CLAIM_INSIDE, JOB, OUTCOME, home_of, is_part_name, pointer},
};

/// Objects looked at, or removed, at a time.
const PARALLEL: usize = 32;

/// What of a job there is to remove.
pub(crate) struct Removal<'k> {
    kept: &'k Kept,
    output: Arc<dyn Store>,
    parts: Vec<String>,
    objects: Vec<String>,
    bytes: u64,
}

impl<'k> Removal<'k> {
    /// Looks what there is.
    ///
    /// # Errors
    /// `JOB_GOES_ON`; what the store said.
    pub(crate) async fn of(kept: &'k Kept, cx: &Context) -> Result<Self, CliError> {
        let status = &kept.status;
        if !is_over(status) {
            let text = format!("job {} is {}, not over", status.job, status.phase);
            return Err(Failure::new(publish::JOB_GOES_ON, text).at_uri(&status.output_uri).into());
        }
        let output = kept.output(cx).await?;
        let mut removal = Self { kept, output, parts: Vec::new(), objects: Vec::new(), bytes: 0 };
        removal.look().await.map_err(Failure::from)?;
        Ok(removal)
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let (output, job) = (&self.output, &self.kept.status.job);
        let parts: Vec<_> = list_all(&**output, "part-").try_collect().await?;
        let parts = parts.into_iter().filter_map(Result::ok).filter(|o| is_part_name(&o.key));
        let ours = parts.map(|part| async move {
            let meta = output.head(&part.key).await?;
            let origin = meta.and_then(|meta| Origin::from_metadata(&meta.metadata));
            Ok::<_, StoreError>(origin.is_some_and(|o| o.shard.job == *job).then_some(part))
        });
        let ours: Vec<_> = ours.collect();
        let ours: Vec<_> = stream::iter(ours).buffered(PARALLEL).try_collect().await?;
        let objects: Vec<_> = list_all(&*self.kept.store, "").try_collect().await?;
        let ours: Vec<_> = ours.into_iter().flatten().collect();
        let objects: Vec<_> = objects.into_iter().filter_map(Result::ok).collect();
        self.bytes = ours.iter().chain(&objects).map(|o| o.size).sum();
        self.parts = ours.into_iter().map(|o| o.key).collect();
        self.objects = objects.into_iter().map(|o| o.key).collect();
        Ok(())
    }

    /// In a few words.
    pub(crate) fn told(&self) -> String {
        let (parts, objects) = (self.parts.len() as u64, self.objects.len() as u64);
        let bytes = crate::render::bytes(self.bytes);
        format!(
            "{} parts and {} objects of job {}, {bytes}",
            count(parts),
            count(objects),
            self.kept.status.job
        )
    }

    /// Whether somebody has said yes.
    ///
    /// # Errors
    /// `NEEDS_YES`, with what would be removed.
    pub(crate) fn asked_for(&self, cx: &Context) -> Result<(), CliError> {
        if cx.globals.yes {
            return Ok(());
        }
        let list = self.parts.iter().map(|key| format!("part    {key}"));
        let list: Vec<String> = list.chain(self.objects.iter().map(|key| format!("object  {key}"))).collect();
        match cx.format() {
            Format::Json | Format::Jsonl => {
                cx.answer_json(&json!({ "parts": self.parts, "objects": self.objects }))?;
            }
            Format::Name | Format::Table => cx.answer(&list.join("\n"))?,
        }
        let text = format!("{} would be removed, and nobody has said yes", self.told());
        Err(Failure::new(codes::NEEDS_YES, text).at_uri(&self.kept.status.output_uri).into())
    }

    /// Looks whether the output is free afterwards.
    ///
    /// # Errors
    /// `OUTPUT_NOT_EMPTY`.
    pub(crate) async fn leaves_nothing(&self) -> Result<(), CliError> {
        let there: Vec<_> = list_all(&*self.output, "").try_collect().await.map_err(Failure::from)?;
        let names = there.iter().map(|entry| entry.as_ref().map_or_else(|s| &s.name, |o| &o.key));
        let mut others = names.filter(|name| !self.parts.contains(name) && *name != CLAIM_INSIDE);
        let Some(name) = others.next() else { return Ok(()) };
        let text = format!("{name} in the output is not this job's, and stays: nothing was removed");
        let failure = Failure::new(plan::OUTPUT_NOT_EMPTY, text).at_uri(&self.kept.status.output_uri);
        Err(failure.with_hint("Remove it, or choose another output.").into())
    }

    /// Removes it. What says whose the rest is goes last, so that after an interruption the same command goes on.
    pub(crate) async fn carry_out(&self, cx: &Context) -> Result<(), CliError> {
        let last = [OUTCOME, JOB];
        let rest: Vec<&String> = self.objects.iter().filter(|key| !last.contains(&key.as_str())).collect();
        each(&self.output, self.parts.iter().collect()).await.map_err(Failure::from)?;
        each(&self.kept.store, rest).await.map_err(Failure::from)?;
        self.forget(cx).await?;
        for key in last {
            self.kept.store.delete(key).await.map_err(Failure::from)?;
        }
        Ok(())
    }

    /// The claim, if it is still this job's, and the pointer of a local run.
    async fn forget(&self, cx: &Context) -> Result<(), Failure> {
        let status = &self.kept.status;
        let (stores, settings) = (cx.globals.store.own()?, cx.globals.store.of_output());
        let output = Uri::parse_here(&status.output_uri).map_err(StoreError::from)?;
        let home = home_of(self.kept.store.root(), &status.job);
        let found = claims::find(&stores, &settings, &output, &home).await?;
        if let Some(ours) = found.filter(|found| found.claim.job == status.job) {
            ours.release().await?;
        }
        if let Ok(home) = Home::of(&status.output_uri, self.kept.elsewhere.as_deref()) {
            stores.open(&home.registry, &settings).await?.delete(&pointer(&status.job)).await?;
        }
        Ok(())
    }
}

async fn each(store: &Arc<dyn Store>, keys: Vec<&String>) -> Result<(), StoreError> {
    let deletes: Vec<_> = keys.into_iter().map(|key| store.delete(key)).collect();
    stream::iter(deletes).buffer_unordered(PARALLEL).try_collect().await
}
