//! `tarquet gc`: removes what ended jobs left at and beside an output: uploads that nobody will complete, and the
//! temporary objects in the prefixes of jobs that were cancelled or failed. What a finished job keeps (plan,
//! receipts, quarantine, catalog) and indexes stay, and so does whatever is not named as a job names things.

use crate::{
    args::Format,
    connection::block_on,
    context::Context,
    error::CliError,
    exit::Exit,
    render::{Align, Table, count, duration_ms},
};
use futures::TryStreamExt;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tarquet_common::{
    clock::Clock,
    codes::spec as codes,
    failure::Failure,
    ids::JobId,
    store::{Store, StoreError, Stores, UploadInfo, Uri, list_all},
};
use tarquet_coordinator::{
    claims, from_objects,
    objects::{CATALOG, OUTCOME, is_part_name, job_uri},
};
use tarquet_core::PhaseName;

/// Uploads that no job here can have begun are left alone for so long.
const YOUNG_MS: u64 = 24 * 3_600_000;

/// Which output.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The output of jobs: a folder or s3:// prefix
    #[arg(value_name = "OUT")]
    output: String,
}

/// One thing to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Litter {
    /// An upload of a part under the output.
    Upload { key: String, upload_id: String, begun_ms: u64 },
    /// An upload beside the output.
    SideUpload { key: String, upload_id: String, begun_ms: u64 },
    /// An object in a job's prefix.
    Object { key: String, bytes: u64 },
}

impl Litter {
    fn upload(u: UploadInfo) -> Self {
        Self::Upload { key: u.key, upload_id: u.upload_id, begun_ms: u.begun_ms }
    }

    fn side_upload(u: UploadInfo) -> Self {
        Self::SideUpload { key: u.key, upload_id: u.upload_id, begun_ms: u.begun_ms }
    }
}

/// Lists what can go and, with `-y`, removes it.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let place = Place::open(&args.output, cx).await?;
        // Uploads first: whoever began one had written its job before, so the jobs read next name all their owners.
        let uploads = place.output.list_uploads("part-").await.map_err(Failure::from)?;
        let beside = place.home.list_uploads("").await.map_err(Failure::from)?;
        let jobs = place.jobs().await?;
        let parts = uploads.into_iter().filter(|u| is_part_name(&u.key)).collect();
        let mut litter: Vec<Litter> =
            abandoned(parts, &jobs, place.now_ms).into_iter().map(Litter::upload).collect();
        litter.extend(abandoned(beside, &jobs, place.now_ms).into_iter().map(Litter::side_upload));
        litter.extend(place.leftovers(&jobs).await?);
        tell(&litter, cx)?;
        if litter.is_empty() {
            return Ok(Exit::Done);
        }
        if !cx.globals.yes {
            let text = format!("{} things would be removed, and nobody has said yes", litter.len());
            return Err(Failure::new(codes::NEEDS_YES, text).at_uri(&args.output).into());
        }
        place.remove(&litter).await?;
        cx.say(&format!("Removed {}", litter.len()));
        Ok(Exit::Done)
    })
}

/// A job that has objects here.
struct Known {
    id: JobId,
    /// Where its objects say that it is; `None` where there is no job object.
    phase: Option<PhaseName>,
    /// When it ended, by the store's clock.
    ended_ms: Option<u64>,
}

/// An output and the home beside it.
struct Place {
    output: Arc<dyn Store>,
    home: Arc<dyn Store>,
    home_uri: Uri,
    stores: Stores,
    settings: tarquet_common::store::StoreSettings,
    now_ms: u64,
}

impl Place {
    async fn open(output: &str, cx: &Context) -> Result<Self, CliError> {
        let uri = Uri::parse_here(output).map_err(|e| Failure::from(StoreError::from(e)))?;
        let no_home =
            || Failure::new(codes::NO_JOB_HERE, format!("nothing is beside {output}")).at_uri(output);
        let home_uri = uri.sibling(".tarquet").ok_or_else(no_home)?;
        let (stores, settings) = (cx.globals.store.own()?, cx.globals.store.of_output());
        let output = stores.open(&uri, &settings).await.map_err(Failure::from)?;
        let home = stores.open(&home_uri, &settings).await.map_err(Failure::from)?;
        Ok(Self { output, home, home_uri, stores, settings, now_ms: cx.clock.unix_ms() })
    }

    /// Every job that has objects here, with its status where it has a job object.
    async fn jobs(&self) -> Result<Vec<Known>, CliError> {
        let of_key = |key: &str| key.strip_prefix("jobs/")?.split('/').next()?.parse::<JobId>().ok();
        let mut ids = BTreeSet::new();
        let mut objects = list_all(self.home.as_ref(), "jobs/");
        while let Some(object) = objects.try_next().await.map_err(Failure::from)? {
            ids.extend(object.ok().and_then(|o| of_key(&o.key)));
        }
        let mut places: BTreeMap<JobId, Uri> =
            ids.into_iter().map(|id| (id.clone(), job_uri(&self.home_uri, &id))).collect();
        let found = claims::find(&self.stores, &self.settings, self.output.root(), &self.home_uri).await?;
        if let Some(claim) = found.map(|found| found.claim) {
            // A job whose objects are elsewhere is known by its claim alone.
            let at = claim
                .job_uri
                .map_or_else(|| Ok(job_uri(&self.home_uri, &claim.job)), |uri| Uri::parse_here(&uri));
            places.insert(claim.job, at.map_err(|e| Failure::from(StoreError::from(e)))?);
        }
        let mut jobs = Vec::new();
        for (id, uri) in places {
            let found = from_objects(&self.stores, &uri, &self.settings, None, self.now_ms).await?;
            let phase = found.map(|f| f.status.phase);
            let ended_ms = match phase.is_some_and(over) {
                true => self.last_written_ms(&uri).await?,
                false => None,
            };
            jobs.push(Known { id, phase, ended_ms });
        }
        Ok(jobs)
    }

    /// When the last object of a job that is over was written: its catalog, or its outcome.
    async fn last_written_ms(&self, job_uri: &Uri) -> Result<Option<u64>, CliError> {
        let store = self.stores.open(job_uri, &self.settings).await.map_err(Failure::from)?;
        let mut last = None;
        for name in [CATALOG, OUTCOME] {
            let head = store.head(name).await.map_err(Failure::from)?;
            last = last.max(head.map(|meta| meta.modified_ms));
        }
        Ok(last)
    }

    /// Objects in the prefixes of jobs that were cancelled or failed.
    async fn leftovers(&self, jobs: &[Known]) -> Result<Vec<Litter>, CliError> {
        let mut litter = Vec::new();
        for Known { id, phase, .. } in jobs {
            if !matches!(phase, Some(PhaseName::Cancelled | PhaseName::Failed)) {
                continue;
            }
            let prefix = format!("jobs/{id}/");
            let mut objects = list_all(self.home.as_ref(), &prefix);
            while let Some(object) = objects.try_next().await.map_err(Failure::from)? {
                let Ok(object) = object else { continue };
                let name = object.key.strip_prefix(&prefix).unwrap_or_default();
                if removable(name) {
                    litter.push(Litter::Object { key: object.key, bytes: object.size });
                }
            }
        }
        Ok(litter)
    }

    async fn remove(&self, litter: &[Litter]) -> Result<(), CliError> {
        for one in litter {
            match one {
                Litter::Upload { key, upload_id, .. } => self.output.abort_upload(key, upload_id).await,
                Litter::SideUpload { key, upload_id, .. } => self.home.abort_upload(key, upload_id).await,
                Litter::Object { key, .. } => self.home.delete(key).await,
            }
            .map_err(Failure::from)?;
        }
        let before = self.now_ms.saturating_sub(YOUNG_MS);
        self.home.remove_temporaries(before).await.map_err(Failure::from)?;
        Ok(())
    }
}

/// Uploads that no job will complete: none while a job of the output goes on, here or where its claim says. A job of the
/// release before whose prefix is elsewhere is not known here, so one that was begun after the last job had ended has to be old.
fn abandoned(uploads: Vec<UploadInfo>, jobs: &[Known], now_ms: u64) -> Vec<UploadInfo> {
    if jobs.iter().any(|job| !job.phase.is_some_and(over)) {
        return Vec::new();
    }
    let last_end = jobs.iter().filter_map(|job| job.ended_ms).max().unwrap_or(0);
    let gone = |u: &UploadInfo| u.begun_ms <= last_end || u.begun_ms.saturating_add(YOUNG_MS) < now_ms;
    uploads.into_iter().filter(gone).collect()
}

fn over(phase: PhaseName) -> bool {
    matches!(phase, PhaseName::Done | PhaseName::Cancelled | PhaseName::Failed)
}

/// What of a dead job's prefix is of no more use: everything but what says what it was and how it ended.
fn removable(name: &str) -> bool {
    !matches!(name, "job.json" | "outcome.json") && !name.starts_with("quarantine/")
}

fn tell(litter: &[Litter], cx: &Context) -> Result<(), CliError> {
    match cx.format() {
        Format::Json => return cx.answer_json(&litter),
        Format::Jsonl => return litter.iter().try_for_each(|l| cx.answer_json(l)),
        Format::Name | Format::Table if litter.is_empty() => return cx.answer("Nothing to remove."),
        Format::Name | Format::Table => {}
    }
    let mut table =
        Table::new(vec![("WHAT", Align::Left), ("KEY", Align::Left), ("AGE OR BYTES", Align::Right)], 1);
    for one in litter {
        match one {
            Litter::Upload { key, begun_ms, .. } | Litter::SideUpload { key, begun_ms, .. } => {
                let age = duration_ms(cx.clock.unix_ms().saturating_sub(*begun_ms));
                table.row(["upload".into(), key.clone(), age]);
            }
            Litter::Object { key, bytes } => table.row(["object".into(), key.clone(), count(*bytes)]),
        }
    }
    cx.answer(&table.render(cx.terminal.width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(begun_ms: u64) -> UploadInfo {
        UploadInfo { key: "part-00000.parquet".into(), upload_id: "u".into(), begun_ms }
    }

    #[test]
    fn without_a_known_job_only_old_uploads_go() {
        let now = 10 * YOUNG_MS;
        assert_eq!(abandoned(vec![upload(now - 1)], &[], now), []);
        assert_eq!(abandoned(vec![upload(1)], &[], now).len(), 1);
    }

    #[test]
    fn what_began_after_the_last_job_ended_is_another_s_while_it_is_young() {
        let end = 5 * YOUNG_MS;
        let job = Known { id: JobId::from_parts(1, 1), phase: Some(PhaseName::Done), ended_ms: Some(end) };
        assert_eq!(abandoned(vec![upload(end), upload(end + 1)], &[job], end + 10), [upload(end)]);
    }

    #[test]
    fn nothing_goes_while_a_job_cannot_be_read() {
        let unread = [Known { id: JobId::from_parts(1, 1), phase: None, ended_ms: None }];
        assert_eq!(abandoned(vec![upload(1)], &unread, 10 * YOUNG_MS), []);
    }

    #[test]
    fn how_a_job_ended_is_kept() {
        assert!(
            !removable("outcome.json")
                && !removable("job.json")
                && !removable("quarantine/convert/1.parquet")
        );
        assert!(removable("receipts/002/0000000001.0000000000.json") && removable("plans/002.json"));
    }
}
