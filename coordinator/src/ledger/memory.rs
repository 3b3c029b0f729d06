//! A ledger that lives as long as whoever holds it: for tests, and for looking at a job without a state directory.

use super::{Change, Ledger, LedgerError, Row};
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// Rows in memory. Clones share them, as processes that open the same directory one after the other would.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger {
    rows: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
    full: Arc<AtomicBool>,
}

impl MemoryLedger {
    /// From now on the disk is full: commits fail and change nothing.
    pub fn fill(&self) {
        self.full.store(true, Relaxed);
    }
}

impl Ledger for MemoryLedger {
    fn blocks(&self) -> bool {
        false
    }

    fn load(&mut self) -> Result<Vec<Row>, LedgerError> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    fn commit(&mut self, batch: &[Change]) -> Result<(), LedgerError> {
        if self.full.load(Relaxed) {
            let source = io::ErrorKind::StorageFull.into();
            return Err(LedgerError::Io { operation: "write", dir: "memory".to_owned(), source });
        }
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for change in batch {
            match &change.value {
                Some(value) => rows.insert(change.key.clone(), value.clone()),
                None => rows.remove(&change.key),
            };
        }
        Ok(())
    }
}
