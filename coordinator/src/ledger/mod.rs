//! The coordinator's durable records on its own disk: fast, complete, and never the only truth.
//!
//! A **ledger** maps keys to values and takes **batches** of changes. What it promises: when
//! [`commit`](Ledger::commit) returns, the whole batch survives the death of the process and the loss of power, and
//! a batch of which it did not return is there whole or not at all. What it does not: that a disk keeps what it was
//! given. A ledger found damaged is moved aside, and what it held is read back from the objects of the jobs.

mod aside;
mod memory;
mod reserve;
mod sled;

pub use self::sled::{Opened, SledLedger, open, replace};
pub use memory::MemoryLedger;

use std::io;

/// One key as it is from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Ordered bytewise.
    pub key: Vec<u8>,
    /// `None` removes the key.
    pub value: Option<Vec<u8>>,
}

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Keeps rows.
pub trait Ledger: Send + 'static {
    /// Whether calls wait for a disk, and so belong on a thread that may block.
    fn blocks(&self) -> bool;

    /// All rows, in the order of their keys.
    fn load(&mut self) -> Result<Vec<Row>, LedgerError>;

    /// Makes a batch durable, as one. After an error nothing more may be committed: what the disk holds is not known.
    fn commit(&mut self, batch: &[Change]) -> Result<(), LedgerError>;
}

/// Why a ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The directory is held by another process.
    #[error("the ledger {dir} is in use by another coordinator")]
    InUse {
        /// The directory.
        dir: String,
    },
    /// The database is damaged, as far as it can tell.
    #[error("the ledger {dir} is damaged: {detail}")]
    Damaged {
        /// The directory.
        dir: String,
        /// In the database's words.
        detail: String,
    },
    /// The operating system failed.
    #[error("cannot {operation} the ledger {dir}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The directory.
        dir: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

#[cfg(test)]
mod tests;
