//! The ledger on disk. The one door of `sled`.
//!
//! What the database does not do by itself, and is done here:
//!
//! - Its `flush` is not safe against power loss on Linux, so each commit ends with `sync_data` on its file.
//! - A partial snapshot keeps it shut: a copy without snapshots is tried.
//! - A flipped bit may make it panic: opening and reading are fenced.
//! - On a full disk it cannot be opened: a reserve is given back first.
//! - A flipped bit may also make it open at an older state without a word. That cannot be seen here; the coordinator
//!   compares every unfinished job with its objects at each start.

use super::{
    Change, Ledger, LedgerError, Row,
    aside::{copy_without_snapshots, has_snapshots, move_aside, sync_parent},
    reserve,
};
use ::sled::{Batch, Config, Db, Error, transaction::TransactionError};
use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// The database's own cache; its default is 1 GiB.
const CACHE_BYTES: u64 = 64 << 20;
/// Values from here on go to files of their own, whose directory entry must be made durable as well.
const BLOB_BYTES: usize = 128 << 10;
/// How often to try a lock that a database just closed may still hold.
const LOCK_TRIES: u32 = 50;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// A ledger on disk.
#[derive(Debug)]
pub struct SledLedger {
    dir: PathBuf,
    db: Db,
    file: File,
}

/// What opening found.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// A ledger that was whole.
    Whole,
    /// No ledger: a new one.
    New,
    /// One whose snapshots were broken; nothing is lost. The original was moved there.
    WithoutSnapshots(PathBuf),
    /// One that was beyond repair, moved there; a new one in its place.
    Replaced(PathBuf),
}

/// Opens the ledger `<state_dir>/ledger`, repairing or replacing it where it is damaged. `unix_ms` names what is moved
/// aside.
pub fn open(state_dir: &Path, unix_ms: u64) -> Result<(SledLedger, Opened), LedgerError> {
    let dir = state_dir.join("ledger");
    let io = |operation| {
        let dir = dir.display().to_string();
        move |source| LedgerError::Io { operation, dir, source }
    };
    fs::create_dir_all(state_dir).map_err(io("create"))?;
    let found = if dir.exists() { Opened::Whole } else { Opened::New };
    let result = match open_whole(&dir) {
        Err(LedgerError::Io { source, .. }) if is_full(&source) && reserve::release(state_dir) => {
            tracing::warn!("the disk is full; the ledger's reserve was given back");
            open_whole(&dir)
        }
        other => other,
    };
    let opened = match result {
        Ok(ledger) => (ledger, found),
        Err(LedgerError::Damaged { detail, .. }) => {
            tracing::error!(dir = %dir.display(), detail, "the ledger is damaged");
            match without_snapshots(&dir, unix_ms).map_err(io("copy"))? {
                Some(aside) => (open_whole(&dir)?, Opened::WithoutSnapshots(aside)),
                None => {
                    let aside = move_aside(&dir, "corrupt", unix_ms).map_err(io("move aside"))?;
                    (open_whole(&dir)?, Opened::Replaced(aside))
                }
            }
        }
        Err(other) => return Err(other),
    };
    if let Err(error) = reserve::keep(state_dir) {
        tracing::warn!(%error, "no space for the ledger's reserve");
    }
    sync_parent(&dir).map_err(io("open"))?;
    Ok(opened)
}

/// Moves the ledger aside, because its rows do not read, and opens a new one in its place.
pub fn replace(state_dir: &Path, unix_ms: u64) -> Result<(SledLedger, Opened), LedgerError> {
    let dir = state_dir.join("ledger");
    let aside = move_aside(&dir, "corrupt", unix_ms).map_err(|source| LedgerError::Io {
        operation: "move aside",
        dir: name(&dir),
        source,
    })?;
    Ok((open_whole(&dir)?, Opened::Replaced(aside)))
}

/// Tries a copy without snapshots; if that is whole, it takes the place of the original.
fn without_snapshots(dir: &Path, unix_ms: u64) -> io::Result<Option<PathBuf>> {
    if !has_snapshots(dir) {
        return Ok(None);
    }
    let copy = dir.with_file_name("ledger.copy");
    if copy.exists() {
        move_aside(&copy, "old", unix_ms)?;
    }
    copy_without_snapshots(dir, &copy)?;
    if let Err(error) = open_whole(&copy) {
        tracing::warn!(%error, "the copy without snapshots is damaged too");
        move_aside(&copy, "corrupt", unix_ms)?;
        return Ok(None);
    }
    let aside = move_aside(dir, "corrupt", unix_ms)?;
    fs::rename(&copy, dir)?;
    Ok(Some(aside))
}

/// Opens and reads every row once: a database that opens but cannot be read is damaged.
fn open_whole(dir: &Path) -> Result<SledLedger, LedgerError> {
    let mut ledger = SledLedger::open(dir)?;
    ledger.load()?;
    Ok(ledger)
}

impl SledLedger {
    fn open(dir: &Path) -> Result<Self, LedgerError> {
        let mut tries = 0;
        let db = loop {
            // The database flushes in the background as well; that is not what makes a commit durable.
            let config = Config::new().path(dir).cache_capacity(CACHE_BYTES);
            match fenced(dir, "open", || config.open()) {
                Err(LedgerError::InUse { .. }) if tries < LOCK_TRIES => {
                    tries += 1;
                    thread::sleep(LOCK_WAIT);
                }
                other => break other?,
            }
        };
        let file = File::open(dir.join("db"));
        let file = file.map_err(|source| LedgerError::Io { operation: "open", dir: name(dir), source })?;
        Ok(Self { dir: dir.to_owned(), db, file })
    }

    fn sync(&self, blobs: bool) -> io::Result<()> {
        self.file.sync_data()?;
        if blobs {
            File::open(self.dir.join("blobs"))?.sync_all()?;
        }
        Ok(())
    }
}

impl Ledger for SledLedger {
    fn blocks(&self) -> bool {
        true
    }

    fn load(&mut self) -> Result<Vec<Row>, LedgerError> {
        let db = self.db.clone();
        fenced(&self.dir, "read", || {
            db.iter().map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
        })
    }

    fn commit(&mut self, batch: &[Change]) -> Result<(), LedgerError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut writes = Batch::default();
        let mut blobs = false;
        for Change { key, value } in batch {
            match value {
                Some(value) => {
                    blobs |= value.len() >= BLOB_BYTES;
                    writes.insert(key.as_slice(), value.as_slice());
                }
                None => writes.remove(key.as_slice()),
            }
        }
        let db = self.db.clone();
        fenced(&self.dir, "write", || {
            db.transaction(|tree| {
                Ok::<_, ::sled::transaction::ConflictableTransactionError<()>>(tree.apply_batch(&writes)?)
            })
            .map_err(|error| match error {
                TransactionError::Storage(error) => error,
                TransactionError::Abort(()) => unreachable!("the transaction never aborts"),
            })?;
            db.flush()
        })?;
        self.sync(blobs).map_err(|source| LedgerError::Io { operation: "sync", dir: name(&self.dir), source })
    }
}

/// Calls the database so that its panics end here.
fn fenced<T>(
    dir: &Path,
    operation: &'static str,
    call: impl FnOnce() -> Result<T, Error>,
) -> Result<T, LedgerError> {
    let damaged = |detail: String| LedgerError::Damaged { dir: name(dir), detail };
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Error::Io(source))) if source.to_string().contains("could not acquire lock") => {
            Err(LedgerError::InUse { dir: name(dir) })
        }
        Ok(Err(Error::Io(source))) if source.kind() == io::ErrorKind::UnexpectedEof => {
            Err(damaged(source.to_string()))
        }
        Ok(Err(Error::Io(source))) => Err(LedgerError::Io { operation, dir: name(dir), source }),
        Ok(Err(other)) => Err(damaged(other.to_string())),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            Err(damaged(said.unwrap_or_else(|| "the database panicked".to_owned())))
        }
    }
}

fn name(dir: &Path) -> String {
    dir.display().to_string()
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
