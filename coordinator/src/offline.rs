//! What the objects of a job say of it, without a coordinator.

use crate::{
    ledger::{self, Ledger},
    rebuild::snapshot,
    stores::OpenStores,
};
use std::{error::Error, fs, io, path::Path};
use tarquet_common::{
    failure::Failure,
    store::{StoreSettings, Uri},
};
use tarquet_core::{
    Ask, Settings, State, handle,
    views::{JobStatus, ShardFilter, ShardLine, job_status, shards},
};

/// Name of the ledger's folder in a state directory.
const LEDGER: &str = "ledger";

/// A job as its objects tell it. Progress of attempts is not in them, nor is who worked on what.
#[derive(Clone, Debug)]
pub struct FromObjects {
    /// Its status.
    pub status: JobStatus,
    /// All its shards.
    pub shards: Vec<ShardLine>,
    /// The ledger that was at hand knows the job.
    pub in_ledger: bool,
}

/// Reads the objects under a job's prefix and folds them as a rebuild would, into a state that is thrown away. `None`
/// if there is no job object. Writes nothing.
///
/// `ledger` is the state directory of the coordinator that had the job, if it is at hand: what holds a job and which
/// shards failed is in no object. It is read from a copy, so that a coordinator at work is not disturbed.
pub async fn from_objects(
    stores: &dyn OpenStores,
    job_uri: &Uri,
    settings: &StoreSettings,
    ledger: Option<&Path>,
    unix_ms: u64,
) -> Result<Option<FromObjects>, Failure> {
    let Some(found) = snapshot(stores, job_uri, settings).await? else { return Ok(None) };
    let job = found.submit.job.clone();
    let kept = ledger.and_then(|dir| match copied(dir, unix_ms) {
        Ok(state) => state,
        Err(error) => {
            tracing::warn!(%error, ledger = %dir.display(), "the ledger does not read; only the objects are told");
            None
        }
    });
    let in_ledger = kept.as_ref().is_some_and(|state| state.job(&job).is_some());
    let mut state = kept.unwrap_or_else(|| State::new(Settings::default()));
    // What the core would have written and started is of no interest here: only what it knows is.
    handle(&mut state, &Ask::Start { unix_ms }, 0);
    handle(&mut state, &Ask::Adopt(Box::new(found)), 0);
    let status = job_status(&state, &job, 0);
    let lines = shards(&state, &job, ShardFilter::All, (0, 0), usize::MAX, 0).map(|page| page.shards);
    Ok(status.map(|status| FromObjects { status, shards: lines.unwrap_or_default(), in_ledger }))
}

/// What the ledger in a state directory says; `None` if there is none.
fn copied(state_dir: &Path, unix_ms: u64) -> Result<Option<State>, Box<dyn Error>> {
    if !state_dir.join(LEDGER).is_dir() {
        return Ok(None);
    }
    let copy = tempfile::tempdir()?;
    copy_files(&state_dir.join(LEDGER), &copy.path().join(LEDGER))?;
    let (mut opened, _) = ledger::open(copy.path(), unix_ms)?;
    Ok(Some(State::load(Settings::default(), opened.load()?)?))
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()? {
            kind if kind.is_dir() => copy_files(&entry.path(), &target)?,
            kind if kind.is_file() => drop(fs::copy(entry.path(), target)?),
            _ => {}
        }
    }
    Ok(())
}
